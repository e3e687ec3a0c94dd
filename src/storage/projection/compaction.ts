import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { journalFormat, lineOf, type JournalRecord } from '../journal/record.ts';
import { baseName, markerName } from '../journal/segmentNames.ts';
import { SegmentReader } from '../journal/segmentReader.ts';
import type { StorageFiles } from '../storageFiles.ts';
import type { MarkerContent, Segment, Survey } from '../worker/segmentSurvey.ts';
import type { RecordReader } from './bodies.ts';
import type { Mark } from './marks.ts';
import { withRescuedCopies } from './rescuedCopies.ts';
import type { Projection } from './projection.ts';
import { Keeper, type Budget } from '../worker/retention.ts';
import { breathe } from './snapshots.ts';

/** Bytes of a segment that are dealt with between two looks at waiting queries. */
const sliceBytes = 128 * 1024;
/** Bytes between two marks. */
const markSpacing = 16 * 1024;
/** Sessions whose dropped history is taken out of the projection at once. */
const dropSlice = 200;

/** How much is kept; bytes and counts. */
export interface CompactionLimits {
  readonly keepBytes: number;
  readonly keepEvents: number;
  readonly baseSegmentBytes: number;
}

export interface CompactionOptions {
  /** The folder `journal`. */
  readonly folder: string;
  readonly files: StorageFiles;
  readonly projection: Projection;
  readonly records: RecordReader;
  readonly survey: Survey;
  /** The live segment that is being read: what lies before it becomes the base. */
  readonly current: Segment;
  readonly limits: CompactionLimits;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Brings the live segments behind `upTo` to the disk. */
  readonly syncJournal: () => Promise<void>;
  /** Asked between two slices; then nothing of the base is left. */
  readonly isCancelled: () => boolean;
}

/** A base that is on the disk, marker included, and what the projection must be told. */
export interface NewBase {
  readonly upTo: number;
  readonly marker: string;
  readonly bytes: number;
  readonly marks: readonly Mark[];
  /** Of these sessions the history up to that number was dropped. */
  readonly droppedHistory: ReadonlyMap<string, number>;
  readonly droppedSessions: readonly string[];
  readonly droppedEvents: number;
}

/**
 * Writes a base: all that is worth keeping of the records up to `upTo`, under their own numbers. Of a session in the list the first
 * record is made full, with the session as it is now, and of the others only the history stays; applying the newer records on
 * top of that gives the same session, because each patch says what its fields are. That is why the journal behind `upTo` must be on the
 * disk before the marker appears.
 *
 * Dropped are, in this order and only as far as the limits ask for it: the oldest history of sessions that have ended, then the
 * oldest evicted sessions.
 *
 * Until the marker is there nothing of this counts, and whatever is left behind is removed by the next owner.
 * @returns `undefined`: there is nothing to compact.
 * @throws the system's error; what was written is removed then as far as possible.
 */
export async function writeBase(options: CompactionOptions): Promise<NewBase | undefined> {
  const { survey, current, folder, files } = options;
  const upTo = current.first - 1;
  if (current.kind !== 'live' || upTo <= survey.upTo || options.projection.lastQ < upTo) return undefined;
  const budget = await new BaseScan(options, upTo).measure();
  const scan = new BaseScan(options, upTo);
  const written: string[] = [];
  try {
    const segments = await scan.write(budget, written);
    await files.syncFolder(folder);
    await options.syncJournal();
    const content: MarkerContent = { upTo, segments };
    const bytes = Buffer.from(`${JSON.stringify(content)}\n`);
    const marker = markerName(upTo, segments.length, crc32(bytes));
    written.push(marker);
    await files.create(join(folder, marker), bytes);
    await files.syncFile(join(folder, marker));
    await files.syncFolder(folder);
    return { upTo, marker, bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0), marks: scan.marks, ...scan.keeper.dropped() };
  } catch (error) {
    // The marker first: without it the segments are strays.
    for (const name of written.reverse()) await files.remove(join(folder, name)).catch(() => undefined);
    throw error;
  }
}

/** Makes the projection agree with the base: drops what it dropped, in slices, and looks for the rest there. */
export async function adoptBase(projection: Projection, base: NewBase): Promise<void> {
  const nothing = { upTo: 0, marks: [] };
  const history = [...base.droppedHistory].map(([id, throughSeq]) => ({ id, throughSeq }));
  for (let at = 0; at < history.length; at += dropSlice) {
    projection.replaceMarks({ ...nothing, droppedHistory: history.slice(at, at + dropSlice) });
    await breathe();
  }
  for (let at = 0; at < base.droppedSessions.length; at += dropSlice) {
    projection.replaceMarks({ ...nothing, droppedSessions: base.droppedSessions.slice(at, at + dropSlice) });
    await breathe();
  }
  projection.replaceMarks({ upTo: base.upTo, marks: base.marks });
}

