// What the store costs the thread that writes to it, at a steady rate.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { quantile, round } from '../figures.mjs';
import { meterStalls } from './stallMeter.mjs';
import { applyTo } from './store.mjs';
import { Workload } from './workload.mjs';

/**
 * @param {import('../../../src/storage/registryStore.ts').RegistryStore | undefined} store  absent: the same without the store, as a measure of the machine
 * @param {{ perSecond: number, seconds: number, firstSession: number }} load
 */
export async function runLive(store, { perSecond, seconds, firstSession }) {
  const work = new Workload(Date.now(), firstSession);
  /** Time of each call, milliseconds. @type {number[]} */
  const calls = [];
  /** From the call until it is durable. @type {number[]} */
  const durable = [];
  /** @type {unknown} */
  let failure;
  const start = performance.now();
  const cpu = threadCpuMs();
  /** @type {(() => void) | undefined} */
  let done;
  const whole = new Promise((resolve) => (done = () => resolve(undefined)));
  const meter = meterStalls(() => {
    const elapsed = performance.now() - start;
    const due = Math.min(perSecond * seconds, Math.floor((elapsed * perSecond) / 1000)) - work.events;
    for (const step of work.take(Math.max(0, due))) {
      const at = performance.now();
      const promise = store === undefined ? undefined : applyTo(store, step);
      const spent = performance.now() - at;
      if (step.op !== 'evict') calls.push(spent);
      promise?.then(
        () => step.op === 'update' && durable.push(performance.now() - at),
        (error) => (failure = error),
      );
    }
    if (elapsed >= seconds * 1000) done?.();
  });
  await whole;
  const delays = await meter.end();
  const spentMs = threadCpuMs() - cpu;
  if (failure !== undefined) throw failure;
  const start2 = performance.now();
  await store?.counts();
  return {
    events: work.events,
    sessions: work.sessions,
    longest: delays.at(-1) ?? 0,
    calls,
    detail: {
      perSecond, seconds, events: work.events,
      stallP99: round(quantile(delays, 0.99)), stallP999: round(quantile(delays, 0.999)), longest: delays.slice(-5).map(round), above16ms: delays.filter((ms) => ms > 16).length,
      ...(store === undefined ? {} : {
        durableP50: round(quantile(durable, 0.5)), durableP99: round(quantile(durable, 0.99)), projectionBehindMs: round(performance.now() - start2),
        threadCpuUsPerEvent: round((1000 * spentMs) / work.events),
      }),
    },
  };
}

function threadCpuMs() {
  const { user, system } = process.threadCpuUsage?.() ?? { user: 0, system: 0 };
  return (user + system) / 1000;
}
