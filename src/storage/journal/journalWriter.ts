import { Deferred } from '../../base/async.ts';
import { FleetError } from '../../base/errors.ts';
import type { Clock, Logger } from '../../base/ports.ts';
import type { JournalFiles } from './journalFiles.ts';
import { JournalSegment, type SegmentPlace } from './journalSegment.ts';
import { lineOf, lineRoom, recordJson, writeLine, type JournalRecord } from './record.ts';

export interface JournalWriterOptions {
  /** The `journal` folder; it must exist. */
  readonly folder: string;
  /** Number of this ownership, higher than every one before. */
  readonly epoch: number;
  /** q of the first record. */
  readonly firstQ: number;
  readonly files: JournalFiles;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Logger;
  /** Size in bytes at which a segment is full; default 8 MiB. A guide, not a bound. */
  readonly segmentBytes?: number;
}

/** A place in the journal: all bytes of that segment (file name) before `end`. */
export interface JournalPosition {
  readonly segment: string;
  readonly end: number;
}

export interface Appended {
  readonly q: number;
  readonly position: JournalPosition;
  /**
   * Resolves when the record outlives a loss of power. Rejects with the system's error when that could not be reached;
   * the record is kept and written again. Shared by all records that one sync covers. Needs no handler.
   */
  readonly durable: Promise<void>;
}

interface Kept {
  readonly q: number;
  readonly json: string;
}

/** Lines up to this length are made in one place, which spares an allocation each; bytes. */
const scratchBytes = 64 * 1024;

/** Records that one sync covers, and the segments they are in. */
class Group extends Deferred<void> {
  readonly records: Kept[] = [];
  readonly segments = new Set<JournalSegment>();

  constructor() {
    super();
    // Who appends may not care; the records are kept all the same.
    this.promise.catch(() => undefined);
  }
}

/**
 * The one writer of the journal. What `append` has returned for is in the system's hands: it outlives this process. A
 * record that threw is not there, and its q goes to the next one. Records whose sync failed are kept in memory and
 * written to another segment before anything new, because a failed sync proves nothing about a later one.
 */
export class JournalWriter {
  readonly #place: SegmentPlace;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #segmentBytes: number;
  #nextQ: number;
  #durableQ: number;
  /** Takes lines; absent after a failure. */
  #present: JournalSegment | undefined;
  /** Must take the next line, whatever else there is: its file exists, and later segments bound what earlier ones may hold. */
  #fresh: JournalSegment | undefined;
  /** Opened ahead of time; takes over at its first q. */
  #spare: JournalSegment | undefined;
  /** The newest segment that was opened at once: the next one under the same q needs a higher number in its name. */
  #given: { readonly first: number; readonly retry: number } = { first: 0, retry: 0 };
  #opening: { readonly first: number; late: boolean } | undefined;
  #prepareAt: number;
  #rollAt: number;
  #group = new Group();
  #inFlight: Group | undefined;
  #scheduled = false;
  /** Records whose sync failed, by q. Nothing new is written before they are; what the groups hold is lower. */
  #kept: Kept[] = [];
  readonly #background = new Set<Promise<void>>();
  readonly #scratch = Buffer.allocUnsafeSlow(scratchBytes);
  #closing: Promise<void> | undefined;

  private constructor(options: JournalWriterOptions, present: JournalSegment, place: SegmentPlace) {
    this.#place = place;
    this.#clock = options.clock;
    this.#segmentBytes = options.segmentBytes ?? 8 * 1024 * 1024;
    this.#prepareAt = this.#ahead(0);
    this.#rollAt = this.#segmentBytes;
    this.#nextQ = options.firstQ;
    this.#durableQ = options.firstQ - 1;
    this.#fresh = present;
  }

  /** Begins a new segment. Rejects with the system's error; `EEXIST`: the epoch is not ours alone. */
  static async open(options: JournalWriterOptions): Promise<JournalWriter> {
    const { folder, epoch, files, logger } = options;
    const place: SegmentPlace = { folder, epoch, files, logger };
    const segment = await JournalSegment.open(place, options.firstQ);
    const writer = new JournalWriter(options, segment, place);
    try {
      writer.#turn();
    } catch (error) {
      await segment.discard();
      throw error;
    }
    return writer;
  }

  /** q of the next record. */
  get nextQ(): number {
    return this.#nextQ;
  }

  /** All records up to this q are durable. */
  get durableQ(): number {
    return this.#durableQ;
  }

