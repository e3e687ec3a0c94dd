import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextEvent } from '../../../../src/base/event.ts';
import { nullLogger } from '../../../../src/base/ports.ts';
import type { StoreHealth } from '../../../../src/core/ports.ts';
import type { ProcessIdentity } from '../../../../src/core/session.ts';
import { SqlSessionStore, type SqlSessionStoreOptions } from '../../../../src/storage/sqlSessionStore.ts';
import { InstantTime } from './instantTime.ts';

const wasmPath = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
let wasm: Promise<Uint8Array> | undefined;

export function loadWasm(): Promise<Uint8Array> {
  wasm ??= readFile(wasmPath);
  return wasm;
}

/** A temporary folder and the stores that a test opens in it. Windows are told apart by pid; `dead` holds those that ended. */
export class StoreKit {
  readonly time = new InstantTime();
  readonly dead = new Set<number>();
  readonly #stores: SqlSessionStore[] = [];
  #root = '';

  async start(): Promise<void> {
    this.#root = await mkdtemp(join(tmpdir(), 'fleet-storage-'));
    this.dead.clear();
  }

  /** Two levels below the temporary folder, and not there yet. */
  get folder(): string {
    return join(this.#root, 'workspaceStorage', 'registry');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async names(): Promise<readonly string[]> {
    return (await readdir(this.folder).catch(() => [])).sort();
  }

  /** A store of the window with this pid. */
  store(pid = 1, options: Partial<SqlSessionStoreOptions> = {}): SqlSessionStore {
    const store = new SqlSessionStore({
      folder: this.folder,
      loadWasm,
      identify: () => Promise.resolve<ProcessIdentity>({ pid, startTime: String(pid), bootId: 'boot' }),
      probe: { liveness: (identity) => Promise.resolve(identity === undefined ? 'unknown' : this.dead.has(identity.pid) ? 'dead' : 'alive') },
      clock: this.time,
      timers: this.time,
      logger: nullLogger,
      ...options,
    });
    this.#stores.push(store);
    return store;
  }

  async stop(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store.close();
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** Waits until the store says that changes reach the disk, or that they do not. */
export async function healthIs(store: SqlSessionStore, persisted: boolean): Promise<StoreHealth> {
  if (store.health.persisted === persisted) return store.health;
  return nextEvent(store.onDidChangeHealth, (health) => health.persisted === persisted);
}
