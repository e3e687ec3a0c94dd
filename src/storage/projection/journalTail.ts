import type { SegmentHead } from '../journal/record.ts';
import { SegmentReader } from '../journal/segmentReader.ts';
import type { StorageFiles } from '../storageFiles.ts';
import { noSurvey, surveySegments, type Segment, type Survey } from '../worker/segmentSurvey.ts';
import type { JournalEntry, Projection } from './projection.ts';
import { withRescuedCopies } from './rescuedCopies.ts';

/** Bytes that one call reads: some 500 records, which take some 4 ms to apply. What was parsed in it is garbage before it grows old. */
const sliceBytes = 256 * 1024;

/** Records to be applied together. */
export interface TailBatch {
  readonly segment: Segment;
  readonly entries: readonly JournalEntry[];
  /** Numbers of undamaged lines whose kind this version does not know. */
  readonly unknownKinds: readonly number[];
  readonly badLines: number;
  /** Bytes of the segment that were passed. */
  readonly bytes: number;
  /** Where reading goes on in it. */
  readonly end: number;
  readonly head?: SegmentHead;
}

/**
 * - `same`, `grown`: go on.
 * - `rebased`: another process compacted the journal, or files vanished; what the projection points to may be gone.
 * - `void`: a record was applied that does not count, because a later segment begins with its number.
 * After the last two the registry must be opened anew.
 */
export type Look = 'same' | 'grown' | 'rebased' | 'void';

/**
 * Reads the journal forward, segment by segment, while it grows and is compacted: the one way from the files to the projection.
 * Calls must not overlap. Never writes.
 */
export class JournalTail {
  readonly #folder: string;
  readonly #files: StorageFiles;
  #survey: Survey = noSurvey;
  #index = 0;
  #offset = 0;
  #expected = 0;
  #reader: SegmentReader | undefined;

  /** @param folder the folder `journal`; it need not be there. */
  constructor(folder: string, files: StorageFiles) {
    this.#folder = folder;
    this.#files = files;
  }

  get survey(): Survey {
    return this.#survey;
  }

  /** The segment that is being read; `undefined`: there is none. */
  get current(): Segment | undefined {
    return this.#survey.segments[this.#index];
  }

  /** Looks which segments there are. @param lastQ what was applied. @throws the system's error. */
  async look(lastQ: number): Promise<Look> {
    const before = this.#survey;
    const after = await surveySegments(this.#folder, this.#files, before);
    const known = new Set(before.segments.map(({ name }) => name));
    const current = this.current?.name;
    const index = after.segments.findIndex(({ name }) => name === current);
    if ((before.upTo !== after.upTo && after.upTo !== this.#expected) || (current !== undefined && index < 0)) return 'rebased';
    if (before !== noSurvey && after.segments.some(({ name, kind, first }) => kind === 'live' && !known.has(name) && first <= lastQ)) return 'void';
    const grown = after.segments.length > before.segments.length;
    this.#survey = after;
    this.#index = Math.max(0, index);
    return grown ? 'grown' : 'same';
  }

  /** Reads the folder for the first time. */
  async begin(): Promise<Survey> {
    this.#survey = await surveySegments(this.#folder, this.#files);
    this.#index = 0;
    this.#offset = 0;
    return this.#survey;
  }

  /** Goes behind the newest record that a snapshot holds. */
  async seek(projection: Projection): Promise<void> {
    await this.close();
    const { segments } = this.#survey;
    const known = segments.findIndex(({ name }) => name === projection.readTo?.segment);
    if (known >= 0) {
      this.#index = known;
      this.#offset = projection.readTo?.offset ?? 0;
      return;
    }
    const window = projection.marks.window(projection.lastQ);
    const marked = window === undefined ? -1 : segments.findIndex(({ name }) => name === window.segment);
    if (window === undefined || marked < 0) {
      // Nothing is known, or all that is known was before the journal that is left.
      const { upTo } = this.#survey;
      this.#index = projection.lastQ >= upTo && upTo > 0 ? segments.filter(({ kind }) => kind === 'base').length : 0;
      this.#offset = 0;
      return;
    }
    this.#index = marked;
    this.#offset = window.offset;
    const reader = this.#readerOf(segments[marked] as Segment);
    let passed = false;
    for (let more = true, from = window.offset; more && !passed; ) {
      const part = await reader.scanFrom(
        from,
        (q, offset, length) => {
          if (q > projection.lastQ) passed = true;
          else if (!passed && q > 0) this.#offset = offset + length;
        },
        { maxBytes: 1 },
      );
      more = part.more;
      from = part.nextOffset;
    }
  }

  /**
   * The next records above `lastQ`; `undefined`: there are none now. `gone`: the segment vanished.
   * @throws the system's error.
   */
  async next(lastQ: number): Promise<TailBatch | 'gone' | undefined> {
    for (;;) {
      const segment = this.current;
      if (segment === undefined) return undefined;
      const part = await this.#readerOf(segment).readFrom(this.#offset, { maxBytes: sliceBytes, fromQ: lastQ + 1 });
      if (part.missing) return 'gone';
      if (part.nextOffset > this.#offset) {
        const bytes = part.nextOffset - this.#offset;
        this.#offset = part.nextOffset;
        const { badLines, head } = part;
        const { fence } = segment;
        const entries: readonly JournalEntry[] = await withRescuedCopies(segment, part.records, lastQ, this.#survey.segments[this.#index + 1]);
        const unknownKinds = part.unknownKinds.filter((q) => q < fence);
        return { segment, entries, unknownKinds, badLines, bytes, end: this.#offset, ...(head === undefined ? {} : { head }) };
      }
      if (segment.kind === 'base' && part.torn > 0) {
        // A base was complete before its marker: a torn end is damage, and no gap in the numbers would tell of it.
        this.#offset += part.torn;
        return { segment, entries: [], unknownKinds: [], badLines: 1, bytes: part.torn, end: this.#offset };
      }
      const next = await this.#following(lastQ);
      if (next === undefined) return undefined;
      // Between the last read and the look at what follows, the rest may have been written.
      const rest = await this.#readerOf(segment).readFrom(this.#offset, { maxBytes: 1 });
      if (rest.nextOffset > this.#offset) continue;
      await this.close();
      this.#index = next;
      this.#offset = 0;
    }
  }

  /** A base up to `upTo` that appears is our own work: the place in the journal stays, only what lies before it changes. */
  expect(upTo: number): void {
    this.#expected = upTo;
  }

  /** Lets the file go; reading goes on where it was. */
  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close();
  }

  /** Where reading goes on when the current segment has no more; a segment that was opened ahead of time and is still empty does not count. */
  async #following(lastQ: number): Promise<number | undefined> {
    const { segments } = this.#survey;
    for (let index = this.#index + 1; index < segments.length; index++) {
      const { kind, first, path } = segments[index] as Segment;
      if (kind === 'base' || lastQ >= first - 1) return index;
      const reader = new SegmentReader(path);
      try {
        let lines = 0;
        await reader.scanFrom(0, (q) => void (lines += q > 0 ? 1 : 0), { maxBytes: 1 });
        if (lines > 0) return index;
      } finally {
        await reader.close();
      }
    }
    return undefined;
  }

  #readerOf(segment: Segment): SegmentReader {
    this.#reader ??= new SegmentReader(segment.path);
    return this.#reader;
  }
}
