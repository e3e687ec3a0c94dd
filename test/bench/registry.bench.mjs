// The registry against two SQLite engines, and its own promises: stalls, opening, questions, bytes and memory. `--quick`: ten times smaller, for a look while developing. `--only=asking,memory`: these parts, and the ingest that they need.
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { median, quantile, round } from './figures.mjs';
import { measureAppends } from './registry/appends.mjs';
import { bundle, emptyRss, runChild } from './registry/children.mjs';
import { ingestOurs, ingestPeer } from './registry/ingest.mjs';
import { engines } from './registry/peers.mjs';
import { askAtRest, askDuringSnapshots } from './registry/reading.mjs';
import { makeStore, warnings } from './registry/store.mjs';

export const what = 'the registry: appends, ingest, stalls, opening, questions, bytes, memory; against node:sqlite and better-sqlite3 (about five minutes)';

const quick = process.argv.includes('--quick');
/** `appends`, `ingest`, `opening`, `asking`, `memory`, `living`; absent: all. */
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length).split(',');
/** @param {string} part */
const wants = (part) => only === undefined || only.includes(part);
const scale = quick ? 10 : 1;
const small = 100_000 / scale;
const large = 1_000_000 / scale;
const appends = quick ? { rounds: 3, singles: 500, grouped: 6_400, prefill: 5_000 } : { rounds: 5, singles: 2_000, grouped: 32_000, prefill: 20_000 };
const liveSeconds = quick ? 5 : 30;

/** @typedef {(figure: import('./main.mjs').Figure) => void} Report */
/** @typedef {{ folder: string, entry: string, child: string, wasmFile: string }} Place */

