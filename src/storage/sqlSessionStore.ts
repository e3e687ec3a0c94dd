import { hostname } from 'node:os';
import { SerialQueue } from '../base/async.ts';
import { MutableDisposable } from '../base/disposable.ts';
import { FleetError, messageOf } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { HistoryEntry, OpenReport, ProcessProbe, SessionChange, SessionQuery, SessionStore, StoreHealth } from '../core/ports.ts';
import type { ProcessIdentity, Session } from '../core/session.ts';
import { diskReason } from './diskReason.ts';
import { FolderWatch } from './folderWatch.ts';
import { RegistryDatabase } from './registryDatabase.ts';
import { RegistryLock } from './registryLock.ts';
import { historyRowOf, sessionRow } from './rows.ts';
import { schemaVersion } from './schema.ts';
import { sealOf } from './seal.ts';
import { SnapshotFiles, type Loaded } from './snapshotFiles.ts';
import { SnapshotSaver } from './snapshotSaver.ts';
import { SqlEngine } from './sqlEngine.ts';
import { nodeFiles, type StorageFiles } from './storageFiles.ts';

export interface SqlSessionStoreOptions {
  /** Absolute path; made when the first session is stored. See `registryFolder`. */
  readonly folder: string;
  /** Gives the bytes of `sql-wasm.wasm` of sql.js 1.16.0. */
  readonly loadWasm: () => Promise<Uint8Array>;
  /** Identity of this process, for the lock: without start time and boot id others cannot prove its death. */
  readonly identify: () => Promise<ProcessIdentity>;
  readonly probe: ProcessProbe;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Default: the real ones. */
  readonly files?: StorageFiles;
  /** Name of this machine. Default: the system's. */
  readonly host?: string;
}

type Change = (database: RegistryDatabase) => void;

/**
 * - `closed`: before `open` succeeded and after `close`.
 * - `candidate`: nothing is stored yet, or the folder cannot be written; the lock is taken at the first save.
 * - `owner`: holds the lock.
 * - `reader`: another process holds it, or the registry is of a newer version.
 */
type Role = 'closed' | 'candidate' | 'owner' | 'reader';

/** The registry in one SQLite file. See README.md for the files, `SessionStore` for the rules. */
export class SqlSessionStore implements SessionStore {
  readonly #options: SqlSessionStoreOptions;
  readonly #files: StorageFiles;
  readonly #engine: SqlEngine;
  readonly #snapshots: SnapshotFiles;
  readonly #lock: RegistryLock;
  readonly #saver: SnapshotSaver;
  readonly #watch = new MutableDisposable<FolderWatch>();
  /** Everything but saving goes through here, in the order of the calls. */
  readonly #queue = new SerialQueue();
  readonly #healthChanges: Emitter<StoreHealth>;
  readonly #changesElsewhere: Emitter<readonly Session[]>;
  readonly #ownerships: Emitter<OpenReport>;
  #role: Role = 'closed';
  #closing: Promise<void> | undefined;
  #health: StoreHealth = { persisted: true };
  #database: RegistryDatabase | undefined;
  /** Changes that are in no snapshot on the disk, oldest first: they are made again on whatever is loaded. */
  #unsaved: Change[] = [];
  #newerVersion: number | undefined;

