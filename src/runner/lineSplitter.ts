/** What came out of a stream of lines. */
export type Line = { readonly type: 'line'; readonly text: string } | { readonly type: 'tooLong'; readonly bytes: number };

/** Cuts bytes into lines. A line beyond `maxBytes` is dropped to its end and told once. */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a line has begun and not ended. */
  get hasRest(): boolean {
    return this.#bytes > 0;
  }

  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    for (let start = 0; start < chunk.length; ) {
      const feed = chunk.indexOf(0x0a, start);
      this.#add(chunk.subarray(start, feed < 0 ? chunk.length : feed));
      if (feed < 0) break;
      lines.push(this.takeRest());
      start = feed + 1;
    }
    return lines;
  }

  /** What has come of the last line, and forgets it. */
  takeRest(): Line {
    const line: Line =
      this.#bytes > this.#maxBytes
        ? { type: 'tooLong', bytes: this.#bytes }
        : { type: 'line', text: Buffer.concat(this.#parts).toString('utf8') };
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }

  #add(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    // Copied: the chunk's memory is used again for the next read.
    else if (part.length > 0) this.#parts.push(Buffer.from(part));
  }
}