/** @param {Report} report */
export async function run(report) {
  if (quick) console.error('--quick: ten times smaller than what the goals are for.');
  const folder = await mkdtemp(join(tmpdir(), 'agent-fleet-bench-'));
  /** @type {Report} */
  const withLoad = (figure) => report({ ...figure, detail: { ...figure.detail, ...(quick ? { quick: 'ten times smaller: the goals are for the full size' } : {}), load: round(loadavg()[0] ?? 0) } });
  try {
    const place = { folder, ...(await bundle(folder)) };
    if (wants('appends')) await measureAppends(folder, appends, withLoad);
    if (only?.every((part) => part === 'appends') === true) return;
    await smallIngest(place, withLoad);
    const sessions = await largeIngest(place, withLoad);
    if (wants('opening')) await opening(place, withLoad);
    if (wants('asking')) await asking(place, sessions, withLoad);
    if (wants('memory')) await memory(place, withLoad);
    if (wants('living')) await living(place, withLoad);
    if (warnings.length > 0) console.error(`The store warned ${warnings.length} times, first: ${warnings[0]}`);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * As the extension has it: a million events fit without a compaction.
 * @param {Place} place
 * @param {string} name
 */
function storeIn({ folder, entry, wasmFile }, name) {
  return { folder: join(folder, name), entry, wasmFile };
}

/**
 * @param {Place} place
 * @param {Report} report
 */
async function smallIngest(place, report) {
  const rounds = 3;
  /** @type {number[]} */
  const ours = [];
  /** @type {Record<string, number[]>} */
  const peers = Object.fromEntries(engines.map((engine) => [engine, []]));
  // Warm-up.
  await ingestOurs(storeIn(place, 'thousand'), 1000);
  for (let n = 0; n < rounds; n++) {
    const store = storeIn(place, 'small');
    await rm(store.folder, { recursive: true, force: true });
    ours.push((await ingestOurs(store, small)).perSecond);
    for (const engine of engines) {
      const found = await ingestPeer(engine, 'FULL', place.folder, small);
      peers[engine]?.push(found.perSecond);
    }
  }
  const better = engines.reduce((a, b) => (median(peers[a] ?? []) >= median(peers[b] ?? []) ? a : b));
  report({
    figure: 'ingest_100k_ratio', value: median(ours) / median(peers[better] ?? []), unit: 'x', wanted: '>= 1', peer: `${better}, WAL FULL, 1,000 rows per transaction`,
    detail: { events: small, rounds, oursPerSecond: ours.map(Math.round), ...Object.fromEntries(engines.map((engine) => [`${engine} perSecond`, peers[engine]?.map(Math.round)])) },
  });
}

/**
 * @param {Place} place
 * @param {Report} report
 * @returns {Promise<number>} how many sessions the store has
 */
async function largeIngest(place, report) {
  const ours = await ingestOurs(storeIn(place, 'large'), large);
  const peers = [];
  for (const engine of engines) peers.push({ engine, ...(await ingestPeer(engine, 'FULL', place.folder, large)) });
  const better = peers.reduce((a, b) => (a.perSecond >= b.perSecond ? a : b));
  report({
    figure: 'ingest_1m_ratio', value: ours.perSecond / better.perSecond, unit: 'x', wanted: '>= 2', peer: `${better.engine} (SQLite ${better.version}), WAL FULL, 1,000 rows per transaction`,
    detail: { events: large, rounds: 1, oursPerSecond: Math.round(ours.perSecond), oursSeconds: round(ours.seconds), journalPerSecond: Math.round(ours.journalPerSecond), settleMs: round(ours.settleMs), closeMs: round(ours.closeMs), peers },
  });
  if (ours.bytesPerEvent === undefined) console.error('This system does not tell how many bytes a process wrote: there is no figure for the disk.');
  else {
    report({
      figure: 'disk_per_event', value: ours.bytesPerEvent / 1000, unit: 'KB', wanted: '<= 1.5',
      detail: { events: large, what: 'all bytes given to the system: journal, snapshots, base segments', pagesKB: round((ours.pagesPerEvent ?? 0) / 1000), peersKB: Object.fromEntries(peers.map(({ engine, bytesPerEvent }) => [engine, round((bytesPerEvent ?? 0) / 1000)])) },
    });
  }
  return ours.sessions;
}

/**
 * @param {Place} place
 * @param {Report} report
 */
async function opening(place, report) {
  const rounds = 5;
  const all = [];
  for (let n = -1; n < rounds; n++) {
    const found = await runChild(place.child, 'open', storeIn(place, 'large'));
    if (n >= 0) all.push(found);
  }
  const detail = { events: large, rounds, sessionsInList: all[0]?.sessions, all: all.map(({ ms }) => round(ms)), stalls: all.map(({ stall }) => round(stall)), machineStalls: all.map(({ machine }) => round(machine)) };
  report({ figure: 'open_1m', value: median(all.map(({ ms }) => ms)), unit: 'ms', wanted: '<= 300', detail });
  report({ figure: 'open_1m_stall', value: median(all.map(({ stall }) => stall)), unit: 'ms', wanted: '<= 16', detail });
}

/**
 * @param {Place} place
 * @param {number} sessions
 * @param {Report} report
 */
async function asking(place, sessions, report) {
  const options = storeIn(place, 'large');
  const store = makeStore(options);
  await store.open();
  const times = await askAtRest(store, sessions, quick ? 200 : 1000);
  await store.close();
  const goals = /** @type {const} */ ({ newest: ['newest_50', '<= 0.5'], one: ['one_by_id', '<= 0.3'], counts: ['counts_by_status', '<= 15'], events: ['events_100_with_bodies', '<= 4'] });
  for (const [name, [figure, wanted]] of Object.entries(goals)) {
    const list = times[name] ?? [];
    report({ figure: `query_${figure}`, value: quantile(list, 0.5), unit: 'ms', wanted, detail: { events: large, sessions, samples: list.length, p90: round(quantile(list, 0.9)), p99: round(quantile(list, 0.99)) } });
  }
  const { p99, detail } = await askDuringSnapshots(options, sessions, quick ? 3 : 5);
  report({ figure: 'query_p99_during_snapshot', value: p99, unit: 'ms', wanted: '<= 50', detail });
}

/**
 * @param {Place} place
 * @param {Report} report
 */
async function memory(place, report) {
  const rounds = 3;
  const sizes = /** @type {const} */ ([['thousand', 1000, '1k', '<= 35'], ['small', small, '100k', '<= 75'], ['large', large, '1m', '<= 130']]);
  const empty = [];
  for (let n = 0; n < rounds; n++) empty.push(await emptyRss());
  for (const [name, events, label, wanted] of sizes) {
    const all = [];
    for (let n = 0; n < rounds; n++) all.push((await runChild(place.child, 'memory', storeIn(place, name))).rss);
    report({
      figure: `memory_${label}`, value: (median(all) - median(empty)) / 1e6, unit: 'MB', wanted, peer: 'a Node.js process that does nothing',
      detail: { events, rounds, rssMB: all.map((rss) => round(rss / 1e6)), emptyMB: empty.map((rss) => round(rss / 1e6)) },
    });
  }
}

/**
 * @param {Place} place
 * @param {Report} report
 */
async function living(place, report) {
  const goals = /** @type {const} */ ([[2000, '<= 16'], [10_000, '<= 33']]);
  // In a process of its own: what this one did before would weigh on its memory.
  const loads = goals.map(([perSecond], n) => ({ perSecond, seconds: liveSeconds, firstSession: (n + 2) * 10_000_000 }));
  const { runs } = await runChild(place.child, 'live', { ...storeIn(place, 'large'), loads });
  for (const [n, [perSecond, wanted]] of goals.entries()) {
    const found = runs[n];
    const detail = { ...found.detail, storeEvents: large, writtenKBPerEvent: found.written === undefined ? undefined : round(found.written / found.events / 1000), machine: found.machine };
    report({ figure: `stall_${perSecond}_per_s`, value: found.longest, unit: 'ms', wanted, detail });
    if (perSecond !== 2000) continue;
    report({ figure: 'append_call_p50', value: 1000 * found.callP50, unit: 'us', wanted: '<= 10', detail: { ...detail, at10000PerSecondUs: round(1000 * runs[1].callP50) } });
    report({ figure: 'append_call_p99', value: found.callP99, unit: 'ms', wanted: '<= 0.2', detail: { ...detail, at10000PerSecondMs: round(runs[1].callP99) } });
    if (found.written !== undefined) report({ figure: 'disk_per_event_live', value: found.written / found.events / 1000, unit: 'KB', wanted: '<= 1.5', detail: { events: found.events, what: 'at 2,000 a second on the full store: journal and snapshots' } });
  }
}
