// A fresh process that opens a registry and tells how that went; bundled, because that is how the extension runs.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../figures.mjs';
import { runLive } from './live.mjs';
import { bytesWritten, makeStore, warnings } from './store.mjs';
import { meterStalls } from './stallMeter.mjs';

const [mode, text] = process.argv.slice(2);
const { loads, ...options } = JSON.parse(text ?? '{}');
const store = makeStore(options);
// The process is as warm as an extension host that has started.
await pause(200);
if (mode === 'open') {
  const idle = meterStalls();
  await pause(300);
  const machine = (await idle.end()).at(-1);
  const meter = meterStalls();
  await pause(10);
  const start = performance.now();
  const { sessions } = await store.open();
  const ms = performance.now() - start;
  const stall = (await meter.end()).at(-1);
  await store.close();
  tell({ ms, stall, machine, sessions: sessions.length });
} else if (mode === 'live') {
  await store.open();
  const runs = [];
  for (const load of loads) {
    const machine = await runLive(undefined, { ...load, seconds: Math.min(5, load.seconds) });
    const before = bytesWritten()?.given;
    const { calls, ...found } = await runLive(store, load);
    const written = before === undefined ? undefined : (bytesWritten()?.given ?? 0) - before;
    runs.push({ ...found, written, callP50: quantile(calls, 0.5), callP99: quantile(calls, 0.99), machine: machine.detail });
  }
  await store.close();
  tell({ runs });
} else {
  const { sessions } = await store.open();
  const counts = await store.counts();
  await store.query({ limit: 50 });
  for (const { id } of sessions.slice(0, 20)) await store.history(id);
  await pause(2000);
  const rss = process.memoryUsage.rss();
  await store.close();
  tell({ rss, sessions: sessions.length, counts });
}

/** @param {Record<string, unknown>} found */
function tell(found) {
  process.stdout.write(`${JSON.stringify({ ...found, warnings })}\n`);
}