  constructor(options: SqlSessionStoreOptions) {
    const { folder, clock, timers, logger } = options;
    this.#options = options;
    this.#files = options.files ?? nodeFiles;
    this.#engine = new SqlEngine(options.loadWasm);
    this.#snapshots = new SnapshotFiles(folder, this.#files, clock, logger);
    this.#lock = new RegistryLock({ ...options, files: this.#files, host: options.host ?? hostname() });
    this.#saver = new SnapshotSaver({
      clock,
      timers,
      logger,
      folder,
      save: () => this.#save(),
      attempted: (reason) => this.#tellHealth(reason),
    });
    this.#healthChanges = new Emitter(logger);
    this.#changesElsewhere = new Emitter(logger);
    this.#ownerships = new Emitter(logger);
    this.onDidChangeHealth = this.#healthChanges.event;
    this.onDidChangeElsewhere = this.#changesElsewhere.event;
    this.onDidBecomeOwner = this.#ownerships.event;
  }

  readonly onDidChangeHealth;
  readonly onDidChangeElsewhere;
  readonly onDidBecomeOwner;

  get health(): StoreHealth {
    return this.#health;
  }

  /** @throws FleetError `EngineFailed`, `RegistryUnreadable`: may be called again; every other use tries again, too. */
  open(): Promise<OpenReport> {
    return this.#queue.add(() => this.#open());
  }

  /** @throws FleetError `NotPersisted`, `NotOwner`, `NewerRegistry`, `AlreadyRegistered`, `HistoryExists`, `InvalidSession`, `InvalidHistory`. */
  async registerActive(change: SessionChange): Promise<void> {
    const [row, history] = [sessionRow(change.session), change.history.map(historyRowOf)];
    await this.#write((database) => database.insert(row, history));
  }

  /** @throws FleetError as `registerActive`, and `NotFound`. */
  async update(change: SessionChange): Promise<void> {
    const [row, history] = [sessionRow(change.session), change.history.map(historyRowOf)];
    await this.#write((database) => database.replace(row, history));
  }

  /** @throws FleetError as `update`. */
  markTerminal(change: SessionChange): Promise<void> {
    return this.update(change);
  }

  /** @throws FleetError as `update`. */
  async appendEvent(entry: HistoryEntry): Promise<void> {
    const row = historyRowOf(entry);
    await this.#write((database) => database.append(row));
  }

  /** @throws FleetError `NotPersisted`, `NotOwner`, `NewerRegistry`. */
  remove(sessionIds: readonly string[]): Promise<void> {
    return this.#write((database) => database.remove(sessionIds));
  }

  async query(query: SessionQuery): Promise<readonly Session[]> {
    return (await this.#read((database) => database.sessions(query).sessions)) ?? [];
  }

  async history(sessionId: string, options: { afterSeq?: number; limit?: number } = {}): Promise<readonly HistoryEntry[]> {
    return (await this.#read((database) => database.history(sessionId, options.afterSeq ?? 0, options.limit ?? 0))) ?? [];
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // What was asked for before is finished first; what comes now is refused.
    await this.#queue.idle();
    this.#watch.dispose();
    await this.#saver.flush();
    this.#saver.dispose();
    await this.#queue.idle();
    await this.#lock.release();
    this.#lock.dispose();
    this.#role = 'closed';
    this.#database?.close();
    this.#database = undefined;
    for (const emitter of [this.#healthChanges, this.#changesElsewhere, this.#ownerships]) emitter.dispose();
  }

  async #write(change: Change): Promise<void> {
    this.#refuseIfClosing();
    const { saved } = await this.#queue.add(async () => {
      await this.#ensureOpen();
      if (this.#role === 'reader') throw this.#notWritable();
      if (this.#database === undefined) {
        // Without the engine the change waits in memory; the saver tries to load it again and tells why it cannot.
        await this.#makeDatabase().catch((error: unknown) => this.#options.logger.warn('a change waits', error));
      }
      if (this.#database !== undefined) change(this.#database);
      this.#unsaved.push(change);
      return { saved: this.#saver.changed() };
    });
    await saved;
  }

  #read<T>(read: (database: RegistryDatabase) => T): Promise<T | undefined> {
    this.#refuseIfClosing();
    return this.#queue.add(async () => {
      await this.#ensureOpen();
      if (this.#database === undefined && this.#unsaved.length > 0) await this.#makeDatabase();
      return this.#database === undefined ? undefined : read(this.#database);
    });
  }

  async #ensureOpen(): Promise<void> {
    if (this.#role !== 'closed') return;
    this.#announce(await this.#open());
  }

  async #open(): Promise<OpenReport> {
    this.#refuseIfClosing();
    if (this.#role !== 'closed') return this.#report(noFindings);
    if (await this.#snapshots.exist()) return this.#contend();
    this.#become('candidate');
    return this.#report(noFindings);
  }

  /** Tries to be the owner, and loads what is there. */
  async #contend(): Promise<OpenReport> {
    let lock: 'acquired' | 'held' | 'impossible';
    let reason: string | undefined;
    try {
      lock = await this.#lock.acquire();
    } catch (error) {
      lock = 'impossible';
      reason = diskReason(error, this.#options.folder);
      this.#options.logger.warn('the registry lock could not be made', error);
    }
    const found = lock === 'acquired' ? await this.#loadAsOwner() : await this.#load(false);
    if (found.newerVersion !== undefined || lock === 'held') this.#become('reader');
    else this.#become(lock === 'acquired' ? 'owner' : 'candidate');
    this.#tellHealth(reason);
    return this.#report(found);
  }

  /** With the lock in hand. Lets it go if the registry cannot be used. */
  async #loadAsOwner(): Promise<Findings> {
    try {
      await this.#snapshots.removeStrays();
      const found = await this.#load(true);
      if (found.newerVersion !== undefined) await this.#lock.release();
      return found;
    } catch (error) {
      await this.#lock.release();
      throw error;
    }
  }

  async #load(asOwner: boolean): Promise<Findings> {
    const found = (await this.#snapshots.exist()) ? await this.#loadFiles(asOwner) : noFindings;
    this.#newerVersion = found.newerVersion;
    this.#database?.close();
    this.#database = found.content;
    if (this.#database !== undefined) this.#makeAgain(this.#database);
    else if (this.#unsaved.length > 0) await this.#makeDatabase();
    if (found.restored) this.#options.logger.warn('the newest snapshot was damaged; the one before it is used, the last changes are missing');
    return found;
  }

  async #loadFiles(asOwner: boolean): Promise<Findings> {
    const engine = await this.#engine.load();
    const now = this.#options.clock.now();
    return this.#snapshots.load((image) => new RegistryDatabase(engine, image, now), asOwner);
  }

  async #makeDatabase(): Promise<void> {
    const engine = await this.#engine.load();
    if (this.#database !== undefined) return;
    this.#database = new RegistryDatabase(engine, undefined, this.#options.clock.now());
    this.#makeAgain(this.#database);
  }

  #makeAgain(database: RegistryDatabase): void {
    this.#unsaved = this.#unsaved.filter((change) => {
      try {
        change(database);
        return true;
      } catch (error) {
        this.#options.logger.error('a change does not fit what is stored and was left out', error);
        return false;
      }
    });
  }

  /** One save, for the saver. @returns how long it kept this thread, milliseconds. */
  async #save(): Promise<number> {
    await this.#claim();
    if (this.#database === undefined) await this.#makeDatabase();
    const database = this.#database;
    if (database === undefined) throw new Error('There is no database.');
    const contained = this.#unsaved.length;
    const began = this.#options.clock.monotonic();
    const image = database.export();
    const seal = sealOf(image);
    const blockedMs = this.#options.clock.monotonic() - began;
    await this.#snapshots.save(image, seal);
    this.#unsaved.splice(0, contained);
    return blockedMs;
  }

  /**
   * Makes sure that we are the owner before anything is written: at the first save, and when the lock or the whole
   * folder was removed under us. Who lost the lock to another window becomes its reader.
   */
  async #claim(): Promise<void> {
    if (this.#role === 'owner' && (await this.#lock.isOurs())) return;
    await this.#files.makeFolder(this.#options.folder);
    if ((await this.#lock.acquire()) === 'held') {
      await this.#yield();
      throw this.#notWritable();
    }
    // A candidate has read without the lock, if at all; an owner only has to look if somebody wrote in between.
    if (this.#role !== 'owner' || (await this.#snapshots.changedElsewhere())) {
      const found = await this.#loadAsOwner();
      if (found.newerVersion !== undefined) {
        await this.#yield();
        throw this.#notWritable();
      }
      if (found.content !== undefined) this.#ownerships.fire(this.#report(found, 'owner'));
    }
    this.#become('owner');
  }

  async #yield(): Promise<void> {
    if (this.#unsaved.length > 0) this.#options.logger.warn(`another window manages the fleet: ${this.#unsaved.length} changes of this one are dropped`);
    this.#unsaved = [];
    this.#become('reader');
    this.#announce(this.#report(await this.#load(false)));
  }

  /** A look into the folder, for who is not the owner. */
  async #look(): Promise<void> {
    if (this.#closing !== undefined || (this.#role !== 'candidate' && this.#role !== 'reader')) return;
    // With changes to save, the saver contends for the lock.
    if (this.#role === 'candidate' && (this.#unsaved.length > 0 || !(await this.#snapshots.exist()))) return;
    if (this.#newerVersion === undefined && (await this.#mayOwn())) {
      const found = await this.#loadAsOwner();
      this.#become(found.newerVersion === undefined ? 'owner' : 'reader');
      this.#tellHealth(undefined);
      this.#announce(this.#report(found));
    } else if (this.#role === 'reader' && (await this.#snapshots.changedElsewhere())) {
      const found = await this.#load(false);
      this.#tellHealth(undefined);
      this.#announce(this.#report(found));
    }
  }

  async #mayOwn(): Promise<boolean> {
    try {
      if ((await this.#lock.acquire()) === 'acquired') return true;
      if (this.#role === 'candidate') await this.#yield();
    } catch (error) {
      this.#options.logger.debug(`the registry lock cannot be had: ${messageOf(error)}`);
    }
    return false;
  }

  #become(role: 'candidate' | 'owner' | 'reader'): void {
    if (this.#role === role) return;
    this.#role = role;
    const { folder, timers, logger } = this.#options;
    const look = (): Promise<void> =>
      this.#queue.add(() => this.#look()).catch((error: unknown) => logger.warn('the registry could not be looked at', error));
    this.#watch.value = role === 'owner' ? undefined : new FolderWatch(this.#files, folder, timers, look);
  }

  #announce(report: OpenReport): void {
    if (report.role === 'owner') this.#ownerships.fire(report);
    else this.#changesElsewhere.fire(report.sessions);
  }

  #report(found: Findings, role: OpenReport['role'] = this.#role === 'reader' ? 'reader' : 'owner'): OpenReport {
    const read = this.#database?.sessions({});
    return {
      sessions: read?.sessions ?? [],
      skippedRows: read?.skipped ?? 0,
      role,
      ...(found.setAside[0] === undefined ? {} : { setAside: found.setAside[0] }),
      ...(found.restored ? { restored: true } : {}),
      ...(found.newerVersion === undefined ? {} : { newerVersion: found.newerVersion }),
    };
  }

  #tellHealth(reason: string | undefined): void {
    const why = this.#newerVersion === undefined ? reason : newerReason(this.#newerVersion);
    const was = this.#health.persisted ? undefined : this.#health.reason;
    if (why === was) return;
    this.#health = why === undefined ? { persisted: true } : { persisted: false, reason: why };
    this.#healthChanges.fire(this.#health);
  }

  #notWritable(): FleetError {
    if (this.#newerVersion !== undefined) return new FleetError('NewerRegistry', newerReason(this.#newerVersion));
    return new FleetError('NotOwner', 'Another window manages this fleet.');
  }

  #refuseIfClosing(): void {
    if (this.#closing !== undefined) throw new FleetError('Closed', 'The fleet is closed.');
  }
}

type Findings = Loaded<RegistryDatabase>;

const noFindings: Findings = { content: undefined, restored: false, setAside: [] };

function newerReason(version: number): string {
  return `The fleet was saved by a newer version of Agent Fleet (format ${version}; this version knows ${schemaVersion}). Update the extension. Nothing is changed until then.`;
}
