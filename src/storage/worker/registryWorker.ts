import { join } from 'node:path';
import { SerialQueue, detach } from '../../base/async.ts';
import { DisposableStore, MutableDisposable, type Disposable } from '../../base/disposable.ts';
import { FleetError, isFleetError, messageOf } from '../../base/errors.ts';
import type { Clock, Logger, Timers } from '../../base/ports.ts';
import { diskReason } from '../diskReason.ts';
import { journalFormat } from '../journal/record.ts';
import { corruptName } from '../journal/segmentNames.ts';
import { RecordReader } from '../projection/bodies.ts';
import { applyTail, recover, type Recovered } from '../projection/recovery.ts';
import { Snapshots } from '../projection/snapshots.ts';
import type { SqlEngine } from '../sqlEngine.ts';
import type { StorageFiles } from '../storageFiles.ts';
import type { OpenResult, RegistryLimits, WorkerAdvance, WorkerEvent, WorkerMessage, WorkerRequest, WorkerRole } from './contract.ts';
import { newerFormat, readV1 } from './readV1.ts';
import { errorOf, Upkeep, type OpenRegistry } from './upkeep.ts';

/** Watching misses files now and then, and folders that are not there yet. */
const pollMs = 200;
/** So many records are far: what is held in memory until they are read is written once. */
const farBehind = 2_000;
/** A rebuild that read so many bytes leaves the engine with far more memory than it needs. */
const respawnBytes = 32 * 1024 * 1024;

export interface RegistryServerOptions {
  /** Absolute path of the registry's folder. */
  readonly folder: string;
  readonly engine: SqlEngine;
  readonly files: StorageFiles;
  readonly limits: RegistryLimits;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly post: (message: WorkerMessage) => void;
}

type Request = Exclude<WorkerRequest, { method: 'snapshot' | 'compact' }>;

/** The worker's side of the contract: reads the journal, answers queries, and as owner keeps snapshots and segments in order. */
export class RegistryServer {
  readonly #options: RegistryServerOptions;
  readonly #journalFolder: string;
  readonly #snapshots: Snapshots;
  readonly #logger: Logger;
  /** Requests and reading, one after the other: an answer never sees half of what another one does. */
  readonly #queue = new SerialQueue();
  readonly #watching = new MutableDisposable<Disposable>();
  #role: WorkerRole = 'reader';
  #registry: OpenRegistry | undefined;
  #upkeep: Upkeep | undefined;
  #found: Recovered | undefined;
  #setAside: readonly string[] = [];
  /** It was asked to open; a failure is made good at the next request. */
  #wanted = false;
  /** Journal bytes that were read behind the snapshot. */
  #bytesBehind = 0;
  #advanced = 0;
  #pumping = false;
  #lastFault = '';

