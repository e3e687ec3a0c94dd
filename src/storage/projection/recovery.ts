import type { SqlJsStatic } from 'sql.js';
import { messageOf } from '../../base/errors.ts';
import type { Clock, Logger } from '../../base/ports.ts';
import { journalFormat } from '../journal/record.ts';
import { parseName, type SnapshotName } from '../journal/segmentNames.ts';
import { SegmentReader } from '../journal/segmentReader.ts';
import type { StorageFiles } from '../storageFiles.ts';
import type { RecoveryRung } from '../worker/contract.ts';
import type { Survey } from '../worker/segmentSurvey.ts';
import { JournalTail, type TailBatch } from './journalTail.ts';
import { Projection, type Applied } from './projection.ts';
import { oldestSchema, schemaVersion } from './schema.ts';
import { breathe, type Snapshots } from './snapshots.ts';

/** Where SQLite keeps `PRAGMA user_version`: offset 60 of its header, big endian. */
const versionOffset = 60;
const headerLength = 100;
/** How often opening begins anew because another process compacted the journal meanwhile. */
const mostAttempts = 5;

export interface RecoveryOptions {
  /** The folder `journal`. */
  readonly folder: string;
  readonly files: StorageFiles;
  readonly snapshots: Snapshots;
  readonly engine: () => Promise<SqlJsStatic>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What opening found; nothing was written yet. */
export interface Recovered {
  /** `undefined`: the registry is of a newer version. */
  readonly opened?: { readonly projection: Projection; readonly tail: JournalTail };
  readonly newerVersion?: number;
  /** The snapshot that was used. */
  readonly snapshot?: SnapshotName;
  /** Snapshots that do not agree with their names, or hold no registry. */
  readonly damaged: readonly SnapshotName[];
  readonly rungs: readonly RecoveryRung[];
  readonly epoch: number;
  readonly replayed: number;
  /** Bytes of the journal that were read. */
  readonly replayedBytes: number;
  /** Records or lines were found to be missing or damaged. */
  readonly restored: boolean;
}

/** Whether a projection's pointers lead into files that count, and its newest record is no void one. */
function agrees(projection: Projection, survey: Survey): string | undefined {
  const covered = new Set(survey.covered);
  const segments = new Map(survey.segments.map((segment) => [segment.name, segment]));
  const strays = new Set(survey.strays);
  const [firstLive] = survey.segments.filter(({ kind }) => kind === 'live');
  const isComplete = firstLive !== undefined && firstLive.first <= survey.upTo + 1;
  for (const name of projection.marks.segments()) {
    if (covered.has(name)) return `it points to ${name}, which is covered by a base`;
    // An owner that was stopped in the middle of a compaction and woke up after its half-made base was cleared away leaves such a snapshot.
    if (!segments.has(name) && !strays.has(name) && isComplete && parseName(name)?.type === 'base') return `it points to ${name}, which is gone; the journal has all of it`;
    // Without a base over it, what points to a file that somebody removed is still the best there is: only the bodies are lost.
    if (!segments.has(name) && !strays.has(name) && isBelow(name, survey.upTo)) return `it points to ${name}, which is gone`;
  }
  const window = projection.marks.window(projection.lastQ);
  const newest = window === undefined ? undefined : segments.get(window.segment);
  if (newest?.kind === 'live' && newest.fence <= projection.lastQ) return `it holds records which a later owner has replaced`;
  if (projection.lastQ < survey.upTo) return 'it is older than the base';
  return undefined;
}

/** Whether a base up to `upTo` has taken the place of this segment. */
function isBelow(name: string, upTo: number): boolean {
  const parsed = parseName(name);
  return (parsed?.type === 'live' && parsed.first <= upTo) || (parsed?.type === 'base' && parsed.upTo < upTo);
}

/**
 * Opens the registry: the ladder from the newest snapshot down to an empty projection, then the journal behind it. Writes nothing.
 * @throws FleetError `EngineFailed`; the system's error when something is there and cannot be read.
 */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  for (let attempt = 1; ; attempt++) {
    const recovered = await new Recovery(options).run();
    if (recovered !== 'moved') return recovered;
    options.logger.debug('the journal was compacted while it was read');
    if (attempt >= mostAttempts) throw new Error(`The journal in ${options.folder} changes faster than it can be read.`);
  }
}

class Recovery {
  readonly #options: RecoveryOptions;
  readonly #rungs: RecoveryRung[] = [];
  readonly #damaged: SnapshotName[] = [];

  constructor(options: RecoveryOptions) {
    this.#options = options;
  }

