import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nullLogger } from '../../src/base/ports.ts';
import { errorCode } from '../../src/base/errors.ts';
import { nodeJournalFiles } from '../../src/storage/journal/journalFiles.ts';
import { RegistryStore } from '../../src/storage/registryStore.ts';
import { nodeFiles } from '../../src/storage/storageFiles.ts';
import { InstantTime } from '../contract/storage/support/instantTime.ts';
import type { Change } from './support/change.ts';
import { Writers } from './support/children.ts';
import { FailNth, type Code } from './support/failNth.ts';
import { readRegistry, wasmFile } from './support/found.ts';
import { Model } from './support/model.ts';
import { Registry } from './support/registry.ts';
import { inTwoLanes, randomOf, scratchFolder } from './support/settings.ts';
import { Tally } from './support/tally.ts';
import { Workload } from './support/workload.ts';

const codes: readonly Code[] = ['ENOSPC', 'EIO'];
/** Bound by every n-th call, not by a number of runs; for a quick look: every so many calls. */
const stride = Number(process.env['AGENT_FLEET_FAULT_STRIDE'] ?? 1);
const changes = 24;

interface Case {
  readonly operation: string;
  readonly n: number;
  readonly code: Code;
  /** How many calls fail. */
  readonly count: number;
}

function casesOf(calls: ReadonlyMap<string, number>): readonly Case[] {
  const cases: Case[] = [];
  for (const [operation, most] of calls) {
    for (let n = 1; n <= most; n += stride) cases.push(...codes.map((code) => ({ operation, n, code, count: (n + codes.indexOf(code)) % 2 === 0 ? 1 : 3 })));
  }
  return cases;
}