/** One pass over the segments that the base covers. */
class BaseScan {
  readonly #options: CompactionOptions;
  readonly #upTo: number;
  readonly keeper: Keeper;
  readonly marks: Mark[] = [];
  #lastQ = 0;

  constructor(options: CompactionOptions, upTo: number) {
    this.#options = options;
    this.#upTo = upTo;
    this.keeper = new Keeper(options.projection, options.records, upTo);
  }

  /** What has to be dropped. */
  async measure(): Promise<Budget> {
    const { limits } = this.#options;
    await this.#each((record) => void this.keeper.keep(record));
    return this.keeper.budget(limits.keepBytes, limits.keepEvents);
  }

  /** @param written is told each file before it is made. */
  async write(budget: Budget, written: string[]): Promise<MarkerContent['segments']> {
    const { limits } = this.#options;
    this.keeper.drop(budget);
    const segments: { name: string; bytes: number; crc: string }[] = [];
    let lines: Buffer[] = [];
    let size = 0;
    let marked = -markSpacing;
    const begin = (): void => {
      const head = this.#head();
      lines = [head];
      size = head.length;
      marked = -markSpacing;
    };
    const end = async (): Promise<void> => {
      const name = baseName(this.#upTo, segments.length);
      written.push(name);
      segments.push(await this.#file(name, lines));
    };
    begin();
    await this.#each(async (record, raw) => {
      const line = raw ?? this.keeper.keep(record);
      if (line === undefined) return;
      if (size >= limits.baseSegmentBytes) {
        await end();
        begin();
      }
      if (size >= marked + markSpacing) {
        this.marks.push({ q: record.q, segment: baseName(this.#upTo, segments.length), offset: size });
        marked = size;
      }
      lines.push(line);
      size += line.length;
    });
    await end();
    return segments;
  }

  #head(): Buffer {
    const { projection, now } = this.#options;
    const feedSeq = projection.feedSeq === 0 ? undefined : projection.feedSeq;
    return lineOf(JSON.stringify({ q: 0, k: 'head', format: journalFormat, base: this.#upTo, first: 1, t: Math.round(now), feedSeq }));
  }

  async #file(name: string, lines: readonly Buffer[]): Promise<{ name: string; bytes: number; crc: string }> {
    const { folder, files } = this.#options;
    const content = Buffer.concat(lines);
    const crc = crc32(content).toString(16).padStart(8, '0');
    await files.create(join(folder, name), content);
    await files.syncFile(join(folder, name));
    return { name, bytes: content.length, crc };
  }

  /** Every valid record up to `upTo` once, in order. `raw`: the line of a record that this version does not understand. */
  async #each(visit: (record: JournalRecord, raw?: Buffer) => void | Promise<void>): Promise<void> {
    const { survey, current, isCancelled } = this.#options;
    for (const [index, segment] of survey.segments.entries()) {
      if (segment.name === current.name) break;
      const reader = new SegmentReader(segment.path, sliceBytes);
      try {
        for (let offset = 0, more = true; more; ) {
          const part = await reader.readFrom(offset, { maxBytes: 1, fromQ: this.#lastQ + 1 });
          if (part.missing) throw new Error(`${segment.name} is gone.`);
          const raw = part.unknownKinds.length === 0 ? [] : await unknownLines(reader, offset, part.nextOffset, part.unknownKinds);
          const found = await withRescuedCopies(segment, part.records, this.#lastQ, survey.segments[index + 1]);
          const entries = [...found.map(({ record }) => ({ record, raw: undefined as Buffer | undefined })), ...raw];
          if (raw.length > 0) entries.sort((a, b) => a.record.q - b.record.q);
          for (const entry of entries) {
            const { q } = entry.record;
            if (q <= this.#lastQ || q >= segment.fence || q > this.#upTo) continue;
            this.#lastQ = q;
            await visit(entry.record, entry.raw);
          }
          offset = part.nextOffset;
          more = part.more;
          await breathe();
          if (isCancelled()) throw new Error('The compaction was cancelled.');
        }
      } finally {
        await reader.close();
      }
    }
  }
}

/** Lines of kinds that this version does not know go over as they are. */
async function unknownLines(reader: SegmentReader, from: number, to: number, kinds: readonly number[]): Promise<readonly { record: JournalRecord; raw: Buffer }[]> {
  const wanted = new Set(kinds);
  const found: { record: JournalRecord; raw: Buffer }[] = [];
  for (let offset = from, more = true; more && offset < to; ) {
    const part = await reader.scanFrom(
      offset,
      (q, _at, length, bytes, start) => {
        if (!wanted.delete(q)) return;
        const raw = Buffer.from(bytes.subarray(start, start + length));
        found.push({ record: { q, t: 0, k: 'unknown' } as unknown as JournalRecord, raw });
      },
      { maxBytes: 1 },
    );
    offset = part.nextOffset;
    more = part.more;
  }
  return found;
}
