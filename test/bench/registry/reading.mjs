// Questions to a full registry: at rest through the store, and while a snapshot is being written, through the worker's client, which can ask for one.
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeJournalFiles } from '../../../src/storage/journal/journalFiles.ts';
import { JournalWriter } from '../../../src/storage/journal/journalWriter.ts';
import { RegistryWorker } from '../../../src/storage/worker/workerClient.ts';
import { systemClock } from '../../../src/hosts/local/systemPorts.ts';
import { quantile, round } from '../figures.mjs';
import { recordOf } from './appends.mjs';
import { logger } from './store.mjs';
import { idOf, longId, Workload } from './workload.mjs';

/** While a snapshot runs, a question of one of the four kinds is asked so often, whether the one before was answered or not. */
const askEveryMs = 4;

/**
 * @typedef {{ newest: () => Promise<readonly unknown[]>, one: () => Promise<unknown>, counts: () => Promise<unknown>, events: () => Promise<readonly unknown[]> }} Questions
 */

/**
 * @param {number} sessions  how many there are
 * @param {{ query: (limit: number) => Promise<readonly unknown[]>, load: (id: string) => Promise<unknown>, counts: () => Promise<unknown>, history: (id: string) => Promise<readonly unknown[]> }} ask
 * @returns {Questions}
 */
function questions(sessions, ask) {
  let n = 0;
  // Steps that share no factor with the number go through all of them, near and far.
  const next = (/** @type {number} */ count) => (n = (n * 31 + 7_919) % count);
  return {
    newest: () => ask.query(50),
    one: () => ask.load(idOf(next(sessions))),
    counts: () => ask.counts(),
    events: () => ask.history(longId(next(Math.floor((sessions - 400) / 100)))),
  };
}

/**
 * @param {import('../../../src/storage/registryStore.ts').RegistryStore} store  open
 * @param {number} sessions
 * @param {number} samples
 */
export async function askAtRest(store, sessions, samples) {
  const all = questions(sessions, {
    query: (limit) => store.query({ limit }), load: (id) => store.load(id), counts: () => store.counts(), history: (id) => store.history(id, { limit: 100 }),
  });
  /** @type {Record<string, number[]>} */
  const times = {};
  for (const [name, ask] of Object.entries(all)) {
    const list = (times[name] = []);
    for (let n = -50; n < samples; n++) {
      const start = performance.now();
      const answer = await ask();
      if (n >= 0) list.push(performance.now() - start);
      check(name, answer);
    }
  }
  return times;
}

/**
 * @param {string} name
 * @param {unknown} answer
 */
function check(name, answer) {
  const right = name === 'newest' ? /** @type {unknown[]} */ (answer).length === 50 : name === 'events' ? /** @type {unknown[]} */ (answer).length === 100 : answer !== undefined;
  if (!right) throw new Error(`The answer to "${name}" is not what was stored: ${JSON.stringify(answer)?.slice(0, 200)}`);
}

/**
 * @param {{ folder: string, entry: string, wasmFile: string, limits?: Partial<import('../../../src/storage/worker/contract.ts').RegistryLimits> }} options  nobody else has it open
 * @param {number} sessions
 * @param {number} snapshots
 */
export async function askDuringSnapshots({ folder, entry, wasmFile, limits }, sessions, snapshots) {
  const faults = /** @type {unknown[]} */ ([]);
  const worker = new RegistryWorker({ entry, folder, wasmFile, ...(limits === undefined ? {} : { limits }), logger, onFault: (_, error) => faults.push(error) });
  const { lastQ, epoch } = await worker.call('open', { role: 'owner' });
  const journal = await JournalWriter.open({ folder: join(folder, 'journal'), epoch: epoch + 1, firstQ: lastQ + 1, files: nodeJournalFiles, clock: systemClock, logger });
  const work = new Workload(Date.now(), 10_000_000);
  const upTo = () => ({ upTo: journal.nextQ - 1 });
  const all = Object.values(questions(sessions, {
    query: (limit) => worker.call('query', { ...upTo(), query: { limit } }),
    load: (sessionId) => worker.call('load', { ...upTo(), sessionId }),
    counts: () => worker.call('counts', upTo()),
    history: (sessionId) => worker.call('history', { ...upTo(), sessionId, limit: 100 }),
  }));
  /** @type {number[]} */
  const times = [];
  /** @type {number[]} */
  const durations = [];
  for (let n = 0; n < snapshots; n++) {
    for (const step of work.take(200)) journal.append((q, t) => recordOf(q, t, step));
    await journal.flush();
    await worker.call('counts', upTo());
    const begin = performance.now();
    let running = true;
    const snapshot = worker.call('snapshot', upTo()).finally(() => (running = false));
    const waiting = [];
    for (let k = 0; running; k++) {
      const ask = /** @type {() => Promise<unknown>} */ (all[k % all.length]);
      const start = performance.now();
      waiting.push(ask().then(() => times.push(performance.now() - start)));
      await pause(askEveryMs);
    }
    await snapshot;
    durations.push(performance.now() - begin);
    await Promise.all(waiting);
  }
  await journal.close();
  await worker.call('close', {});
  worker.dispose();
  if (faults.length > 0) throw faults[0];
  return { p99: quantile(times, 0.99), detail: { snapshots, questions: times.length, p50: round(quantile(times, 0.5)), p90: round(quantile(times, 0.9)), longest: round(Math.max(...times)), snapshotMs: durations.map(round), askEveryMs } };
}
