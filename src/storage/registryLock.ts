import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { MutableDisposable, type Disposable } from '../base/disposable.ts';
import { SerialQueue, detach } from '../base/async.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { ProcessProbe } from '../core/ports.ts';
import type { ProcessIdentity } from '../core/session.ts';
import { codeOf, type StorageFiles } from './storageFiles.ts';

const lockName = 'registry.lock';
const guardPrefix = 'registry.lock.over-';
const temporaryPrefix = 'registry.lock.tmp-';
const heartbeatMs = 10_000;
/** A damaged lock that nobody has touched for so long has no owner, milliseconds: several heartbeats. */
const abandonedMs = 45_000;
/** A private file that is older belongs to a contender that died, milliseconds. */
const longestAttemptMs = 60_000;
/** A guard of a guard of a guard: three contenders would have to die one after the other within microseconds. */
const deepestGuard = 3;

/** A lock file that another user, or something else than a lock, stands in the way of. */
const notForUs: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EISDIR']);

const lockHolder = z.looseObject({
  pid: z.int().check(z.minimum(1)),
  startTime: z.exactOptional(z.string()),
  bootId: z.exactOptional(z.string()),
  host: z.string(),
  nonce: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  heartbeat: z.number(),
});

/** What a lock file says. */
export type LockHolder = z.infer<typeof lockHolder>;

export interface RegistryLockOptions {
  readonly folder: string;
  readonly files: StorageFiles;
  readonly probe: ProcessProbe;
  /** Identity of this process. */
  readonly identify: () => Promise<ProcessIdentity>;
  /** Name of this machine: a pid says nothing about another one. */
  readonly host: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * One owner per folder. The lock is a file that appears complete under its name (`link` of a private file), so nobody
 * ever reads half of it. It is taken from its holder only when that process is proven dead. No evidence, a holder on
 * another machine: not stolen. A file that cannot be read is taken only when no heartbeat touched it for long.
 *
 * Two contenders that both see the same dead holder must not both win: "remove the stale file, then try again" lets the
 * slower one remove the faster one's new lock. So whoever replaces a stale lock must hold a guard whose name is
 * that lock's nonce, and must look again once it holds it. A slow contender then guards a lock that is no longer there.
 * The guard is a lock of the same kind, so a contender that dies inside is replaced by the same rule.
 */
export class RegistryLock implements Disposable {
  readonly #options: RegistryLockOptions;
  readonly #heartbeat = new MutableDisposable<Disposable>();
  /** One attempt at a time: our own nonce in a file then means that it is ours. */
  readonly #attempts = new SerialQueue();
  readonly #nonce = randomBytes(8).toString('hex');
  /** A lock that could not be read, and since when (monotonic) it has been as it is. */
  #unreadable: { readonly key: string; readonly since: number } = { key: '', since: 0 };

  constructor(options: RegistryLockOptions) {
    this.#options = options;
  }

  /** `held`: somebody else has it, or may have. @throws the system's error if the folder is missing or cannot be written. */
  acquire(): Promise<'acquired' | 'held'> {
    return this.#attempts.add(() => this.#acquire());
  }

