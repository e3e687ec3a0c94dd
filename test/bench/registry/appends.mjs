// One change at a time, many at a time: the journal alone against single commits and small transactions of the peers.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { nodeJournalFiles } from '../../../src/storage/journal/journalFiles.ts';
import { JournalWriter } from '../../../src/storage/journal/journalWriter.ts';
import { patchOf } from '../../../src/storage/journal/sessionPatch.ts';
import { systemClock } from '../../../src/hosts/local/systemPorts.ts';
import { median, quantile, round } from '../figures.mjs';
import { engines, Peer } from './peers.mjs';
import { logger } from './store.mjs';
import { Workload } from './workload.mjs';

/** @typedef {import('./workload.mjs').Step} Step */

const inFlight = 64;

/**
 * The record that the store would append.
 * @param {number} q
 * @param {number} t
 * @param {Step} step
 * @returns {import('../../../src/storage/journal/record.ts').JournalRecord}
 */
export function recordOf(q, t, { op, session, before, history }) {
  if (op === 'evict') return { q, t, k: 'evict', s: session.id, b: session };
  const { p, full } = patchOf(op === 'end' ? undefined : before, session);
  return { q, t, k: 'put', s: session.id, p, ...(full ? { f: /** @type {const} */ (1) } : {}), h: history.map(({ seq, at, kind, actor, data }) => [seq, at, kind, actor, data]) };
}

/**
 * @param {string} folder
 * @param {{ rounds: number, singles: number, grouped: number, prefill: number }} sizes
 * @param {(figure: import('../main.mjs').Figure) => void} report
 */
export async function measureAppends(folder, { rounds, singles, grouped, prefill }, report) {
  const journalFolder = join(folder, 'appends');
  await mkdir(journalFolder);
  const journal = await JournalWriter.open({ folder: journalFolder, epoch: 1, firstQ: 1, files: nodeJournalFiles, clock: systemClock, logger });
  const append = (/** @type {Step} */ step) => journal.append((q, t) => recordOf(q, t, step));
  /** All write the same rows, each in an order of its own copy. */
  const workload = () => new Workload(1_760_000_000_000);
  const ours = workload();
  const peers = engines.flatMap((engine) =>
    /** @type {const} */ (['NORMAL', 'FULL']).map((synchronous) => ({ peer: new Peer(engine, join(folder, `${engine.replace(':', '-')}-${synchronous}.db`), synchronous), engine, synchronous, work: workload() })),
  );
  for (const { peer, work } of peers) peer.transaction(work.take(prefill));
  for (const step of ours.take(prefill)) append(step);
  await journal.flush();
  /** One list of p50 or rates for each round, by what was measured. @type {Map<string, number[]>} */
  const rows = new Map();
  const note = (/** @type {string} */ row, /** @type {number} */ value) => rows.set(row, [...(rows.get(row) ?? []), value]);
  for (let n = -1; n < rounds; n++) {
    // The first round warms up.
    const keep = n < 0 ? () => undefined : note;
    const killSafe = await timed(ours.take(singles), append);
    keep('kill-safe', quantile(killSafe, 0.5));
    keep('kill-safe p99', quantile(killSafe, 0.99));
    await journal.flush();
    for (const { peer, engine, synchronous, work } of peers) {
      const commits = await timed(work.take(singles), (step) => peer.transaction([step]));
      keep(`commit ${engine} ${synchronous}`, quantile(commits, 0.5));
      keep(`commit ${engine} ${synchronous} rate`, (1000 * commits.length) / commits.reduce((sum, ms) => sum + ms, 0));
    }
    const durable = [];
    for (const step of ours.take(singles)) {
      const start = performance.now();
      await append(step).durable;
      durable.push(performance.now() - start);
    }
    keep('durable', quantile(durable, 0.5));
    keep('durable p99', quantile(durable, 0.99));
    keep('in flight', await flying(ours.take(grouped), append));
    for (const { peer, engine, synchronous, work } of peers) {
      if (synchronous === 'NORMAL') continue;
      const steps = work.take(grouped);
      const start = performance.now();
      for (let at = 0; at < steps.length; at += inFlight) peer.transaction(steps.slice(at, at + inFlight));
      keep(`grouped ${engine}`, (1000 * steps.length) / (performance.now() - start));
    }
  }
  await journal.close();
  const versions = Object.fromEntries(peers.map(({ peer, engine }) => [engine, peer.version]));
  for (const { peer } of peers) peer.close();
  reportAppends(report, rows, { rounds, sqlite: versions });
}

