import type { SqlValue } from 'sql.js';
import { numberOf, type Statements } from './statements.ts';

/** History line `seq` of a session is in record `q`. */
export type Pair = readonly [seq: number, q: number];

/** How many lines a row holds at most: it is written again for each batch that adds to it. */
const longestRun = 256;
/** Sessions whose last run stays in memory. */
const capacity = 2_048;

/** The last run of a session, as its row has it: the one to which lines are added. */
interface Tail {
  first: number;
  last: number;
  lastQ: number;
  count: number;
  bytes: number[];
}

const lastRun = 'SELECT first_seq, count, pairs FROM runs WHERE sno = ? ORDER BY first_seq DESC LIMIT 1';
const runsFrom = `SELECT first_seq, pairs FROM runs
  WHERE sno = ?1 AND first_seq >= coalesce((SELECT max(first_seq) FROM runs WHERE sno = ?1 AND first_seq <= ?2), 0) ORDER BY first_seq`;
const write = 'INSERT OR REPLACE INTO runs (sno, first_seq, count, pairs) VALUES (?, ?, ?, ?)';

/**
 * Which record holds which line of history: many lines to a row, as differences (see `appendPair`), which takes a fifth of the room and of the time
 * of a row for each. Lines are gathered and written once per batch. The rows of one session never overlap.
 */
export class Runs {
  readonly #sql: Statements;
  /** Of sessions whose lines come now; the one that was used first is let go first. */
  readonly #tails = new Map<number, Tail>();
  /** Lines that are not written yet, in the order in which they came: seq, q, seq, q, …. */
  readonly #fresh = new Map<number, number[]>();
  /** How many of them there were before this batch, and what it forgot: to undo it. */
  readonly #before = new Map<number, number>();
  readonly #forgotten: [sno: number, fresh: number[]][] = [];
  #count: number | undefined;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** How many lines there are. One that takes the place of another counts twice until it is written. */
  get count(): number {
    this.#count ??= numberOf(this.#sql.first('SELECT sum(count) FROM runs')?.[0]);
    let fresh = 0;
    for (const lines of this.#fresh.values()) fresh += lines.length / 2;
    return this.#count + fresh;
  }

  /** A session that has no lines yet: spares a look for them. */
  begin(sno: number): void {
    this.#tails.set(sno, emptyTail());
  }

  /** A later line with the same number takes the place of the earlier one. */
  add(sno: number, seq: number, q: number): void {
    let fresh = this.#fresh.get(sno);
    if (fresh === undefined) this.#fresh.set(sno, (fresh = []));
    if (!this.#before.has(sno)) this.#before.set(sno, fresh.length);
    fresh.push(seq, q);
  }

  /** Writes what was added, within the caller's transaction. */
  write(): void {
    for (const [sno, fresh] of this.#fresh) {
      const tail = this.#tail(sno);
      if (isAscending(fresh, tail.last)) this.#append(sno, tail, fresh);
      else this.#merge(sno, fresh);
    }
  }

  /** The transaction has ended well. @param written all that was added is in the rows. */
  committed(written: boolean): void {
    this.#before.clear();
    this.#forgotten.length = 0;
    if (!written) return;
    this.#fresh.clear();
    for (const sno of this.#tails.keys()) {
      if (this.#tails.size <= capacity) break;
      this.#tails.delete(sno);
    }
  }

  /** Only what was added before this batch is still to be written. */
  rollback(): void {
    for (const [sno, fresh] of this.#forgotten) this.#fresh.set(sno, fresh);
    for (const [sno, length] of this.#before) {
      const fresh = this.#fresh.get(sno);
      if (length === 0 || fresh === undefined) this.#fresh.delete(sno);
      else fresh.length = length;
    }
    this.#before.clear();
    this.#forgotten.length = 0;
    this.#tails.clear();
    this.#count = undefined;
  }

  /** Lines above `afterSeq`, oldest first. */
  after(sno: number, afterSeq: number, limit: number): readonly Pair[] {
    const found: Pair[] = [];
    this.#sql.each(runsFrom, [sno, afterSeq + 1], ([first, pairs]) => {
      for (const pair of decodePairs(numberOf(first), pairs)) if (pair[0] > afterSeq && found.length < limit) found.push(pair);
      return found.length < limit;
    });
    return found;
  }

  /** Forgets all lines of a session. */
  forget(sno: number): void {
    const fresh = this.#fresh.get(sno);
    if (fresh !== undefined) this.#forgotten.push([sno, fresh]);
    this.#fresh.delete(sno);
    this.#rewrite(sno, 0, []);
  }

  /** Forgets the lines up to this number. */
  dropThrough(sno: number, throughSeq: number): void {
    this.#rewrite(sno, 0, this.after(sno, throughSeq, Infinity));
  }

  #append(sno: number, tail: Tail, fresh: readonly number[]): void {
    for (let at = 0; at < fresh.length; at += 2) {
      const seq = fresh[at] ?? 0;
      if (tail.count === longestRun) {
        this.#put(sno, tail);
        Object.assign(tail, emptyTail());
      }
      appendPair(tail, seq, fresh[at + 1] ?? 0);
    }
    this.#put(sno, tail);
    if (this.#count !== undefined) this.#count += fresh.length / 2;
  }

  /** Lines that stand in for earlier ones, or come before them. */
  #merge(sno: number, fresh: readonly number[]): void {
    let lowest = Infinity;
    for (let at = 0; at < fresh.length; at += 2) lowest = Math.min(lowest, fresh[at] ?? 0);
    const from = numberOf(this.#sql.first('SELECT max(first_seq) FROM runs WHERE sno = ? AND first_seq <= ?', [sno, lowest])?.[0]);
    const merged = new Map<number, number>(this.after(sno, from - 1, Infinity));
    for (let at = 0; at < fresh.length; at += 2) merged.set(fresh[at] ?? 0, fresh[at + 1] ?? 0);
    this.#rewrite(sno, from, [...merged].sort((a, b) => a[0] - b[0]));
  }

  /** Puts these lines, in order, in the place of all rows from `from` on. */
  #rewrite(sno: number, from: number, pairs: readonly Pair[]): void {
    this.#sql.run('DELETE FROM runs WHERE sno = ? AND first_seq >= ?', [sno, from]);
    this.#tails.delete(sno);
    this.#count = undefined;
    if (pairs.length === 0) return;
    const tail = this.#tail(sno, true);
    this.#append(sno, tail, pairs.flat());
    this.#count = undefined;
  }

  #put(sno: number, { first, count, bytes }: Tail): void {
    this.#sql.run(write, [sno, first, count, Uint8Array.from(bytes)]);
  }

