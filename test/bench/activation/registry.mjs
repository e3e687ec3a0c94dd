// Fills a registry by the means of the extension itself.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { RegistryStore } from '../../../src/storage/registryStore.ts';
import { repoRoot } from '../../../scripts/editor/paths.mjs';

const statuses = /** @type {const} */ (['completed', 'failed', 'cancelled']);
const outcomes = {
  completed: { type: 'completed', by: 'exit' },
  failed: { type: 'failed', error: 'exited with code 3', exitCode: 3 },
  cancelled: { type: 'cancelled' },
};

/**
 * @param {string} folder  of the registry
 * @param {number} count  of sessions, all of which have ended
 * @param {string} cwd
 * @returns {Promise<number>} bytes of the registry
 */
export async function fillRegistry(folder, count, cwd) {
  const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const store = new RegistryStore({
    folder,
    worker: { entry: join(repoRoot, 'dist', 'registry-worker.cjs'), wasmFile: join(repoRoot, 'dist', 'sql-wasm.wasm') },
    identify: () => Promise.resolve({ pid: process.pid }),
    probe: { liveness: () => Promise.resolve('unknown') },
    clock: systemClock,
    timers: systemTimers,
    logger: quiet,
  });
  await store.open();
  const now = Date.now();
  await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const status = statuses[n % statuses.length] ?? 'completed';
      const id = `agent-bench${String(n).padStart(15, '0')}`;
      const at = now - n * 60_000;
      const session = {
        id, name: `task-${n}`, driver: 'claude', spec: { prompt: `Do task ${n}, and say what you did.`, policy: /** @type {const} */ ('ask'), cwd },
        attempt: 1, status, outcome: /** @type {import('../../../src/core/session.ts').SessionOutcome} */ (outcomes[status]),
        lastRunnerSeq: 20, artifacts: [], historySeq: 4, skipped: 0, createdAt: at, startedAt: at + 100, completedAt: at + 50_000, lastActivityAt: at + 50_000,
      };
      const kinds = ['registered', 'started', 'hook', 'exited'];
      const history = kinds.map((kind, index) => ({ sessionId: id, seq: index + 1, at: at + index, kind, actor: /** @type {const} */ ('runner'), data: { n: index } }));
      return store.registerActive({ session, history });
    }),
  );
  await store.close();
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(files.filter((file) => file.isFile()).map(async (file) => (await stat(join(file.parentPath, file.name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