/**
 * Each call by itself; in between the event loop turns, so that syncs in the background go on.
 * @param {readonly Step[]} steps
 * @param {(step: Step) => unknown} write
 */
async function timed(steps, write) {
  const times = [];
  for (const [index, step] of steps.entries()) {
    const start = performance.now();
    write(step);
    times.push(performance.now() - start);
    if (index % 16 === 15) await turn();
  }
  return times;
}

/**
 * So many writers, each of which waits until its change is durable before the next one.
 * @param {readonly Step[]} steps
 * @param {(step: Step) => { durable: Promise<void> }} append
 * @returns {Promise<number>} per second
 */
async function flying(steps, append) {
  let next = 0;
  const start = performance.now();
  const writer = async () => {
    for (let step = steps[next++]; step !== undefined; step = steps[next++]) await append(step).durable;
  };
  await Promise.all(Array.from({ length: inFlight }, writer));
  return (1000 * steps.length) / (performance.now() - start);
}

/**
 * @param {(figure: import('../main.mjs').Figure) => void} report
 * @param {ReadonlyMap<string, readonly number[]>} rows
 * @param {Record<string, unknown>} common
 */
function reportAppends(report, rows, common) {
  const all = (/** @type {string} */ row) => rows.get(row) ?? [];
  const of = (/** @type {string} */ row) => median(all(row));
  const spread = (/** @type {string} */ row) => all(row).map((value) => Number(value.toPrecision(3)));
  const microseconds = (/** @type {string} */ row) => round(1000 * of(row));
  /** @param {string} kind @param {1 | -1} better */
  const best = (kind, better) => engines.reduce((a, b) => (better * of(kind.replace('*', a)) >= better * of(kind.replace('*', b)) ? a : b));
  report({
    figure: 'append_ratio', value: of('kill-safe') / of('commit node:sqlite NORMAL'), unit: 'x', wanted: '<= 0.15', peer: `node:sqlite ${versionOf(common, 'node:sqlite')}, WAL NORMAL commit`,
    detail: { ...common, oursP50Us: microseconds('kill-safe'), oursP99Us: microseconds('kill-safe p99'), peerP50Us: microseconds('commit node:sqlite NORMAL'), betterSqlite3P50Us: microseconds('commit better-sqlite3 NORMAL'), oursMs: spread('kill-safe'), peerMs: spread('commit node:sqlite NORMAL') },
  });
  const full = best('commit * FULL', -1);
  report({
    figure: 'durable_append_ratio', value: of('durable') / of(`commit ${full} FULL`), unit: 'x', wanted: '<= 1.5', peer: `${full} ${versionOf(common, full)}, WAL FULL commit`,
    detail: { ...common, oursP50Us: microseconds('durable'), oursP99Us: microseconds('durable p99'), ...Object.fromEntries(engines.map((engine) => [`${engine} P50Us`, microseconds(`commit ${engine} FULL`)])), oursMs: spread('durable'), peerMs: spread(`commit ${full} FULL`) },
  });
  const grouped = best('grouped *', 1);
  report({
    figure: 'durable_events_ratio', value: of('in flight') / of(`grouped ${grouped}`), unit: 'x', wanted: '>= 2', peer: `${grouped} ${versionOf(common, grouped)}, WAL FULL, 64 rows per transaction`,
    detail: { ...common, inFlight, oursPerSecond: spread('in flight'), ...Object.fromEntries(engines.map((engine) => [`${engine} perSecond`, spread(`grouped ${engine}`)])) },
  });
  const single = best('commit * FULL rate', 1);
  report({
    figure: 'durable_events_ratio_to_singles', value: of('in flight') / of(`commit ${single} FULL rate`), unit: 'x', wanted: '>= 20', peer: `${single} ${versionOf(common, single)}, WAL FULL, single commits`,
    detail: { ...common, inFlight, oursPerSecond: spread('in flight'), ...Object.fromEntries(engines.map((engine) => [`${engine} perSecond`, spread(`commit ${engine} FULL rate`)])) },
  });
}

/** @param {Record<string, any>} common @param {string} engine */
const versionOf = (common, engine) => `(SQLite ${common['sqlite'][engine]})`;
