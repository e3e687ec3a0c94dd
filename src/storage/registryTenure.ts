import { join } from 'node:path';
import { detach } from '../base/async.ts';
import type { Disposable } from '../base/disposable.ts';
import type { FleetError } from '../base/errors.ts';
import type { Clock, Logger } from '../base/ports.ts';
import { selectSessions } from '../core/lookups.ts';
import type { RegistryDelta } from '../core/ports.ts';
import type { JournalFiles } from './journal/journalFiles.ts';
import { JournalWriter } from './journal/journalWriter.ts';
import { finishRetiring, isHalfRetired, mayBeOld, migrate } from './migration.ts';
import type { RegistryLock } from './registryLock.ts';
import type { StorageFiles } from './storageFiles.ts';
import type { OpenResult, RegistryLimits, WorkerRole } from './worker/contract.ts';
import type { OldRegistry } from './worker/readV1.ts';
import { RegistryWorker } from './worker/workerClient.ts';

/**
 * - `closed`: before `open` succeeded and after `close`.
 * - `candidate`: nothing is stored yet, or the folder cannot be written; the lock is taken at the first write.
 * - `owner`: holds the lock, and writes.
 * - `reader`: another process holds it, or the registry is of a newer version.
 */
export type Role = 'closed' | 'candidate' | 'owner' | 'reader';

export interface RegistryTenureOptions {
  /** Absolute path of the registry's folder. */
  readonly folder: string;
  readonly worker: { readonly entry: URL | string; readonly wasmFile: string; readonly limits?: Partial<RegistryLimits> };
  readonly files: StorageFiles;
  readonly journalFiles: JournalFiles;
  readonly segmentBytes?: number;
  readonly lock: RegistryLock;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another window wrote. */
  readonly onDelta: (delta: RegistryDelta) => void;
  readonly onFault: (what: string, error: FleetError) => void;
}

/** What an attempt to open or to own the registry gave. */
export interface Found {
  /** `undefined`: nothing is stored yet. */
  readonly content: OpenResult | undefined;
  /** Why this window cannot write although nobody else does; the system's error. */
  readonly obstacle?: unknown;
}

/** What is found where nothing is stored. */
const nothing: OpenResult = { sessions: [], skipped: 0, lost: 0, setAside: [], lastQ: 0, epoch: 0, rungs: [], replayed: 0 };

/**
 * Who may write the registry: role, lock, journal and worker of this window. Not safe for concurrent calls: its user calls one after
 * the other.
 */
export class RegistryTenure implements Disposable {
  readonly #options: RegistryTenureOptions;
  #role: Role = 'closed';
  #journal: JournalWriter | undefined;
  #worker: RegistryWorker | undefined;
  #newerVersion: number | undefined;
  #lastQ = 0;
  #epoch = 0;

  constructor(options: RegistryTenureOptions) {
    this.#options = options;
  }

  get role(): Role {
    return this.#role;
  }

  /** Open while this window owns the registry and the disk takes it. */
  get journal(): JournalWriter | undefined {
    return this.#journal;
  }

  /** `undefined` while nothing is stored. */
  get worker(): RegistryWorker | undefined {
    return this.#worker;
  }

  /** Format of the registry when a newer version of the extension wrote it. */
  get newerVersion(): number | undefined {
    return this.#newerVersion;
  }

