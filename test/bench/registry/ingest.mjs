// A whole fleet's past, as fast as it goes: our store with its projection, the peers with 1,000 rows per transaction.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { round } from '../figures.mjs';
import { Peer } from './peers.mjs';
import { applyTo, bytesWritten, makeStore } from './store.mjs';
import { Workload } from './workload.mjs';

const chunk = 1000;
const begin = 1_760_000_000_000;

/**
 * @typedef {{ perSecond: number, seconds: number, journalPerSecond: number, bytesPerEvent: number | undefined, pagesPerEvent: number | undefined, sessions: number, settleMs: number, closeMs: number }} Ingested
 */

/**
 * Ends when the projection has answered with all of it. The store is left closed in its folder.
 * @param {import('./store.mjs').StoreOptions} options
 * @param {number} events
 * @returns {Promise<Ingested>}
 */
export async function ingestOurs(options, events) {
  const written = bytesWritten();
  const store = makeStore(options);
  await store.open();
  const work = new Workload(begin);
  const start = performance.now();
  /** @type {Promise<unknown>} */
  let before = Promise.resolve();
  while (work.events < events) {
    const all = work.take(Math.min(chunk, events - work.events)).map((step) => applyTo(store, step));
    await before;
    before = Promise.all(all);
  }
  await before;
  const journalled = performance.now();
  const { byStatus, evicted } = await store.counts();
  const end = performance.now();
  await settle(join(options.folder, 'journal'), options.limits?.compactBytes ?? Infinity);
  const settled = performance.now();
  await store.close();
  const closed = performance.now();
  const listed = Object.values(byStatus).reduce((sum, n) => sum + n, 0);
  if (evicted + listed !== work.sessions) throw new Error(`The store has ${listed} + ${evicted} sessions instead of ${work.sessions}.`);
  const after = bytesWritten();
  const per = (/** @type {'given' | 'pages'} */ what) => (written === undefined || after === undefined ? undefined : (after[what] - written[what]) / events);
  return {
    perSecond: (1000 * events) / (end - start), seconds: (end - start) / 1000, journalPerSecond: (1000 * events) / (journalled - start),
    bytesPerEvent: per('given'), pagesPerEvent: per('pages'), sessions: work.sessions, settleMs: settled - end, closeMs: closed - settled,
  };
}

/**
 * A compaction that is due is part of the price, and must not disturb what is measured next.
 * @param {string} journal  the folder
 * @param {number} most  bytes
 */
async function settle(journal, most) {
  for (let n = 0; n < 300; n++) {
    let sum = 0;
    for (const name of await readdir(journal)) sum += (await stat(join(journal, name)).catch(() => ({ size: 0 }))).size;
    if (sum <= most) return;
    await pause(200);
  }
}

/**
 * @param {import('./peers.mjs').Engine} engine
 * @param {'NORMAL' | 'FULL'} synchronous
 * @param {string} folder
 * @param {number} events
 */
export async function ingestPeer(engine, synchronous, folder, events) {
  const written = bytesWritten();
  const file = join(folder, `bulk-${engine.replace(':', '-')}.db`);
  const peer = new Peer(engine, file, synchronous);
  const work = new Workload(begin);
  const start = performance.now();
  while (work.events < events) peer.transaction(work.take(Math.min(chunk, events - work.events)));
  const end = performance.now();
  const { version } = peer;
  peer.close();
  const after = bytesWritten();
  const { size } = await stat(file);
  for (const suffix of ['', '-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
  return {
    perSecond: (1000 * events) / (end - start), seconds: round((end - start) / 1000), version, fileMB: round(size / 1e6),
    bytesPerEvent: written === undefined || after === undefined ? undefined : (after.given - written.given) / events,
  };
}