describe('faults: failing disks', () => {
  const writers = new Writers();
  let failed = false;

  before(() => writers.start(scratchFolder));
  after(() => writers.stop(failed));

  it('every n-th call of the store fails: nothing that was acknowledged is lost, and what waited is written when the disk is back', async () => {
    const tally = new Tally('failing disk, store');
    const dry = new FailNth();
    await store(join(writers.root, 'store-dry'), dry, tally, 'dry');
    const cases = casesOf(dry.calls);
    await inTwoLanes(cases.length, async (index) => {
      const { operation, n, code, count } = cases[index] as Case;
      const where = `${code} from call ${n} of ${operation} on, ${count} times`;
      const folder = join(writers.root, `store-${index}`);
      const before = tally.failures;
      const fault = new FailNth(operation, n, count, code);
      await store(folder, fault, tally, where).catch((error: unknown) => tally.found('other', `${where}: ${error instanceof Error ? error.stack : String(error)}`));
      if (fault.failed === 0) tally.count('not reached');
      if (tally.failures === before) await rm(folder, { recursive: true, force: true });
    });
    failed ||= tally.failures > 0;
    tally.end();
  });

  it('every n-th call of snapshots and compaction fails: the registry is whole, and the next owner opens it', async () => {
    const tally = new Tally('failing disk, upkeep');
    const dry = new FailNth();
    await upkeep(join(writers.root, 'upkeep-dry'), dry, tally, 'dry');
    for (const [index, { operation, n, code, count }] of casesOf(new Map([...dry.calls].filter(([name]) => name.startsWith('files.')))).entries()) {
      const where = `${code} from call ${n} of ${operation} on, ${count} times`;
      const folder = join(writers.root, `upkeep-${index}`);
      const before = tally.failures;
      await upkeep(folder, new FailNth(operation, n, count, code), tally, where).catch((error: unknown) => tally.found('other', `${where}: ${String(error)}`));
      if (tally.failures === before) await rm(folder, { recursive: true, force: true });
    }
    failed ||= tally.failures > 0;
    tally.end();
  });

  /** One window from the first session on; the disk is well again before it closes. */
  async function store(folder: string, fault: FailNth, tally: Tally, where: string): Promise<void> {
    const time = new InstantTime();
    const window = new RegistryStore({
      folder, worker: { entry: writers.workerEntry, wasmFile }, files: fault.files, journalFiles: fault.journalFiles, segmentBytes: 2_048, host: 'here',
      identify: () => Promise.resolve({ pid: 1, startTime: '1', bootId: 'boot' }), probe: { liveness: () => Promise.resolve('alive') },
      clock: time, timers: time, logger: nullLogger,
    });
    const model = new Model();
    try {
      // As a window does: what is refused is tried again.
      for (let left = 4, open = false; left > 0 && !open; left--) {
        open = await window.open().then(() => true, () => (tally.count('opens refused while the disk failed'), false));
      }
      const work = new Workload({ random: randomOf('disk', 0), sessions: [], feedSeq: 0, prefix: 'd', removes: false });
      const ends: Promise<void>[] = [];
      for (let n = 0; n < changes; n++) {
        const change = work.next();
        const end = call(window, change).then(
          () => void tally.acknowledged++,
          (error: unknown) => {
            if (errorCode(error) !== 'NotPersisted') tally.found('other', `${where}: change ${n}: ${String(error)}`);
          },
        );
        model.apply(change);
        ends.push(end);
        if (n % 6 === 0) await end;
      }
      await Promise.all(ends);
      fault.heal();
      for (let n = 0; n < 200 && !window.health.persisted; n++) {
        time.pass(31_000);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (!window.health.persisted) tally.found('other', `${where}: it stays "not persisted": ${window.health.reason}`);
    } finally {
      await window.close();
    }
    await verify(folder, model, tally, where);
  }
});

/** An owner's snapshots and compaction; he is gone before he can try again. */
async function upkeep(folder: string, fault: FailNth, tally: Tally, where: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const model = new Model();
  const limits = { snapshotMinBytes: 1 << 30, snapshotMaxBytes: 1 << 30, keepBytes: 1 << 30, keepEvents: 1e9, baseSegmentBytes: 4_096 };
  const plain = { folder, files: nodeFiles, journalFiles: nodeJournalFiles, limits, segmentBytes: 4_096 };
  let work: Workload | undefined;
  const write = (registry: Registry): void => {
    work ??= new Workload({ random: randomOf('upkeep', 0), sessions: [], feedSeq: 0, prefix: 'u', removes: true, listed: 8 });
    for (let n = 0; n < 30; n++) {
      const change = work.next();
      model.apply(change);
      void registry.write(change);
    }
  };
  const first = await Registry.open(plain);
  write(first);
  await first.journal.flush();
  await first.server.call('snapshot', { upTo: model.records });
  await first.close();
  // An opening that the disk refuses is tried again, as a window does.
  const second = await Registry.open({ ...plain, files: fault.files }).catch(() => Registry.open({ ...plain, files: fault.files })).catch(() => undefined);
  if (second === undefined) tally.count('opens refused while the disk failed');
  else {
    write(second);
    await second.journal.flush();
    for (const method of ['snapshot', 'compact', 'snapshot'] as const) await second.server.call(method, { upTo: model.records }).catch(() => tally.count('refused'));
    await second.close();
  }
  await verify(folder, model, tally, where);
  fault.heal();
  const third = await Registry.open({ ...plain, files: fault.files });
  if (third.opened.restored === true || third.opened.setAside.length > 0) tally.found('other', `${where}: opened with ${JSON.stringify(third.opened.rungs)}`);
  await third.server.call('compact', { upTo: 0 });
  await third.close();
  await verify(folder, model, tally, `${where}, and compacted later`);
  tally.acknowledged += model.records;
}

async function verify(folder: string, model: Model, tally: Tally, where: string): Promise<void> {
  tally.runs++;
  const found = await readRegistry(folder).catch((error: unknown) => tally.found('failedOpens', `${where}: ${String(error)}`));
  if (found === undefined) return;
  tally.skipped += found.skipped;
  tally.reportedLost += found.lost;
  if (found.lastQ !== model.records) tally.found(found.lastQ < model.records ? 'lost' : 'invented', `${where}: ${found.lastQ} of ${model.records} records`);
  model.compare(found, tally, { where });
  await found.close();
}

function call(store: RegistryStore, change: Change): Promise<void> {
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