  async run(): Promise<Recovered | 'moved'> {
    const { folder, files } = this.#options;
    const tail = new JournalTail(folder, files);
    const survey = await tail.begin();
    for (const marker of survey.badMarkers) this.#say('base', `${marker} does not agree with its segments`, marker, true);
    const format = await this.#newestFormat(survey);
    if (format > journalFormat) return this.#newer(format, survey);
    const found = await this.#snapshot(survey);
    if (typeof found === 'number') return this.#newer(found, survey);
    const projection = found?.projection ?? (await this.#empty(survey));
    try {
      return await this.#replay(projection, found?.snapshot, tail);
    } catch (error) {
      await tail.close();
      projection.close();
      throw error;
    }
  }

  async #replay(projection: Projection, snapshot: SnapshotName | undefined, tail: JournalTail): Promise<Recovered | 'moved'> {
    const before = projection.skipped + projection.lost;
    await tail.seek(projection);
    let replayed = 0;
    let replayedBytes = 0;
    for (;;) {
      const batch = await tail.next(projection.lastQ);
      if (batch === undefined) break;
      const format = batch === 'gone' ? 0 : (batch.head?.format ?? 0);
      if (batch === 'gone' || format > journalFormat) {
        await tail.close();
        projection.close();
        return batch === 'gone' ? 'moved' : this.#newer(format, tail.survey);
      }
      replayed += applyTail(projection, batch, tail.survey, true).applied;
      replayedBytes += batch.bytes;
      await breathe();
    }
    projection.settle();
    projection.skipTo(tail.survey.upTo);
    const restored = projection.skipped + projection.lost > before || tail.survey.badMarkers.length > 0;
    const losses = `${projection.lost} records missing and ${projection.skipped} unreadable so far`;
    this.#say('replay', `${replayed} records (${replayedBytes} bytes) replayed up to ${projection.lastQ}; ${losses}`, undefined, restored);
    return {
      opened: { projection, tail },
      ...(snapshot === undefined ? {} : { snapshot }),
      damaged: this.#damaged,
      rungs: this.#rungs,
      epoch: tail.survey.epoch,
      replayed,
      replayedBytes,
      restored,
    };
  }

  /** The newest snapshot that can be used; a number: it is of that newer version. */
  async #snapshot(survey: Survey): Promise<{ readonly projection: Projection; readonly snapshot: SnapshotName } | number | undefined> {
    const { snapshots, engine, clock } = this.#options;
    for (const snapshot of await snapshots.list()) {
      const { name } = snapshot;
      const image = await snapshots.read(snapshot);
      if (image === 'gone') continue;
      if (image === 'damaged' || image.length < headerLength) {
        this.#damage(snapshot, 'does not agree with its name');
        continue;
      }
      const version = new DataView(image.buffer, image.byteOffset).getUint32(versionOffset);
      if (version > schemaVersion) return version;
      if (version >= oldestSchema && version < schemaVersion) {
        this.#say('snapshot', `${name} is not used: an older version of the extension wrote it`, name);
        continue;
      }
      const sql = await engine();
      let projection: Projection;
      try {
        projection = new Projection(sql, image, clock.now());
      } catch (error) {
        this.#damage(snapshot, `holds no registry: ${messageOf(error)}`);
        continue;
      }
      const problem = projection.lastQ === snapshot.q ? agrees(projection, survey) : undefined;
      if (projection.lastQ !== snapshot.q) this.#damage(snapshot, `holds records up to ${projection.lastQ}`);
      else if (problem !== undefined) this.#say('snapshot', `${name} is not used: ${problem}`, name);
      else {
        this.#say('snapshot', `${name} is used`, name);
        return { projection, snapshot };
      }
      projection.close();
    }
    return undefined;
  }

  async #empty(survey: Survey): Promise<Projection> {
    const { engine, clock } = this.#options;
    const { upTo, marker, segments } = survey;
    if (segments.length > 0) this.#say('empty', 'there is no snapshot that can be used: the registry is made again from the journal');
    if (upTo > 0) this.#say('base', marker === undefined ? `the base up to ${upTo} has lost its marker` : `${marker} is used`, marker, marker === undefined);
    return new Projection(await engine(), undefined, clock.now());
  }

  /** The format of the newest segments: a newer version of the extension would have written the last ones. */
  async #newestFormat(survey: Survey): Promise<number> {
    let newest = 0;
    for (const { path } of [...survey.segments].reverse().slice(0, 3)) {
      const reader = new SegmentReader(path, 4096);
      try {
        newest = Math.max(newest, (await reader.readFrom(0, { maxBytes: 1, toQ: 0 })).head?.format ?? 0);
      } finally {
        await reader.close();
      }
    }
    return newest;
  }

  #newer(version: number, survey: Survey): Recovered {
    this.#say('newer', `the registry has format ${version}, which is newer than ${journalFormat}; it is left alone`);
    return { newerVersion: version, damaged: [], rungs: this.#rungs, epoch: survey.epoch, replayed: 0, replayedBytes: 0, restored: false };
  }

  #damage(snapshot: SnapshotName, problem: string): void {
    this.#damaged.push(snapshot);
    this.#say('snapshot', `${snapshot.name} ${problem}`, snapshot.name, true);
  }

  #say(step: RecoveryRung['step'], what: string, file?: string, damaged = false): void {
    this.#rungs.push({ step, what, ...(file === undefined ? {} : { file }), ...(damaged ? { damaged } : {}) });
  }
}

/** Applies what the tail gave. The one place where records reach the projection. @param hold more follows at once. */
export function applyTail(projection: Projection, batch: TailBatch, survey: Survey, hold = false): Applied {
  const { segment, head, entries, unknownKinds, badLines } = batch;
  const sparse = segment.kind === 'base';
  // All of the base has been read, or a snapshot knows it: numbers that are missing up to here are missing by intent.
  if (!sparse) projection.skipTo(survey.upTo);
  const feedSeq = (head as { readonly feedSeq?: unknown } | undefined)?.feedSeq;
  if (sparse && typeof feedSeq === 'number') projection.raiseFeedSeq(feedSeq);
  if (badLines > 0) projection.noteSkipped(badLines);
  const applied = projection.applyBatch(entries, sparse, unknownKinds, hold);
  projection.readTo = { segment: segment.name, offset: batch.end };
  return applied;
}