  /** How many appended records wait to be written again, because their sync failed. */
  get kept(): number {
    return this.#kept.length;
  }

  /**
   * Writes the record that `make` gives for this q and time (epoch milliseconds). Synchronous.
   * @throws FleetError `InvalidSession`, `InvalidHistory`, `JournalClosed`; the system's error if it could not be written.
   */
  append(make: (q: number, t: number) => JournalRecord): Appended {
    if (this.#closing !== undefined) throw new FleetError('JournalClosed', 'The registry is closed.');
    const q = this.#nextQ;
    const record = make(q, Math.max(0, Math.round(this.#clock.now())));
    if (record.q !== q) throw new RangeError(`The record has q ${record.q} instead of ${q}.`);
    const json = recordJson(record);
    const segment = this.#turn();
    this.#write(segment, { q, json });
    this.#nextQ = q + 1;
    if (segment.end >= this.#prepareAt) this.#prepare();
    return { q, position: { segment: segment.name, end: segment.end }, durable: this.#group.promise };
  }

  /** Writes again what could not be synced. Resolves when that is durable. Rejects with the system's error. */
  async rescue(): Promise<void> {
    if (this.#kept.length === 0) return;
    this.#turn();
    await this.#group.promise;
  }

  /** Resolves when everything appended so far is durable. Rejects with the system's error. */
  async flush(): Promise<void> {
    if (this.#kept.length > 0) this.#turn();
    await (this.#group.records.length > 0 ? this.#group : this.#inFlight)?.promise;
  }

  /** As `flush`, then closes the files; also when the flush fails. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      // A sync that is under way must have ended before its file is closed.
      while (this.#inFlight !== undefined || this.#group.records.length > 0) {
        await (this.#inFlight ?? this.#group).promise.catch(() => undefined);
      }
      while (this.#background.size > 0) await Promise.all(this.#background);
      await this.#present?.close();
      await this.#fresh?.discard();
      await this.#spare?.discard();
      this.#present = this.#fresh = this.#spare = undefined;
    }
  }

  /** The segment for the next line, all that was kept already in it. Throws the system's error. */
  #turn(): JournalSegment {
    const present = this.#present;
    const stays = present !== undefined && present.end < this.#rollAt && this.#spare?.first !== this.#nextQ && this.#opening?.first !== this.#nextQ;
    if (stays && this.#kept.length === 0 && this.#fresh === undefined) return present;
    this.#fresh ??= stays ? undefined : this.#nextSegment();
    if (this.#fresh !== undefined) this.#takeOver(this.#fresh);
    const segment = this.#present;
    if (segment === undefined) throw new Error('The journal has no segment.');
    this.#drain(segment);
    return segment;
  }

  /** A segment that begins at the next q; `undefined`: the present one goes on. */
  #nextSegment(): JournalSegment | undefined {
    const spare = this.#spare;
    if (spare?.first === this.#nextQ) {
      this.#spare = undefined;
      return spare;
    }
    const late = this.#opening?.first === this.#nextQ ? this.#opening : undefined;
    const planned = spare !== undefined || (this.#opening !== undefined && late === undefined);
    if (this.#present !== undefined && late === undefined && planned) return undefined;
    try {
      const opened = JournalSegment.openAtOnce(this.#place, this.#nextQ, this.#given.first === this.#nextQ ? this.#given.retry + 1 : 0);
      this.#given = opened;
      this.#abandonOpening(late);
      return opened;
    } catch (error) {
      // A full segment is no harm. One that is being opened under this very q may exist by now: then the present one must not take the q.
      if (this.#present === undefined || late !== undefined) throw error;
      this.#place.logger.warn('Opening the next segment failed; the present one goes on', error);
      this.#rollAt = this.#ahead(this.#present.end);
      return undefined;
    }
  }

  #abandonOpening(opening: { late: boolean } | undefined): void {
    if (opening === undefined) return;
    opening.late = true;
    this.#opening = undefined;
  }

  #takeOver(fresh: JournalSegment): void {
    try {
      fresh.begin(Math.max(0, Math.round(this.#clock.now())));
    } catch (error) {
      if (fresh.isSealed) {
        // Its file stays and bounds what the present segment may hold: only another new one can take the next line.
        this.#fresh = undefined;
        this.#inBackground(fresh.close());
        this.#leave();
      }
      throw error;
    }
    this.#leave();
    this.#present = fresh;
    this.#fresh = undefined;
    this.#rollAt = this.#segmentBytes;
    this.#prepareAt = this.#spare === undefined && this.#opening === undefined ? this.#ahead(0) : Infinity;
  }

  /** Writes what was kept, in its order. What does not get through stays kept. */
  #drain(segment: JournalSegment): void {
    let written = 0;
    try {
      for (const kept of this.#kept) {
        this.#write(segment, kept);
        written++;
      }
    } finally {
      if (written > 0) {
        this.#kept.splice(0, written);
        this.#place.logger.info(`${written} records whose sync had failed were written again to ${segment.name}`);
      }
    }
  }

  #write(segment: JournalSegment, record: Kept): void {
    try {
      segment.write(this.#line(record.json));
    } catch (error) {
      if (segment.isSealed) this.#leave();
      throw error;
    }
    this.#group.records.push(record);
    this.#group.segments.add(segment);
    this.#schedule();
  }

  /** The bytes of a line; they are overwritten by the next one. */
  #line(json: string): Buffer {
    return lineRoom(json) > this.#scratch.length ? lineOf(json) : this.#scratch.subarray(0, writeLine(json, this.#scratch));
  }

  /** Ends the present segment; the sync that covers its last records closes it. */
  #leave(): void {
    const segment = this.#present;
    this.#present = undefined;
    segment?.seal();
    if (segment === undefined || this.#group.segments.has(segment) || this.#inFlight?.segments.has(segment) === true) return;
    this.#inBackground(segment.close());
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== undefined) return;
    this.#scheduled = true;
    // Everything that this turn of the event loop appends shares the sync.
    setImmediate(() => void this.#sync());
  }

  /** Never rejects. */
  async #sync(): Promise<void> {
    this.#scheduled = false;
    const group = this.#group;
    this.#group = new Group();
    this.#inFlight = group;
    try {
      for (const segment of group.segments) await segment.sync();
      this.#inFlight = undefined;
      this.#durableQ = Math.max(this.#durableQ, group.records.at(-1)?.q ?? 0);
      group.resolve();
    } catch (error) {
      this.#inFlight = undefined;
      this.#giveUp(group, error);
    }
    for (const segment of group.segments) {
      if (segment.isSealed && !this.#group.segments.has(segment)) this.#inBackground(segment.close());
    }
    if (this.#group.records.length > 0) this.#schedule();
  }

  /** A sync failed: nothing that waits for one can be trusted to the segments it is in. */
  #giveUp(group: Group, error: unknown): void {
    const waiting = this.#group;
    this.#group = new Group();
    this.#kept = [...group.records, ...waiting.records, ...this.#kept];
    this.#place.logger.warn(`Syncing the journal failed; ${this.#kept.length} records will be written again`, error);
    for (const segment of waiting.segments) group.segments.add(segment);
    for (const segment of group.segments) {
      segment.seal();
      if (segment === this.#present) this.#present = undefined;
    }
    group.reject(error);
    waiting.reject(error);
  }

  /** Opens the next segment while the present one fills, under the q that will be due when it is full. */
  #prepare(): void {
    this.#prepareAt = Infinity;
    const prepared = new Promise<void>((resolve) => setImmediate(() => resolve(this.#openSpare())));
    this.#inBackground(prepared);
  }

  /** Never rejects. */
  async #openSpare(): Promise<void> {
    const present = this.#present;
    if (present === undefined || this.#closing !== undefined || this.#spare !== undefined || this.#opening !== undefined || this.#fresh !== undefined) return;
    const mean = present.end / Math.max(1, this.#nextQ - present.first);
    const first = this.#nextQ + Math.max(1, Math.ceil((this.#segmentBytes - present.end) / mean));
    const opening = { first, late: false };
    this.#opening = opening;
    try {
      const spare = await JournalSegment.open(this.#place, first);
      if (opening.late) return await spare.discard();
      this.#opening = undefined;
      this.#spare = spare;
      await this.#place.files.syncFolder(this.#place.folder);
      spare.nameSynced = true;
    } catch (error) {
      this.#place.logger.warn('Preparing the next segment failed', error);
      if (this.#opening === opening) this.#opening = undefined;
      if (this.#spare === undefined) this.#prepareAt = this.#ahead(this.#present?.end ?? 0);
    }
  }

  /** The size at which to see to the next segment: seven eighths of a full one, or an eighth from now. */
  #ahead(end: number): number {
    const eighth = this.#segmentBytes / 8;
    return Math.max(this.#segmentBytes - eighth, end + eighth);
  }

  #inBackground(work: Promise<void>): void {
    const tracked = work.finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }
}
