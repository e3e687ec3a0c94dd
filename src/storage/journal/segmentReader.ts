import { open, type FileHandle } from 'node:fs/promises';
import { codeOf } from '../storageFiles.ts';
import { parseLine, type JournalRecord, type SegmentHead } from './record.ts';
import { scanLines } from './segmentLines.ts';

/** A record and where its line stands, in bytes; `length` counts the line feed. */
export interface PlacedRecord {
  readonly record: JournalRecord;
  readonly offset: number;
  readonly length: number;
}

interface Progress {
  /** Where to go on: behind the last line feed that was reached. */
  readonly nextOffset: number;
  /** Damaged lines: what they held is lost. */
  readonly badLines: number;
  /** Bytes behind the last line feed of the file; a line that is being written, or the torn tail of one that never was. 0 if `more`. */
  readonly torn: number;
  /** The call's bound was reached before the end of the file. */
  readonly more: boolean;
  /** There is no such file. */
  readonly missing: boolean;
}

export interface SegmentPart extends Progress {
  readonly records: readonly PlacedRecord[];
  /** The first line of the segment, if the reading began at 0 and it is undamaged. */
  readonly head?: SegmentHead;
  /** The q of undamaged lines of a kind that this version does not know; not in `badLines`, and no gaps. */
  readonly unknownKinds: readonly number[];
}

export interface ScanPart extends Progress {
  readonly lines: number;
}

export interface ReadOptions {
  /** Ends the call after the chunk that reaches so many bytes; a longer line is read whole. */
  readonly maxBytes?: number;
  /** Lines with a lower q are checked but not parsed, and left out. */
  readonly fromQ?: number;
  /** Ends the call behind the line with this q. */
  readonly toQ?: number;
}

/** A line whose CRC fits; `bytes[start, start + length)` is the line, line feed included, valid only during the call. */
export type ScanVisitor = (q: number, offset: number, length: number, bytes: Buffer, start: number) => void;

const defaultMaxBytes = 1 << 20;

/**
 * Reads one segment, also while it grows. Damage never throws: it is counted. Other errors of the system than a missing
 * file do. One call at a time; `close` lets the file go, and the next call opens it anew.
 */
export class SegmentReader {
  readonly #path: string;
  readonly #chunkBytes: number;
  #handle: FileHandle | undefined;

  constructor(path: string, chunkBytes = 256 * 1024) {
    this.#path = path;
    this.#chunkBytes = chunkBytes;
  }

  /** Records from the line that begins at `offset` on. */
  async readFrom(offset: number, options: ReadOptions = {}): Promise<SegmentPart> {
    const { fromQ = 0, toQ = Infinity } = options;
    const records: PlacedRecord[] = [];
    const unknownKinds: number[] = [];
    let head: SegmentHead | undefined;
    let unreadable = 0;
    const progress = await this.#scan(offset, options.maxBytes, (q, at, length, bytes, start, end) => {
      if ((q >= fromQ && q <= toQ) || q === 0) {
        const line = parseLine(bytes, start, end);
        if (line === undefined || (line.is === 'head' && at !== 0)) unreadable++;
        else if (line.is === 'head') head = line.head;
        else if (line.is === 'unknown') unknownKinds.push(q);
        else records.push({ record: line.record, offset: at, length });
      }
      return q < toQ;
    });
    const result = { ...progress, badLines: progress.badLines + unreadable, records, unknownKinds };
    return head === undefined ? result : { ...result, head };
  }

  /** As `readFrom`, but only checks the CRC of each line and tells its q: many times as fast. The header (q 0) is told, too. */
  async scanFrom(offset: number, visit: ScanVisitor, options: Pick<ReadOptions, 'maxBytes'> = {}): Promise<ScanPart> {
    let lines = 0;
    const progress = await this.#scan(offset, options.maxBytes, (q, at, length, bytes, start) => {
      lines++;
      visit(q, at, length, bytes, start);
      return true;
    });
    return { ...progress, lines };
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #scan(
    offset: number,
    maxBytes = defaultMaxBytes,
    visit: (q: number, offset: number, length: number, bytes: Buffer, start: number, end: number) => boolean,
  ): Promise<Progress> {
    let badLines = 0;
    let stopped = false;
    /** Where `bytes` begins in the file. */
    let base = offset;
    const visitor = {
      line: (bytes: Buffer, start: number, end: number, q: number): boolean => {
        stopped ||= !visit(q, base + start, end - start + 1, bytes, start, end);
        return !stopped;
      },
      bad: (): void => void badLines++,
    };
    const handle = await this.#open();
    if (handle === undefined) return { nextOffset: offset, badLines, torn: 0, more: false, missing: true };
    // Each call has a buffer of its own: nothing of an earlier one changes under its reader.
    let buffer = Buffer.allocUnsafe(this.#chunkBytes);
    /** Bytes of `buffer` in use: the beginning of a line that has not ended yet. */
    let held = 0;
    for (;;) {
      if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const { bytesRead } = await handle.read(buffer, held, buffer.length - held, base + held);
      if (bytesRead === 0) return { nextOffset: base, badLines, torn: held, more: false, missing: false };
      // Only what is new can hold the line feed, if what is held holds none.
      const ends = buffer.subarray(held, held + bytesRead).includes(0x0a);
      held += bytesRead;
      if (!ends) continue;
      const done = scanLines(buffer.subarray(0, held), visitor);
      buffer.copyWithin(0, done, held);
      base += done;
      held -= done;
      if (stopped || base - offset >= maxBytes) return { nextOffset: base, badLines, torn: 0, more: true, missing: false };
    }
  }

  async #open(): Promise<FileHandle | undefined> {
    try {
      this.#handle ??= await open(this.#path, 'r');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    return this.#handle;
  }
}