  /** Newest record that is known to be in the journal. */
  get lastQ(): number {
    return Math.max(this.#lastQ, (this.#journal?.nextQ ?? 1) - 1);
  }

  /** Looks at what is there, and owns it if nobody else does. Creates nothing on a fresh workspace. */
  async open(): Promise<Found> {
    if (!(await this.exists())) {
      this.#role = 'candidate';
      return { content: undefined };
    }
    let lock: 'acquired' | 'held' | 'impossible';
    let obstacle: unknown;
    try {
      lock = await this.#options.lock.acquire();
    } catch (error) {
      lock = 'impossible';
      obstacle = error;
    }
    if (lock === 'acquired') return this.#own();
    const content = await this.#read();
    const isReader = lock === 'held' || content.newerVersion !== undefined;
    const old = isReader ? undefined : await this.#readOld();
    this.#role = isReader ? 'reader' : 'candidate';
    return isReader ? { content } : { content: withOld(content, old), obstacle };
  }

  /** What is there now, for who has opened it already. */
  async look(): Promise<Found> {
    if (this.#newerVersion !== undefined) return { content: { ...nothing, newerVersion: this.#newerVersion } };
    if (this.#worker === undefined) return { content: undefined };
    return { content: await this.#worker.call('become', { role: this.#role === 'owner' ? 'owner' : 'reader' }) };
  }

  /** Whether anything is stored. */
  async exists(): Promise<boolean> {
    const { files, folder } = this.#options;
    const names = await files.list(folder);
    return names.includes('journal') || names.includes('snapshots') || names.some((name) => name.startsWith('registry.db'));
  }

  /**
   * Makes sure that this window may write, and can: at the first write of a fresh workspace, and after the disk failed or somebody
   * removed the lock or the whole folder. @returns what was read anew, if anything was. The role is `owner` or `reader` then.
   * `vanished`: the journal that this window wrote is gone.
   * @throws the system's error.
   */
  async claim(): Promise<Found & { readonly vanished: boolean }> {
    const { files, folder, lock } = this.#options;
    const isThere = await this.#isThere();
    if (this.#role === 'owner' && this.#journal !== undefined && isThere && (await lock.isOurs())) {
      await this.#journal.rescue();
      return { content: undefined, vanished: false };
    }
    const vanished = this.#role === 'owner' && this.#worker !== undefined && !isThere;
    await files.makeFolder(folder);
    if ((await lock.acquire()) === 'held') return { content: await this.becomeReader(), vanished: false };
    // What could not be synced must be in the files before they are read anew, and nothing may be added while they are.
    if (!vanished) await this.#journal?.rescue();
    await this.#closeJournal();
    const found = this.#worker === undefined && !(await this.exists()) ? await this.#begin() : await this.#own();
    return { ...found, vanished };
  }

  /** Takes the lock if its holder is proven dead or gone. @returns what is in the registry if this window owns it now. @throws the system's error. */
  async succeed(): Promise<Found | 'held'> {
    if (this.#newerVersion !== undefined || (await this.#options.lock.acquire()) !== 'acquired') return 'held';
    return this.#own();
  }

  /** Another window owns the registry. */
  async becomeReader(): Promise<OpenResult> {
    await this.#closeJournal();
    // A heartbeat of ours would keep a damaged lock alive for ever.
    await this.#options.lock.release();
    const content = await this.#read();
    this.#role = 'reader';
    return content;
  }

  /** Whether this window still holds the lock that it believes to hold. */
  async isOurs(): Promise<boolean> {
    return this.#options.lock.isOurs();
  }

  async close(): Promise<void> {
    const { lock, logger } = this.#options;
    await this.#closeJournal();
    await this.#worker?.call('close', {}).catch((error: unknown) => logger.warn('the registry worker did not close', error));
    this.dispose();
    await lock.release();
    this.#role = 'closed';
  }

  dispose(): void {
    this.#worker?.dispose();
    this.#worker = undefined;
    this.#options.lock.dispose();
  }

  get #journalFolder(): string {
    return join(this.#options.folder, 'journal');
  }

  async #isThere(): Promise<boolean> {
    return (await this.#options.files.identity(this.#journalFolder)) !== undefined;
  }

  /** With the lock in hand. Lets it go if the registry cannot be used. */
  async #own(): Promise<Found> {
    const { lock } = this.#options;
    try {
      const content = await this.#openWorker('owner');
      if (content.newerVersion !== undefined) {
        await lock.release();
        this.#role = 'reader';
        return { content };
      }
      const old = await this.#readOld();
      this.#role = 'owner';
      return await this.#openJournal(content, old);
    } catch (error) {
      // Without the lock nobody may look after the files.
      await this.#read().catch((reason: unknown) => this.#options.logger.warn('the registry worker did not become a reader again', reason));
      await lock.release();
      throw error;
    }
  }

  /** With the lock in hand, where nothing is stored yet: the first write does not wait for the worker. */
  async #begin(): Promise<Found> {
    this.#role = 'owner';
    const found = await this.#openJournal(nothing, undefined);
    if (found.obstacle === undefined) detach(this.#openWorker('owner'), this.#options.logger, 'starting the registry worker');
    return { ...found, content: undefined };
  }

  /** What a registry of version 1 left. */
  async #readOld(): Promise<OldRegistry | undefined> {
    const { files, folder } = this.#options;
    return mayBeOld(await files.list(folder)) ? this.#needWorker().call('readV1', {}) : undefined;
  }

  async #openJournal(content: OpenResult, old: OldRegistry | undefined): Promise<Found> {
    const { files, journalFiles, folder, clock, logger, segmentBytes } = this.#options;
    let journal: JournalWriter | undefined;
    try {
      await files.makeFolder(this.#journalFolder);
      // The files alone say what the newest record is: a later owner may have been there, and have made ours void.
      this.#lastQ = content.lastQ;
      this.#epoch = Math.max(this.#epoch, content.epoch) + 1;
      const sizes = segmentBytes === undefined ? {} : { segmentBytes };
      journal = await JournalWriter.open({ folder: this.#journalFolder, epoch: this.#epoch, firstQ: this.#lastQ + 1, files: journalFiles, clock, logger, ...sizes });
      let current = content;
      if (old !== undefined) current = await this.#takeOver(old, content, journal);
      else if (content !== nothing && isHalfRetired(await files.list(folder))) await finishRetiring(folder, files);
      this.#journal = journal;
      return { content: current };
    } catch (obstacle) {
      // Owner without a journal: what is there can be read, and writing is tried again.
      logger.warn('the journal cannot be written', obstacle);
      await journal?.close().catch(() => undefined);
      return { content: withOld(content, old), obstacle };
    }
  }

  async #takeOver(old: OldRegistry, content: OpenResult, journal: JournalWriter): Promise<OpenResult> {
    const { files, folder, clock, logger } = this.#options;
    const { sessions, setAside } = await migrate({ folder, files, journal, old, content, clock, logger });
    const current = sessions > 0 ? await this.#needWorker().call('become', { role: 'owner' }) : content;
    for (const path of setAside) logger.warn(`registry: a damaged file was set aside as ${path}`);
    // A damaged placeholder is no loss.
    if (setAside.length === 0 || (old.file === undefined && content.lastQ > 0)) return { ...current, skipped: current.skipped + old.skipped };
    const restored = old.file === undefined ? {} : { restored: true as const };
    return { ...current, skipped: current.skipped + old.skipped, setAside: [...setAside, ...current.setAside], ...restored };
  }

  async #closeJournal(): Promise<void> {
    const journal = this.#journal;
    if (journal === undefined) return;
    this.#lastQ = Math.max(this.#lastQ, journal.nextQ - 1);
    this.#journal = undefined;
    await journal.close().catch((error: unknown) => this.#options.logger.warn('the journal could not be closed', error));
  }

  #read(): Promise<OpenResult> {
    return this.#openWorker('reader');
  }

  async #openWorker(role: WorkerRole): Promise<OpenResult> {
    const { logger } = this.#options;
    const known = this.#worker !== undefined && (await this.#isThere());
    const worker = this.#needWorker();
    const content = await worker.call(known ? 'become' : 'open', { role });
    this.#newerVersion = content.newerVersion;
    for (const { what, damaged } of content.rungs) if (damaged === true) logger.warn(`registry: ${what}`);
    return content;
  }

  #needWorker(): RegistryWorker {
    if (this.#worker !== undefined) return this.#worker;
    const { worker, folder, onDelta, onFault, logger } = this.#options;
    const made = new RegistryWorker({ ...worker, folder, onFault, logger });
    made.onDelta((delta) => this.#role === 'reader' && onDelta(delta));
    this.#worker = made;
    return made;
  }
}

/** What can be shown while a registry of version 1 cannot be taken over. */
function withOld(content: OpenResult, old: OldRegistry | undefined): OpenResult {
  if (old === undefined) return content;
  const known = new Map(content.sessions.map((session) => [session.id, session]));
  const missing = old.sessions.filter(({ session }) => (known.get(session.id)?.historySeq ?? -1) < session.historySeq).map(({ session }) => session);
  const newer = new Set(missing.map(({ id }) => id));
  return { ...content, sessions: selectSessions([...content.sessions.filter(({ id }) => !newer.has(id)), ...missing]), skipped: content.skipped + old.skipped };
}