  /** Whether the file still says that we are the owner: a person may have removed it, or the whole folder. @throws the system's error if the disk fails. */
  async isOurs(): Promise<boolean> {
    return (await this.#nonceIn(this.#path(lockName))) === this.#nonce;
  }

  /** Lets go, if it is ours. Never rejects: a lock that stays behind names a process that will be proven dead. */
  async release(): Promise<void> {
    this.#heartbeat.value = undefined;
    try {
      await this.#drop(this.#path(lockName));
    } catch (error) {
      this.#options.logger.warn('the registry lock could not be removed', error);
    }
  }

  /** Stops the heartbeat; the file stays. */
  dispose(): void {
    this.#heartbeat.dispose();
  }

  async #acquire(): Promise<'acquired' | 'held'> {
    if (!(await this.#take(this.#path(lockName), 0))) return 'held';
    this.#heartbeat.value = this.#options.timers.every(heartbeatMs, () => {
      // The time of last change, not the content: rewriting could leave half a file behind.
      const beat = this.#options.files.touch(this.#path(lockName), this.#options.clock.now());
      detach(beat, this.#options.logger, 'the heartbeat of the registry lock');
    });
    // Leftovers do no harm: the lock is ours all the same.
    await this.#removeStrays().catch((error: unknown) => this.#options.logger.warn('leftovers of former locks could not be removed', error));
    return 'acquired';
  }

  async #take(path: string, depth: number): Promise<boolean> {
    // Looked at first: who waits for the lock must not write to the disk each time.
    const holder = await this.#holder(path);
    if (holder === undefined) return this.#makeNew(path);
    if (holder !== 'unreadable' && holder.nonce === this.#nonce) return true;
    if (holder === 'unreadable') return depth === 0 && this.#takeUnreadable(path);
    if (depth >= deepestGuard || !(await this.#isDead(holder))) return false;
    const guard = this.#path(`${guardPrefix}${holder.nonce}`);
    if (!(await this.#take(guard, depth + 1))) return false;
    try {
      if ((await this.#nonceIn(path)) !== holder.nonce) return false;
      await this.#withOwnFile((own) => this.#options.files.rename(own, path));
      this.#options.logger.info(`took over ${path} from process ${holder.pid}, which has ended`);
      return true;
    } finally {
      await this.#drop(guard);
    }
  }

  /**
   * A damaged lock names nobody whose death could be proven. A live owner touches its lock with every heartbeat: one that nobody
   * touched for several of them, while this process looked on, has no owner. It is kept under another name.
   */
  async #takeUnreadable(path: string): Promise<boolean> {
    const { files, clock, logger } = this.#options;
    const found = await files.identity(path);
    if (found === undefined) return false;
    const key = `${found.inode}-${found.size}-${found.modifiedAt}`;
    const now = clock.monotonic();
    if (this.#unreadable.key !== key) this.#unreadable = { key, since: now };
    if (now - this.#unreadable.since < abandonedMs) return false;
    const guard = this.#path(`${guardPrefix}${found.inode}`);
    if (!(await this.#take(guard, 1))) return false;
    try {
      const still = await files.identity(path);
      if (still === undefined || `${still.inode}-${still.size}-${still.modifiedAt}` !== key) return false;
      await files.link(path, `${path}.corrupt-${clock.now()}`).catch((error: unknown) => logger.warn('the damaged lock could not be kept', error));
      await this.#withOwnFile((own) => files.rename(own, path));
      logger.warn(`${path} could not be read and nobody used it: this window owns the registry now`);
      return true;
    } finally {
      await this.#drop(guard);
    }
  }

  /** Makes the file unless somebody has one. */
  #makeNew(path: string): Promise<boolean> {
    const { files } = this.#options;
    return this.#withOwnFile(async (own, content) => {
      try {
        await files.link(own, path);
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
      }
      // No hard links here (FAT, some network mounts). Exclusive too, but for a moment the file is empty: "unreadable".
      try {
        await files.create(path, content);
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
    });
  }

  /** Writes a private file that says who we are, and removes it after `use` unless that moved it. */
  async #withOwnFile<T>(use: (path: string, content: Uint8Array) => Promise<T>): Promise<T> {
    const { files, host, clock, identify } = this.#options;
    const path = this.#path(`${temporaryPrefix}${randomBytes(8).toString('hex')}`);
    const { pid, startTime, bootId } = await identify();
    const content = Buffer.from(`${JSON.stringify({ pid, startTime, bootId, host, nonce: this.#nonce, heartbeat: clock.now() })}\n`);
    try {
      await files.create(path, content);
      await files.syncFile(path);
      return await use(path, content);
    } finally {
      await files.remove(path).catch(() => undefined);
    }
  }

  async #holder(path: string): Promise<LockHolder | 'unreadable' | undefined> {
    let content: Buffer;
    try {
      content = await this.#options.files.read(path);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT') return undefined;
      if (code !== undefined && notForUs.has(code)) return 'unreadable';
      // A disk that fails says nothing about who holds the lock.
      throw error;
    }
    try {
      const read = lockHolder.safeParse(JSON.parse(content.toString('utf8')));
      return read.success ? read.data : 'unreadable';
    } catch {
      return 'unreadable';
    }
  }

  async #nonceIn(path: string): Promise<string | undefined> {
    const holder = await this.#holder(path);
    return typeof holder === 'object' ? holder.nonce : undefined;
  }

  async #isDead(holder: LockHolder): Promise<boolean> {
    // Containers share their host's boot id and count pids of their own: another name is another machine.
    if (holder.host !== this.#options.host) return false;
    return (await this.#options.probe.liveness(holder)) === 'dead';
  }

  async #drop(path: string): Promise<void> {
    if ((await this.#nonceIn(path)) !== this.#nonce) return;
    try {
      await this.#options.files.remove(path);
    } catch (error) {
      // A new owner has cleared it away: a guard of a lock that is no longer there.
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  /** Guards of former locks, which nobody can use any more, and private files of contenders that died. */
  async #removeStrays(): Promise<void> {
    const { files, folder, clock } = this.#options;
    for (const name of await files.list(folder)) {
      const path = this.#path(name);
      let stray = name.startsWith(guardPrefix) && !name.endsWith(this.#nonce);
      if (name.startsWith(temporaryPrefix)) {
        const identity = await files.identity(path);
        stray = identity !== undefined && identity.modifiedAt + longestAttemptMs < clock.now();
      }
      if (stray) await files.remove(path).catch(() => undefined);
    }
  }

  #path(name: string): string {
    return join(this.#options.folder, name);
  }
}
