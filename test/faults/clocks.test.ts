import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nullLogger } from '../../src/base/ports.ts';
import { nodeJournalFiles } from '../../src/storage/journal/journalFiles.ts';
import { RegistryLock } from '../../src/storage/registryLock.ts';
import { nodeFiles } from '../../src/storage/storageFiles.ts';
import { InstantTime } from '../contract/storage/support/instantTime.ts';
import { Writers, type Writer } from './support/children.ts';
import { readRegistry } from './support/found.ts';
import { Model } from './support/model.ts';
import { Registry } from './support/registry.ts';
import { randomOf, runsOf, scratchFolder } from './support/settings.ts';
import { Tally } from './support/tally.ts';
import { Workload } from './support/workload.ts';

const minute = 60_000;
const jumps = [10 * minute, -10 * minute, 60 * minute, -60 * minute] as const;
const sleeps = Math.max(1, Math.min(jumps.length, runsOf(jumps.length)));

/**
 * What the registry makes of clocks. That neither leases nor retirement deadlines run out by a sleep or by a clock that was set is proven where they
 * live: test/unit/core/leaseJudge.test.ts (V3, V9) and test/unit/core/retirement.test.ts (L9).
 */
describe('faults: clocks', () => {
  const writers = new Writers();
  let scratch = '';
  let failed = false;

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    await writers.start();
    scratch = await mkdtemp(join(scratchFolder, 'fleet-faults-'));
  });
  after(async () => {
    await writers.stop(failed);
    if (scratch !== '' && !failed) await rm(scratch, { recursive: true });
  });

  it('a clock set forward or back, in the owner or in who waits: no lock is taken from a live owner', async () => {
    const tally = new Tally('clocks of the lock');
    for (const jump of jumps) {
      for (const whose of ['owner', 'other'] as const) {
        const folder = await mkdtemp(join(scratch, 'lock-'));
        const times = { owner: new InstantTime(), other: new InstantTime() };
        const lockOf = (pid: number, time: InstantTime): RegistryLock =>
          new RegistryLock({
            folder, files: nodeFiles, host: 'here', logger: nullLogger, timers: time, clock: { now: () => time.now() + (time === times[whose] ? jump : 0), monotonic: () => time.monotonic() },
            identify: () => Promise.resolve({ pid, startTime: String(pid), bootId: 'boot' }), probe: { liveness: () => Promise.resolve('alive') },
          });
        const owner = lockOf(1, times.owner);
        const other = lockOf(2, times.other);
        if ((await owner.acquire()) !== 'acquired') tally.found('failedOpens', `${folder}: the lock is not given`);
        for (let look = 0; look < 20; look++) {
          times.owner.pass(11_000);
          times.other.pass(3 * minute);
          if ((await other.acquire()) !== 'held') tally.found('twoStates', `${folder}: taken from a live owner, clock of the ${whose} ${jump} ms off`);
          if (!(await owner.isOurs())) tally.found('twoStates', `${folder}: the owner has lost it`);
        }
        tally.runs++;
        await owner.release();
        for (const lock of [owner, other]) lock.dispose();
      }
    }
    failed ||= tally.failures > 0;
    tally.end();
  });

  it('a clock set forward and back while an owner writes: nothing is lost, and the order stays', async () => {
    const tally = new Tally('clocks of the journal');
    for (let run = 0; run < 20; run++) {
      const random = randomOf('clock', run);
      const folder = join(scratch, `journal-${run}`);
      await mkdir(folder);
      const time = { offset: 0 };
      const model = new Model();
      for (let opened = 0; opened < 3; opened++) {
        const registry = await Registry.open({ folder, files: nodeFiles, journalFiles: nodeJournalFiles, now: () => 1_790_000_000_000 + time.offset });
        const work = new Workload({ random, sessions: registry.opened.sessions, feedSeq: registry.opened.feedSeq ?? 0, prefix: `c${opened}`, removes: true });
        for (let n = 0; n < 60; n++) {
          if (n % 10 === 0) time.offset = random.pick(jumps);
          const change = work.next();
          model.apply(change);
          void registry.write(change);
        }
        await registry.journal.flush();
        if (opened === 1) await registry.server.call('compact', { upTo: model.records });
        await registry.server.call('snapshot', { upTo: model.records });
        await registry.close();
        tally.runs++;
        tally.acknowledged += 60;
      }
      const found = await readRegistry(folder);
      tally.skipped += found.skipped;
      tally.reportedLost += found.lost;
      if (found.lastQ !== model.records) tally.found('lost', `${folder}: ${found.lastQ} of ${model.records} records`);
      model.compare(found, tally, { where: folder });
      await found.close();
    }
    failed ||= tally.failures > 0;
    tally.end();
  });

  it('an owner that sleeps for an hour keeps the registry, and goes on when it wakes', async () => {
    const tally = new Tally('suspended owner');
    for (const jump of jumps.slice(0, sleeps)) await sleep(jump, tally);
    failed ||= tally.failures > 0;
    tally.end();
  });

  /** SIGSTOP instead of a sleep; meanwhile the clock of who waits is that much ahead, and its timers run 25 times as fast. */
  async function sleep(jump: number, tally: Tally): Promise<void> {
    const folder = join(writers.root, `sleep-${jump}`);
    await mkdir(folder);
    const start = (name: string, clockOffset: number, mostChanges: number): Writer =>
      writers.writer({
        folder: join(folder, 'registry'), diary: join(folder, `diary-${name}`), seed: 7, prefix: name, limits: {}, segmentBytes: 32 * 1024, removes: false, mostChanges,
        haste: 25, clockOffset,
      });
    const owner = start('owner', 0, 600);
    try {
      await owner.says('o');
      owner.signal('SIGSTOP');
      const other = start('other', jump, 10);
      try {
        await other.says('r');
        // Some ten seconds of its time: more than 20 looks at the lock.
        await pause(400);
        if (other.said.includes('o')) tally.found('twoStates', `${folder}: taken from an owner that sleeps`);
        const before = (await owner.diary()).length;
        owner.signal('SIGCONT');
        for (let left = 400; left > 0 && (await owner.diary()).length <= before; left--) await pause(5);
        if ((await owner.diary()).length <= before) tally.found('other', `${folder}: the owner does not go on`);
        await pause(100);
        if (other.said.includes('o')) tally.found('twoStates', `${folder}: taken from an owner that woke up`);
      } finally {
        await other.kill();
      }
    } finally {
      await owner.kill();
    }
    const model = new Model();
    const found = await readRegistry(join(folder, 'registry'));
    let returned = 0;
    const diary = await owner.diary();
    for (const line of diary) if ('ret' in line) returned = line.ret + 1;
    for (const line of diary) {
      if ('ask' in line && model.records < found.lastQ) model.apply(line.change, line.change.k === 'evict' ? Math.min(line.change.ss.length, found.lastQ - model.records) : 1);
      else if ('ask' in line && line.ask < returned) tally.found('lost', `${folder}: change ${line.ask} of ${returned}`);
      else if ('ack' in line) tally.acknowledged++;
      else if ('fail' in line) tally.found('other', `${folder}: change ${line.fail} was refused: ${line.code}`);
    }
    tally.runs++;
    model.compare(found, tally, { where: folder });
    await found.close();
  }
});