  #tail(sno: number, empty = false): Tail {
    const known = this.#tails.get(sno);
    if (known !== undefined) return known;
    const row = empty ? undefined : this.#sql.first(lastRun, [sno]);
    const tail = row === undefined ? emptyTail() : tailOf(row);
    this.#tails.set(sno, tail);
    return tail;
  }
}

/** The lines of a row. What is cut off or no blob ends early: images are verified before they are used. */
export function decodePairs(first: number, pairs: SqlValue | undefined): Pair[] {
  const found: Pair[] = [];
  if (!(pairs instanceof Uint8Array)) return found;
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let scale = 1; at < pairs.length; scale *= 128) {
      const byte = pairs[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  };
  let seq = first;
  let q = 0;
  while (at < pairs.length) {
    seq += next();
    const step = next();
    q += step % 2 === 0 ? step / 2 : -(step + 1) / 2;
    found.push([seq, q]);
  }
  return found;
}

function emptyTail(): Tail {
  return { first: 0, last: 0, lastQ: 0, count: 0, bytes: [] };
}

function tailOf([column, count, pairs]: readonly SqlValue[]): Tail {
  const first = numberOf(column);
  const [last = first, lastQ = 0] = decodePairs(first, pairs).at(-1) ?? [];
  return { first, last, lastQ, count: numberOf(count), bytes: pairs instanceof Uint8Array ? [...pairs] : [] };
}

/**
 * Two numbers for each line: how far `seq` is from the one before (the first from `first_seq`), and the same for `q` (the first from 0), with its sign
 * in the lowest bit: 2d, or -2d-1 below zero (a q has at most 15 digits, so twice as much is still exact). Seven bits to a byte, the lowest first; the high bit says that more follow.
 */
function appendPair(tail: Tail, seq: number, q: number): void {
  if (tail.count === 0) tail.first = seq;
  appendNumber(tail.bytes, tail.count === 0 ? 0 : seq - tail.last);
  const step = q - tail.lastQ;
  appendNumber(tail.bytes, step >= 0 ? step * 2 : -step * 2 - 1);
  tail.last = seq;
  tail.lastQ = q;
  tail.count++;
}

/** Numbers may be larger than what bit operators take. */
function appendNumber(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 128) + 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

function isAscending(fresh: readonly number[], last: number): boolean {
  let before = last;
  for (let at = 0; at < fresh.length; at += 2) {
    const seq = fresh[at] ?? 0;
    if (seq <= before) return false;
    before = seq;
  }
  return true;
}
