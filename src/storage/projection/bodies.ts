import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crcPrefix, decodeLine, type JournalRecord } from '../journal/record.ts';
import type { Marks, Window } from './marks.ts';

/** The longest stretch of a segment that is read for one mark, bytes; a segment is 8 MiB and a record on top of it. */
const longestWindow = 32 * 1024 * 1024;
/** What is read at once where no mark says how far to read. */
const step = 64 * 1024;
const newline = 10;

/** What reading records gave. */
export interface RecordsRead {
  readonly records: ReadonlyMap<number, JournalRecord>;
  /** Records that are damaged or gone. */
  readonly missing: number;
}

/**
 * Reads single records out of the journal's segments. Each line's checksum is verified; what is damaged, gone or cannot be
 * read is left out and counted. Never throws.
 *
 * The calls are synchronous: this runs in the worker's thread only, which has nothing else to do meanwhile, and 100 windows take 0.4 ms
 * (measured; 6 to 12 ms through node:fs/promises).
 */
export class RecordReader {
  readonly #folder: string;
  #buffer = Buffer.allocUnsafe(step);

  /** @param folder absolute path of the folder with the segments. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param wanted numbers of records, in any order. Synchronous, so it is for the worker's thread only. */
  read(wanted: Iterable<number>, marks: Marks): RecordsRead {
    const records = new Map<number, JournalRecord>();
    const files = new OpenSegments(this.#folder);
    let missing = 0;
    try {
      const numbers = [...new Set(wanted)].sort((a, b) => a - b);
      for (let at = 0; at < numbers.length; ) {
        const first = numbers[at] ?? 0;
        const window = marks.window(first);
        // A mark of its own may lie anywhere above; all that are below the next mark share this window.
        let end = at + 1;
        while (end < numbers.length && window !== undefined && (numbers[end] ?? Infinity) < window.belowQ) end++;
        const group = numbers.slice(at, end);
        at = end;
        if (window !== undefined) this.#find(group, window, files, records);
        for (const q of group) {
          if (records.has(q)) continue;
          const second = window === undefined ? undefined : marks.secondWindow(q, window.segment);
          if (second !== undefined) this.#find([q], second, files, records);
          if (!records.has(q)) missing++;
        }
      }
    } finally {
      files.close();
    }
    return { records, missing };
  }

  #find(wanted: readonly number[], window: Window, files: OpenSegments, found: Map<number, JournalRecord>): void {
    const file = files.open(window.segment);
    if (file === undefined) return;
    const end = Math.min(window.until ?? file.size, file.size, window.offset + longestWindow);
    // Without a next mark the window may reach far; then it grows until all is found.
    for (let length = Math.min(end - window.offset, window.until === undefined ? step : longestWindow); length > 0; length = Math.min(end - window.offset, length * 4)) {
      const bytes = this.#bytes(file.fd, window.offset, length);
      if (bytes === undefined) return;
      for (const q of wanted) {
        if (found.has(q)) continue;
        const record = recordIn(bytes, q);
        if (record !== undefined) found.set(q, record);
      }
      if (bytes.length < length || window.offset + length >= end || wanted.every((q) => found.has(q))) return;
    }
  }

  #bytes(fd: number, offset: number, length: number): Buffer | undefined {
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafe(length);
    try {
      let filled = 0;
      while (filled < length) {
        const read = readSync(fd, this.#buffer, filled, length - filled, offset + filled);
        if (read === 0) break;
        filled += read;
      }
      const bytes = this.#buffer.subarray(0, filled);
      // One large record must not keep its memory.
      if (this.#buffer.length > 16 * step) this.#buffer = Buffer.allocUnsafe(step);
      return bytes;
    } catch {
      return undefined;
    }
  }
}

/** The segments of one call; none stays open, so that compaction can delete them on any system. */
class OpenSegments {
  readonly #folder: string;
  readonly #open = new Map<string, { readonly fd: number; readonly size: number } | undefined>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  open(name: string): { readonly fd: number; readonly size: number } | undefined {
    if (this.#open.has(name)) return this.#open.get(name);
    let file: { readonly fd: number; readonly size: number } | undefined;
    try {
      const fd = openSync(join(this.#folder, name), 'r');
      file = { fd, size: fstatSync(fd).size };
    } catch {
      file = undefined;
    }
    this.#open.set(name, file);
    return file;
  }

  close(): void {
    for (const file of this.#open.values()) if (file !== undefined) closeSync(file.fd);
    this.#open.clear();
  }
}

/** The record with this number among the lines of `bytes`, if it is there and whole. */
function recordIn(bytes: Buffer, q: number): JournalRecord | undefined {
  const start = `{"q":${q},`;
  for (let json = bytes.indexOf(start); json >= 0; json = bytes.indexOf(start, json + start.length)) {
    const line = json - crcPrefix;
    const end = bytes.indexOf(newline, json);
    if (line < 0) continue;
    // The same characters may be part of another record's data, but then no checksum fits.
    const record = decodeLine(bytes.subarray(line, end < 0 ? bytes.length : end)) ?? glued(bytes, line, json);
    if (record?.q === q) return record;
  }
  return undefined;
}

/** A damaged line feed glues a line to the next one. */
function glued(bytes: Buffer, line: number, json: number): JournalRecord | undefined {
  const next = bytes.indexOf(' {"q":', json);
  return next < 0 ? undefined : decodeLine(bytes.subarray(line, next - crcPrefix));
}