  constructor(options: RegistryServerOptions) {
    const { folder, files, clock, post } = options;
    this.#options = options;
    this.#journalFolder = join(folder, 'journal');
    const log = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, error?: unknown) =>
      post({ event: 'log', level, message: error === undefined ? message : `${message}: ${messageOf(error)}` });
    this.#logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
    this.#snapshots = new Snapshots({ folder: join(folder, 'snapshots'), files, clock, logger: this.#logger });
  }

  receive(message: WorkerRequest | WorkerAdvance): void {
    if (message.method === 'advance') {
      this.#advanced = Math.max(this.#advanced, message.params.q);
      this.#pump();
      return;
    }
    detach(this.#answer(message), this.#logger, message.method);
  }

  async #answer(message: WorkerRequest): Promise<void> {
    const { post } = this.#options;
    const { id } = message;
    try {
      const long = message.method === 'snapshot' || message.method === 'compact';
      const result = await (long ? this.#maintain(message.method, message.params.upTo) : this.#queue.add(() => this.#handle(message)));
      post({ id, ok: true, result });
    } catch (error) {
      post({ id, ok: false, error: errorOf(error) });
    }
  }

  /** What takes long does not keep the queries waiting. */
  async #maintain(method: 'snapshot' | 'compact', upTo: number): Promise<unknown> {
    await this.#queue.add(() => this.#reach(upTo));
    const upkeep = this.#upkeep;
    if (upkeep === undefined) throw new FleetError('NotOwner', 'Only the window that owns the registry writes to it.');
    if (method === 'snapshot') return { q: await upkeep.snapshot() };
    const base = await upkeep.compact();
    return base === undefined ? {} : { upTo: base };
  }

  async #handle({ method, params }: Request): Promise<unknown> {
    switch (method) {
      case 'open':
        return this.#open(params.role);
      case 'become':
        return this.#become(params.role);
      case 'close':
        await this.#close();
        return null;
      case 'readV1': {
        const { folder, files, engine, clock } = this.#options;
        return readV1({ folder, files, engine: () => engine.load(), now: Math.max(0, Math.round(clock.now())) });
      }
      case 'query':
        return (await this.#reach(params.upTo)).projection.queries.query(params.query).sessions;
      case 'load':
        return this.#withBodies(params.upTo, ({ projection, records }) => projection.queries.load(params.sessionId, records));
      case 'search':
        return (await this.#reach(params.upTo)).projection.queries.search(params.search);
      case 'counts':
        return (await this.#reach(params.upTo)).projection.queries.counts();
      case 'history':
        return this.#withBodies(params.upTo, ({ projection, records }) => projection.queries.history(params.sessionId, params, records));
      case 'auditTrail':
        return (await this.#reach(params.upTo)).projection.queries.auditTrail(params);
      case 'completions':
        return (await this.#reach(params.upTo)).projection.queries.completions(params);
    }
  }

  async #open(role: WorkerRole): Promise<OpenResult> {
    this.#wanted = true;
    this.#role = role;
    await this.#drop();
    await this.#recover();
    return this.#result();
  }

  async #become(role: WorkerRole): Promise<OpenResult> {
    if (this.#registry === undefined) return this.#open(role);
    await this.#read(Infinity);
    if (role === this.#role) return this.#result();
    const upkeep = this.#upkeep;
    this.#leaveRole();
    await upkeep?.idle();
    this.#role = role;
    await this.#enterRole();
    return this.#result();
  }

  async #close(): Promise<void> {
    this.#wanted = false;
    const { limits } = this.#options;
    const upkeep = this.#upkeep;
    upkeep?.dispose();
    if (upkeep !== undefined && upkeep.bytesSince >= limits.snapshotIdleBytes) {
      await upkeep.snapshot().catch((error: unknown) => this.#logger.warn('no snapshot was written at the end', error));
    }
    await this.#drop();
  }

  /** Ends what is under way and forgets the registry. */
  async #drop(): Promise<void> {
    const upkeep = this.#upkeep;
    this.#leaveRole();
    await upkeep?.idle();
    const registry = this.#registry;
    this.#registry = undefined;
    await registry?.tail.close();
    registry?.projection.close();
  }

  async #recover(): Promise<void> {
    const { files, engine, clock, folder } = this.#options;
    const newerVersion = await newerFormat(folder, files);
    if (newerVersion !== undefined) {
      const what = `registry.db has format ${newerVersion}; the registry is left alone`;
      this.#found = { newerVersion, damaged: [], rungs: [{ step: 'newer', what }], epoch: 0, replayed: 0, replayedBytes: 0, restored: false };
      return;
    }
    try {
      this.#found = await recover({
        folder: this.#journalFolder, files, snapshots: this.#snapshots, engine: () => engine.load(), clock, logger: this.#logger,
      });
    } catch (error) {
      if (isFleetError(error)) throw error;
      throw new FleetError('RegistryUnreadable', `The fleet cannot be read from ${folder}. ${diskReason(error, folder)}`, { cause: error });
    }
    this.#setAside = [];
    const { opened, replayedBytes } = this.#found;
    if (opened === undefined) return;
    this.#registry = { ...opened, records: new RecordReader(this.#journalFolder) };
    this.#bytesBehind = replayedBytes;
    await this.#enterRole();
  }

  async #enterRole(): Promise<void> {
    const registry = this.#registry;
    if (registry === undefined) return;
    if (this.#role === 'reader') {
      this.#watching.value = this.#watch();
      return;
    }
    const { files, limits, clock, timers, post } = this.#options;
    const { snapshot, damaged = [], replayedBytes = 0, restored = false } = this.#found ?? {};
    await this.#putAside(damaged);
    const upkeep = new Upkeep({
      folder: this.#journalFolder, files, snapshots: this.#snapshots, limits, clock, timers, logger: this.#logger, registry,
      bytesSince: this.#bytesBehind,
      exclusively: (task) => this.#queue.add(task),
      tell: post,
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    this.#upkeep = upkeep;
    await upkeep.tidy();
    // Without a snapshot the next start would read all of it again; and what a base covers can only go once there is one.
    const rebuilt = snapshot === undefined && (replayedBytes >= limits.snapshotIdleBytes || registry.tail.survey.covered.length > 0);
    // A loss is told once: the snapshot remembers that it was seen.
    if (!rebuilt && !restored) return;
    const saved = upkeep.snapshot(restored).then(() => {
      if (replayedBytes >= respawnBytes) post({ event: 'respawn', why: `${replayedBytes} bytes of journal were read` });
    });
    saved.catch((error: unknown) => post({ event: 'fault', what: 'snapshot', error: errorOf(error) }));
  }

  #leaveRole(): void {
    this.#watching.value = undefined;
    this.#upkeep?.dispose();
    this.#upkeep = undefined;
  }

  /** Damaged snapshots and markers get another name, so that nobody stumbles over them again. Best effort. */
  async #putAside(damaged: Recovered['damaged']): Promise<void> {
    const { files, clock } = this.#options;
    const moved: string[] = [];
    const attempt = async (move: () => Promise<string>): Promise<void> => {
      try {
        moved.push(await move());
      } catch (error) {
        this.#logger.warn('a damaged file could not be set aside', error);
      }
    };
    for (const snapshot of damaged) await attempt(() => this.#snapshots.setAside(snapshot));
    for (const name of this.#registry?.tail.survey.badMarkers ?? []) {
      const path = join(this.#journalFolder, name);
      const target = corruptName(path, clock.now());
      await attempt(() => files.rename(path, target).then(() => target));
    }
    if (this.#found !== undefined) this.#found = { ...this.#found, damaged: [] };
    this.#setAside = moved;
  }

  #result(): OpenResult {
    const found = this.#found;
    const registry = this.#registry;
    const { rungs = [], epoch = 0, replayed = 0, restored = false, newerVersion } = found ?? {};
    if (registry === undefined) {
      const newer = newerVersion === undefined ? {} : { newerVersion };
      return { sessions: [], skipped: 0, lost: 0, setAside: [], lastQ: 0, epoch, rungs, replayed, ...newer };
    }
    const { projection, tail } = registry;
    const { sessions, skipped } = projection.queries.sessionsInList();
    return {
      sessions,
      ...(projection.feedSeq === 0 ? {} : { feedSeq: projection.feedSeq }),
      skipped: projection.skipped + skipped,
      lost: projection.lost,
      setAside: this.#setAside,
      lastQ: projection.lastQ,
      epoch: Math.max(epoch, tail.survey.epoch),
      rungs,
      replayed,
      ...(restored ? { restored } : {}),
    };
  }

  /** The registry with all records up to `upTo`, as far as they are there. */
  async #reach(upTo: number): Promise<OpenRegistry> {
    if (this.#registry === undefined && this.#wanted) await this.#recover();
    if (this.#registry === undefined) throw new FleetError('NotOpen', 'The registry is not open.');
    if (this.#registry.projection.lastQ < upTo) await this.#read(upTo);
    return this.#registry;
  }

  /** Answers from the journal's bodies; if some are gone because of a compaction elsewhere, once more from what is there now. */
  async #withBodies<T>(upTo: number, read: (registry: OpenRegistry) => T): Promise<T> {
    const registry = await this.#reach(upTo);
    const before = registry.projection.queries.missingBodies;
    const result = read(registry);
    if (registry.projection.queries.missingBodies === before) return result;
    await this.#read(Infinity);
    return this.#registry === registry || this.#registry === undefined ? result : read(this.#registry);
  }

  async #read(upTo: number): Promise<void> {
    while ((this.#registry?.projection.lastQ ?? Infinity) < upTo && (await this.#step(upTo)) === 'read');
  }

  /** Reads and applies one slice of the journal, which is to be read up to `goal`. `moved`: the registry was opened anew. */
  async #step(goal: number): Promise<'read' | 'end' | 'moved'> {
    const registry = this.#registry;
    if (registry === undefined) return 'end';
    const { projection, tail } = registry;
    let batch = await tail.next(projection.lastQ);
    if (batch === undefined) {
      const look = await tail.look(projection.lastQ);
      batch = look === 'rebased' || look === 'void' ? 'gone' : await tail.next(projection.lastQ);
    }
    if (batch === undefined) return 'end';
    if (batch === 'gone') {
      await this.#reopen();
      return 'moved';
    }
    // A newer version of the extension owns the registry now: what is shown stays as it is.
    if ((batch.head?.format ?? 0) > journalFormat) throw new FleetError('NewerRegistry', `The registry is of format ${batch.head?.format} now; this version knows ${journalFormat}.`);
    const { changed, removed } = applyTail(projection, batch, tail.survey, goal - projection.lastQ > farBehind);
    this.#bytesBehind += batch.bytes;
    this.#upkeep?.noted(batch);
    if (this.#role === 'reader' && changed.length + removed.length > 0) {
      this.#tellDelta({ event: 'delta', delta: { sessions: projection.queries.listed(changed), removed }, lastQ: projection.lastQ });
    }
    return 'read';
  }

  /** The files are not the ones any more that the projection was made from. */
  async #reopen(): Promise<void> {
    this.#logger.info('the journal was compacted or replaced: the registry is opened anew');
    await this.#drop();
    await this.#recover();
    const { sessions, lastQ } = this.#result();
    if (this.#role === 'reader') this.#tellDelta({ event: 'delta', delta: { sessions, removed: [], complete: true }, lastQ });
  }

  #tellDelta(event: Extract<WorkerEvent, { event: 'delta' }>): void {
    const feedSeq = this.#registry?.projection.feedSeq ?? 0;
    this.#options.post(feedSeq === 0 ? event : { ...event, feedSeq });
  }

  /** Reads what was announced, slice by slice: requests that wait come in between. */
  #pump(): void {
    if (this.#pumping || this.#registry === undefined || this.#registry.projection.lastQ >= this.#advanced) return;
    this.#pumping = true;
    const step = this.#queue.add(() => this.#step(this.#advanced)).then((outcome) => {
      this.#lastFault = '';
      return outcome === 'read';
    });
    step
      .catch((error: unknown) => this.#fault(error))
      .then((more) => {
        this.#pumping = false;
        if (more === true) this.#pump();
      })
      .catch((error: unknown) => this.#logger.error('reading the journal', error));
  }

  #fault(error: unknown): void {
    const fault = errorOf(error);
    if (fault.message === this.#lastFault) return;
    this.#lastFault = fault.message;
    this.#options.post({ event: 'fault', what: 'tail', error: fault });
  }

  /** As reader: looks at the journal again and again, and soon after each change. */
  #watch(): Disposable {
    const { files, timers } = this.#options;
    const store = new DisposableStore();
    const watcher = store.add(new MutableDisposable<Disposable>());
    let busy = false;
    let hinted = false;
    const look = (): void => {
      hinted = true;
      if (busy) return;
      busy = true;
      const run = async (): Promise<void> => {
        while (hinted && !store.isDisposed) {
          hinted = false;
          watcher.value ??= watchIfThere(files, this.#journalFolder, look);
          // A reader that is behind must not keep its requests waiting.
          while (!store.isDisposed && (await this.#queue.add(() => this.#step(0))) === 'read');
        }
        this.#lastFault = '';
      };
      run()
        .catch((error: unknown) => this.#fault(error))
        .finally(() => (busy = false))
        .catch((error: unknown) => this.#logger.error('looking at the journal', error));
    };
    store.add(timers.every(pollMs, look));
    look();
    return store;
  }
}

function watchIfThere(files: StorageFiles, folder: string, changed: () => void): Disposable | undefined {
  try {
    return files.watch(folder, changed);
  } catch {
    return undefined;
  }
}
