import { openSync, readFileSync, writeSync } from 'node:fs';
import { toDisposable } from '../../../src/base/disposable.ts';
import { errorCode } from '../../../src/base/errors.ts';
import { nullLogger, type Clock, type Timers } from '../../../src/base/ports.ts';
import type { OpenReport, ProcessProbe } from '../../../src/core/ports.ts';
import { RegistryStore } from '../../../src/storage/registryStore.ts';
import type { RegistryLimits } from '../../../src/storage/worker/contract.ts';
import { identifySelf, linuxProbe } from '../../contract/storage/support/processes.ts';
import type { Change, DiaryLine } from './change.ts';
import { Random } from './settings.ts';
import { Workload } from './workload.ts';

/** What a writing process is told. */
export interface WriterOptions {
  readonly folder: string;
  readonly diary: string;
  readonly workerEntry: string;
  readonly wasmFile: string;
  readonly seed: number;
  readonly prefix: string;
  readonly limits: Partial<RegistryLimits>;
  readonly segmentBytes: number;
  readonly removes: boolean;
  /** It stops after so many changes and waits for its end. */
  readonly mostChanges: number;
  /** Timers run so many times as fast. */
  readonly haste: number;
  /** The wall clock is so far off, milliseconds. */
  readonly clockOffset: number;
  /** A file with the pids of processes that are taken for dead although they live. */
  readonly deadFile?: string;
}

/** A window that writes at random until it is killed. It says `o` when it owns the registry and its first change is durable. */
const options = JSON.parse(process.argv[2] ?? '{}') as WriterOptions;
const diary = openSync(options.diary, 'a', 0o600);
const note = (line: DiaryLine): void => void writeSync(diary, `${JSON.stringify(line)}\n`);
const now = (): number => Number(process.hrtime.bigint());

const clock: Clock = { now: () => Date.now() + options.clockOffset, monotonic: () => performance.now() };
const timers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms / options.haste);
    return toDisposable(() => clearTimeout(timer));
  },
  every(ms, run) {
    const timer = setInterval(run, ms / options.haste);
    return toDisposable(() => clearInterval(timer));
  },
};
const probe: ProcessProbe = {
  liveness(identity) {
    const { deadFile } = options;
    if (deadFile !== undefined && readFileSync(deadFile, 'utf8').split('\n').includes(String(identity?.pid))) return Promise.resolve('dead');
    return linuxProbe.liveness(identity);
  },
};
const { folder, workerEntry, wasmFile, limits, segmentBytes } = options;
const store = new RegistryStore({
  folder, worker: { entry: workerEntry, wasmFile, limits }, identify: identifySelf, probe, clock, timers, logger: nullLogger, host: 'here', segmentBytes,
});
const random = new Random(options.seed);
let asked = 0;
let ownership = 0;
let closing = false;

function call(change: Change): Promise<void> {
  switch (change.k) {
    case 'put': {
      const what = { session: change.s, history: change.h };
      if (change.how === 'new') return store.registerActive(what);
      return change.how === 'end' ? store.markTerminal(what) : store.update(what);
    }
    case 'evict':
      return store.evict(change.ss);
    case 'del':
      return store.remove(change.ids);
    case 'audit':
      return store.audit(change.e);
  }
}

/** @param late the registry is not made yet: nothing is safe before the promise says so. Resolves to whether it was taken. */
function ask(change: Change, late = false): Promise<boolean> {
  const n = asked++;
  note({ ask: n, at: now(), change });
  const done = call(change);
  if (!late) note({ ret: n, at: now() });
  return done.then(
    () => {
      if (late) note({ ret: n, at: now() });
      note({ ack: n });
      return true;
    },
    (error: unknown) => {
      note({ fail: n, code: errorCode(error) ?? String(error) });
      return false;
    },
  );
}

async function write(report: OpenReport): Promise<void> {
  const mine = ++ownership;
  const { prefix, removes, mostChanges } = options;
  const work = new Workload({ random, sessions: report.sessions, feedSeq: report.feedSeq ?? 0, prefix: `${prefix}-${mine}`, removes });
  if (!(await ask(work.next(), true))) return void process.stdout.write('x');
  process.stdout.write('o');
  while (asked < mostChanges && mine === ownership && !closing) {
    let last: Promise<boolean> | undefined;
    for (let n = random.int(30); n >= 0; n--) last = ask(work.next());
    if (random.chance(0.3) && !(await last)) return;
    await (random.chance(0.5) ? new Promise((resolve) => setImmediate(resolve)) : new Promise((resolve) => setTimeout(resolve, random.int(4))));
  }
}

function opened(report: OpenReport): void {
  const { role, skippedRows, restored, sessions } = report;
  note({ open: { role, skipped: skippedRows, restored: restored === true, sessions: sessions.length } });
  if (role === 'owner') write(report).catch((error: unknown) => note({ problem: String(error) }));
}

process.on('SIGTERM', () => {
  closing = true;
  void store.close().then(() => process.exit(0));
});
// It lives until it is ended, at the latest with the test that started it.
process.stdin.on('close', () => process.exit(1)).resume();
store.onDidBecomeOwner(opened);
try {
  const report = await store.open();
  opened(report);
  if (report.role === 'reader') process.stdout.write('r');
} catch (error) {
  note({ problem: `open: ${error instanceof Error ? error.stack : String(error)}` });
  process.stdout.write('x');
}
