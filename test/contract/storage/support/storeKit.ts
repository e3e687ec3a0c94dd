import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { nextEvent } from '../../../../src/base/event.ts';
import { nullLogger } from '../../../../src/base/ports.ts';
import type { StoreHealth } from '../../../../src/core/ports.ts';
import type { ProcessIdentity, Session } from '../../../../src/core/session.ts';
import { RegistryStore } from '../../../../src/storage/registryStore.ts';
import type { RegistryStoreOptions } from '../../../../src/storage/registryStoreOptions.ts';
import { RegistryWorker } from '../../../../src/storage/worker/workerClient.ts';
import { InstantTime } from './instantTime.ts';
import { workerBundle } from './workerBundle.ts';

export const wasmPath = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');

/** A temporary folder and the stores that a test opens in it. Windows are told apart by pid; `dead` holds those that ended. */
export class StoreKit {
  readonly time = new InstantTime();
  readonly dead = new Set<number>();
  /** Threads that were started since `start`. */
  readonly threads: Worker[] = [];
  readonly #stores: RegistryStore[] = [];
  readonly #started = (worker: Worker): void => void this.threads.push(worker);
  #root = '';
  #worker = '';

  async start(): Promise<void> {
    this.#worker = await workerBundle();
    this.#root = await mkdtemp(join(tmpdir(), 'fleet-storage-'));
    this.dead.clear();
    this.threads.length = 0;
    process.on('worker', this.#started);
  }

  /** Two levels below the temporary folder, and not there yet. */
  get folder(): string {
    return join(this.#root, 'workspaceStorage', 'registry');
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  async names(folder = ''): Promise<readonly string[]> {
    return (await readdir(this.path(folder)).catch(() => [])).sort();
  }

  /** A store of the window with this pid. */
  store(pid = 1, options: Partial<RegistryStoreOptions> = {}): RegistryStore {
    const { worker, ...others } = options;
    const store = new RegistryStore({
      folder: this.folder,
      worker: { entry: this.#worker, wasmFile: wasmPath, ...worker },
      identify: () => Promise.resolve<ProcessIdentity>({ pid, startTime: String(pid), bootId: 'boot' }),
      probe: { liveness: (identity) => Promise.resolve(identity === undefined ? 'unknown' : this.dead.has(identity.pid) ? 'dead' : 'alive') },
      clock: this.time,
      timers: this.time,
      logger: nullLogger,
      ...others,
    });
    this.#stores.push(store);
    return store;
  }

  /** As `store`, with other limits of the worker. */
  limited(limits: NonNullable<RegistryStoreOptions['worker']['limits']>, options: Partial<RegistryStoreOptions> = {}): RegistryStore {
    return this.store(1, { ...options, worker: { entry: this.#worker, wasmFile: wasmPath, limits } });
  }

  /** Writes a snapshot of all that is in the journal. No store may be open. */
  async snapshot(): Promise<void> {
    const client = new RegistryWorker({ entry: this.#worker, wasmFile: wasmPath, folder: this.folder, onFault: () => undefined, logger: nullLogger });
    await client.call('open', { role: 'owner' });
    await client.call('snapshot', { upTo: 0 });
    await client.call('close', {});
    client.dispose();
  }

  /** Ends all threads at once, as a crash would. */
  async killThreads(): Promise<void> {
    await Promise.all(this.threads.splice(0).map((thread) => thread.terminate()));
  }

  async stop(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store.close();
    process.off('worker', this.#started);
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** Waits until the store says that changes reach the disk, or that they do not. */
export async function healthIs(store: RegistryStore, persisted: boolean): Promise<StoreHealth> {
  if (store.health.persisted === persisted) return store.health;
  return nextEvent(store.onDidChangeHealth, (health) => health.persisted === persisted);
}

export function ids(sessions: readonly Session[]): readonly string[] {
  return sessions.map(({ id }) => id);
}

export function sortedIds(sessions: readonly Session[]): readonly string[] {
  return [...ids(sessions)].sort();
}
