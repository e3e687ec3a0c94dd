const bits = 1 << 20;

/**
 * Tells for most ids that were never added that they were not, without a look into the database: one bit for each of two sums of an id, 128 KiB altogether.
 * With 100,000 ids it errs on three in a hundred others.
 */
export class IdFilter {
  readonly #bits = new Uint8Array(bits / 8);

  add(id: string): void {
    const [a, b] = sumsOf(id);
    this.#set(a);
    this.#set(b);
  }

  /** False: certainly not. */
  mayHave(id: string): boolean {
    const [a, b] = sumsOf(id);
    return this.#has(a) && this.#has(b);
  }

  #set(sum: number): void {
    this.#bits[sum >> 3] = (this.#bits[sum >> 3] ?? 0) | (1 << (sum & 7));
  }

  #has(sum: number): boolean {
    return ((this.#bits[sum >> 3] ?? 0) & (1 << (sum & 7))) !== 0;
  }
}

/** FNV-1a, and the same mixed once more. */
function sumsOf(id: string): readonly [number, number] {
  let sum = 0x811c9dc5;
  for (let at = 0; at < id.length; at++) sum = Math.imul(sum ^ id.charCodeAt(at), 0x01000193);
  const other = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d);
  return [(sum ^ (sum >>> 20)) & (bits - 1), (other ^ (other >>> 12)) & (bits - 1)];
}
