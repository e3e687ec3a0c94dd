import { join } from 'node:path';
import { Deferred, SerialQueue, detach } from '../../base/async.ts';
import type { Disposable } from '../../base/disposable.ts';
import { errorCode, FleetError, messageOf } from '../../base/errors.ts';
import type { Clock, Logger, Timers } from '../../base/ports.ts';
import type { SnapshotName } from '../journal/segmentNames.ts';
import type { RecordReader } from '../projection/bodies.ts';
import { adoptBase, writeBase } from '../projection/compaction.ts';
import type { JournalTail, TailBatch } from '../projection/journalTail.ts';
import type { Projection } from '../projection/projection.ts';
import { isSnapshotDue, type Snapshots } from '../projection/snapshots.ts';
import { codeOf, type StorageFiles } from '../storageFiles.ts';
import type { RegistryLimits, WorkerError, WorkerEvent } from './contract.ts';

/** After a failure, so long nothing is tried again by itself. */
const pauseMs = 30_000;
/** How often an idle registry is looked at. */
const idleCheckMs = 5_000;

/** The registry in memory and its place in the journal. */
export interface OpenRegistry {
  readonly projection: Projection;
  readonly tail: JournalTail;
  readonly records: RecordReader;
}

export interface UpkeepOptions {
  /** The folder `journal`. */
  readonly folder: string;
  readonly files: StorageFiles;
  readonly snapshots: Snapshots;
  readonly limits: RegistryLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly registry: OpenRegistry;
  /** The newest snapshot; absent: there is none that can be used. */
  readonly snapshot?: SnapshotName;
  /** Journal bytes behind it. */
  readonly bytesSince: number;
  /** Runs a task while nothing else reads the journal's tail. */
  readonly exclusively: <T>(task: () => Promise<T>) => Promise<T>;
  readonly tell: (event: WorkerEvent) => void;
}

/**
 * What an owner does in the background: snapshots when enough was written, and compaction. One thing after the other, in slices, so that
 * queries are answered in between. Files of the journal are deleted when two things are on the disk: the base that has what they
 * had, and a snapshot that does not point to them.
 */
export class Upkeep implements Disposable {
  readonly #options: UpkeepOptions;
  readonly #background = new SerialQueue();
  readonly #timer: Disposable;
  /** Segments with records that may not be on the disk yet. */
  readonly #unsynced = new Set<string>();
  #snapshotQ: number;
  #snapshotBytes: number;
  #bytesSince: number;
  #lastRecordAt: number;
  #pausedUntil = -Infinity;
  #scheduled = false;
  #segment: string | undefined;
  /** What the last compaction could not get below: it is not tried again at once. */
  #floor = { bytes: 0, events: 0 };
  readonly #ended = new Deferred<void>();
  /** The snapshots on the disk point to segments that a new base covers. */
  #outdated = false;
  #disposed = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#snapshotQ = options.snapshot?.q ?? 0;
    this.#snapshotBytes = options.snapshot?.bytes ?? 0;
    this.#bytesSince = options.bytesSince;
    this.#lastRecordAt = options.clock.monotonic();
    // A snapshot may be younger than the last sync of the journal by the owner before us, which died.
    for (const segment of options.registry.tail.survey.segments) if (segment.kind === 'live') this.#unsynced.add(segment.path);
    this.#timer = options.timers.every(Math.min(idleCheckMs, options.limits.snapshotIdleMs), () => this.#check());
  }

  /** Journal bytes behind the newest snapshot. */
  get bytesSince(): number {
    return this.#bytesSince;
  }

  /** Records were applied. */
  noted(batch: TailBatch): void {
    this.#bytesSince += batch.bytes;
    this.#unsynced.add(batch.segment.path);
    this.#lastRecordAt = this.#options.clock.monotonic();
    const rolled = this.#segment !== batch.segment.name;
    this.#segment = batch.segment.name;
    this.#check(rolled);
  }

  /** Removes what an older owner left behind: half-made files, and what a base covers and the snapshot that was used does not need. */
  async tidy(): Promise<void> {
    const { snapshots, registry, snapshot, logger } = this.#options;
    await snapshots.removeStrays().catch((error: unknown) => logger.warn('half-made snapshots could not be removed', error));
    const needed = new Set(registry.projection.marks.segments());
    await this.#remove(registry.tail.survey.strays.filter((name) => !needed.has(name)));
    if (snapshot !== undefined) await this.#removeCovered();
    this.#check(true);
  }

  /**
   * Writes a snapshot if there is anything new. @returns its newest record. @throws the system's error.
   * @param always also without a new record: what was found to be lost is remembered there.
   */
  snapshot(always = false): Promise<number> {
    return this.#background.add(() => {
      this.#outdated ||= always;
      return this.#snapshot();
    });
  }

  /** Compacts now. @returns `undefined`: there was nothing to do. @throws the system's error. */
  compact(): Promise<number | undefined> {
    return this.#background.add(() => this.#compact());
  }

  /** Waits for what is under way. After `dispose` it comes to its end soon, also when nobody may read the journal's tail any more. */
  idle(): Promise<void> {
    return this.#background.idle();
  }

  dispose(): void {
    this.#disposed = true;
    this.#ended.resolve();
    this.#timer.dispose();
  }

  #check(rolled = false): void {
    const { limits, clock, logger, registry } = this.#options;
    const now = clock.monotonic();
    if (this.#disposed || this.#scheduled || now < this.#pausedUntil) return;
    const fresh = registry.projection.lastQ > this.#snapshotQ;
    const due = this.#outdated || (fresh && isSnapshotDue(limits, this.#bytesSince, this.#snapshotBytes, now - this.#lastRecordAt));
    if (!due && !rolled) return;
    this.#scheduled = true;
    const run = this.#background.add(() => this.#run(due)).finally(() => (this.#scheduled = false));
    detach(run, logger, 'looking after the registry');
  }

  async #run(snapshotDue: boolean): Promise<void> {
    try {
      if (this.#disposed) return;
      if (await this.#isCompactionDue()) await this.#attempt('compaction', () => this.#compact());
      else if (snapshotDue) await this.#attempt('snapshot', () => this.#snapshot());
    } catch (error) {
      this.#options.logger.warn('the registry could not be looked after', error);
    }
  }

  async #attempt(what: 'snapshot' | 'compaction', task: () => Promise<unknown>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.#pausedUntil = this.#options.clock.monotonic() + pauseMs;
      if (!this.#disposed) this.#options.tell({ event: 'fault', what, error: errorOf(error) });
    }
  }

  async #snapshot(): Promise<number> {
    const { registry, snapshots, tell } = this.#options;
    const q = registry.projection.lastQ;
    if (q <= this.#snapshotQ && !this.#outdated) return this.#snapshotQ;
    return this.#save(registry.projection, snapshots, tell);
  }

  async #save(projection: Projection, snapshots: Snapshots, tell: (event: WorkerEvent) => void): Promise<number> {
    const q = projection.lastQ;
    const bytes = this.#bytesSince;
    const image = projection.export();
    const name = await snapshots.save(image, q, () => this.#syncJournal());
    this.#outdated = false;
    this.#snapshotQ = q;
    this.#snapshotBytes = image.length;
    this.#bytesSince -= bytes;
    tell({ event: 'snapshot', q, bytes: image.length });
    await snapshots.prune(name);
    await this.#removeCovered();
    return q;
  }

  /** Brings every record that was applied to the disk. Those whose file was removed under us are in the snapshot only. */
  async #syncJournal(): Promise<void> {
    const { files, registry } = this.#options;
    for (const path of [...this.#unsynced]) {
      try {
        await files.syncFile(path);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
      if (path !== registry.tail.current?.path) this.#unsynced.delete(path);
    }
  }

  async #isCompactionDue(): Promise<boolean> {
    const { limits, registry } = this.#options;
    if (registry.tail.current?.kind !== 'live' || registry.tail.current.first - 1 <= registry.tail.survey.upTo) return false;
    if ((await this.#journalBytes()) > Math.max(limits.compactBytes, this.#floor.bytes)) return true;
    return this.#events() > Math.max(limits.compactEvents, this.#floor.events);
  }

  async #journalBytes(): Promise<number> {
    const { files, registry } = this.#options;
    let sum = 0;
    for (const { path } of registry.tail.survey.segments) sum += (await files.identity(path))?.size ?? 0;
    return sum;
  }

  #events(): number {
    return this.#options.registry.projection.events;
  }

  async #compact(): Promise<number | undefined> {
    const { registry, folder, files, limits, clock, exclusively, snapshots, tell } = this.#options;
    const { projection, tail, records } = registry;
    const { current, survey } = tail;
    if (current === undefined) return undefined;
    tail.expect(current.first - 1);
    const base = await writeBase({
      folder, files, projection, records, survey, current, limits, now: clock.now(), syncJournal: () => this.#syncJournal(),
      isCancelled: () => this.#disposed,
    });
    if (base === undefined) return undefined;
    this.#outdated = true;
    await adoptBase(projection, base);
    await Promise.race([exclusively(() => tail.look(projection.lastQ)), this.#ended.promise]);
    // The next owner finds the base and a snapshot that is older, and makes the registry again from the base.
    if (this.#disposed) return undefined;
    const { upTo, bytes, droppedEvents } = base;
    this.#floor = {
      bytes: (await this.#journalBytes()) + Math.max(0, limits.compactBytes - limits.keepBytes) / 2,
      events: this.#events() + Math.max(0, limits.compactEvents - limits.keepEvents) / 2,
    };
    tell({ event: 'compacted', upTo, bytes, droppedEvents, droppedSessions: base.droppedSessions.length });
    await this.#save(projection, snapshots, tell);
    return upTo;
  }

  /** After a snapshot reached the disk. */
  async #removeCovered(): Promise<void> {
    const { projection, tail } = this.#options.registry;
    const needed = new Set(projection.marks.segments());
    await this.#remove(tail.survey.covered.filter((name) => !needed.has(name)));
  }

  async #remove(names: readonly string[]): Promise<void> {
    const { files, folder, logger } = this.#options;
    for (const name of names) {
      try {
        await files.remove(join(folder, name));
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') logger.warn(`${name} could not be removed`, error);
      }
    }
  }
}

/** An error as it crosses the border between the threads. */
export function errorOf(error: unknown): WorkerError {
  const code = errorCode(error) ?? 'RegistryFailed';
  return error instanceof FleetError ? { code, message: error.message, details: error.details } : { code, message: messageOf(error) };
}
