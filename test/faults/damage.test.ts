import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nullLogger } from '../../src/base/ports.ts';
import { nodeJournalFiles } from '../../src/storage/journal/journalFiles.ts';
import { RegistryLock } from '../../src/storage/registryLock.ts';
import { nodeFiles } from '../../src/storage/storageFiles.ts';
import { InstantTime } from '../contract/storage/support/instantTime.ts';
import { ServerInProcess } from '../contract/storage/worker/serverKit.ts';
import { readRegistry } from './support/found.ts';
import { Registry } from './support/registry.ts';
import { randomOf, runsOf, scratchFolder, type Random } from './support/settings.ts';
import { Tally } from './support/tally.ts';
import { Truth } from './support/truth.ts';
import { Workload } from './support/workload.ts';

const runs = runsOf(500);
const templates = 5;
const never = { snapshotMinBytes: 1 << 30, snapshotMaxBytes: 1 << 30, snapshotIdleBytes: 1 << 30, compactBytes: 1 << 30, keepBytes: 1 << 30, keepEvents: 1e9, baseSegmentBytes: 6 * 1024 };

/** A folder as an owner left it, in memory, and what is true of it. */
interface Template {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly truth: Truth;
}

const kinds: readonly { readonly what: string; readonly name: RegExp }[] = [
  { what: 'live segment', name: /^journal\/j-/ },
  { what: 'base segment', name: /^journal\/b-/ },
  { what: 'marker', name: /^journal\/base-/ },
  { what: 'snapshot', name: /^snapshots\/snap-/ },
];

describe('faults: damaged files', () => {
  let root = '';
  let failed = false;
  const made: Template[] = [];

  before(async () => {
    root = await mkdtemp(join(scratchFolder, 'fleet-faults-'));
    for (let n = 0; n < templates; n++) made.push(await template(join(root, `template-${n}`), randomOf('template', n)));
  });
  after(async () => {
    if (failed) console.log(`      the folders are kept in ${root}`);
    else await rm(root, { recursive: true, force: true });
  });

  for (const { what, name } of kinds) {
    it(`${runs} times a damaged ${what}: nothing wrong is shown, what is lost is said`, async () => {
      const tally = new Tally(`damaged ${what}`);
      for (let run = 0; run < runs; run++) {
        const random = randomOf(what, run);
        const { files, truth } = random.pick(made);
        const folder = join(root, `${what.replace(' ', '-')}-${run}`);
        const victims = [random.pick([...files.keys()].filter((path) => name.test(path)))];
        // All snapshots at once: the journal alone must do.
        if (random.chance(what === 'snapshot' ? 0.25 : 0.15)) victims.push(...[...files.keys()].filter((path) => path.startsWith('snapshots/') && path !== victims[0]));
        const damaged = new Map(victims.map((victim) => [victim, damage(files.get(victim) ?? Buffer.alloc(0), random)]));
        put(folder, files, damaged);
        const before = tally.failures;
        const owner = random.chance(what === 'snapshot' ? 0.6 : 0.2);
        await open(folder, tally, truth, damaged, owner);
        tally.runs++;
        if (tally.failures === before) rmSync(folder, { recursive: true });
      }
      failed ||= tally.failures > 0;
      tally.end();
    });
  }

  it(`${runs} times a damaged lock of a dead owner: nobody fails over it`, async () => {
    const tally = new Tally('damaged lock');
    const holder = Buffer.from(`${JSON.stringify({ pid: 4_242, startTime: '77', bootId: 'boot', host: 'here', nonce: '0123456789abcdef', heartbeat: 1 })}\n`);
    for (let run = 0; run < runs; run++) {
      const folder = join(root, `lock-${run}`);
      mkdirSync(folder);
      writeFileSync(join(folder, 'registry.lock'), damage(holder, randomOf('lock', run)));
      const time = new InstantTime();
      const identify = (): Promise<{ pid: number; startTime: string; bootId: string }> => Promise.resolve({ pid: 1, startTime: '1', bootId: 'boot' });
      const lock = new RegistryLock({ folder, files: nodeFiles, probe: { liveness: () => Promise.resolve('dead') }, identify, host: 'here', clock: time, timers: time, logger: nullLogger });
      const outcome = await lock.acquire().catch((error: unknown) => tally.found('failedOpens', `${folder}: ${String(error)}`));
      tally.count(outcome === 'acquired' ? 'taken over' : 'left alone (opened as a reader)');
      if (outcome === 'acquired' && !(await lock.isOurs())) tally.found('other', `${folder}: acquired, and not ours`);
      await lock.release();
      lock.dispose();
      tally.runs++;
      rmSync(folder, { recursive: true });
    }
    failed ||= tally.failures > 0;
    tally.end();
  });
});

/** Opens what is damaged, as an owner who sets right what he may, then as a reader who looks at everything. */
async function open(folder: string, tally: Tally, truth: Truth, damaged: ReadonlyMap<string, Buffer>, owner: boolean): Promise<void> {
  let told = false;
  try {
    if (owner) {
      const server = new ServerInProcess(folder, new InstantTime(), nodeFiles, never);
      const { setAside, restored } = await server.call('open', { role: 'owner' });
      await server.call('close', {});
      if (setAside.length > 0) tally.count('set aside', setAside.length);
      const kept = new Set(allFiles(folder).map((path) => readFileSync(join(folder, path)).toString('latin1')));
      for (const [path, bytes] of damaged) if (!kept.has(bytes.toString('latin1'))) tally.found('other', `${folder}: the damaged ${path} was deleted`);
      told = restored === true;
    }
    const found = await readRegistry(folder);
    truth.compare(found, tally, folder, told);
    await found.close();
  } catch (error) {
    tally.found('failedOpens', `${folder}: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

/** Base, markers, two snapshots, a journal behind them. */
async function template(folder: string, random: Random): Promise<Template> {
  const truth = new Truth();
  const work = new Workload({ random, sessions: [], feedSeq: 0, prefix: 't', removes: true, listed: 10 });
  const registry = await Registry.open({ folder, files: nodeFiles, journalFiles: nodeJournalFiles, limits: never, segmentBytes: 6 * 1024 });
  const write = (changes: number): void => {
    for (let n = 0; n < changes; n++) {
      const change = work.next();
      truth.apply(change);
      void registry.write(change);
    }
  };
  const upTo = (): { upTo: number } => ({ upTo: registry.journal.nextQ - 1 });
  write(60 + random.int(60));
  await registry.journal.flush();
  await registry.server.call('compact', upTo());
  write(30 + random.int(40));
  await registry.journal.flush();
  await registry.server.call('snapshot', upTo());
  write(20 + random.int(60));
  await registry.journal.flush();
  await registry.close();
  const files = new Map(allFiles(folder).map((path) => [path, readFileSync(join(folder, path))]));
  rmSync(folder, { recursive: true });
  for (const { what, name } of kinds) if (![...files.keys()].some((path) => name.test(path))) throw new Error(`The template has no ${what}: ${[...files.keys()].join()}`);
  return { files, truth };
}

function allFiles(folder: string): readonly string[] {
  return ['journal', 'snapshots'].flatMap((part) => readdirSync(join(folder, part)).map((name) => `${part}/${name}`));
}

function put(folder: string, files: Template['files'], instead: ReadonlyMap<string, Buffer>): void {
  for (const part of ['journal', 'snapshots']) mkdirSync(join(folder, part), { recursive: true });
  for (const [path, bytes] of files) writeFileSync(join(folder, path), instead.get(path) ?? bytes);
}

/** Always something else than it was. */
function damage(good: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(good);
  const flip = (): void => {
    const bit = random.int(bytes.length * 8);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  };
  switch (random.int(7)) {
    case 0:
    case 1:
      return bytes.subarray(0, random.int(bytes.length));
    case 2:
      return bytes.subarray(0, random.chance(0.3) ? 0 : random.int(bytes.length));
    case 3:
    case 4:
      flip();
      break;
    case 5:
      for (let n = 0; n < 8; n++) flip();
      break;
    default: {
      const from = random.int(bytes.length);
      bytes.fill(0, from, Math.min(bytes.length, from + 4_096));
      break;
    }
  }
  if (bytes.equals(good)) flip();
  return bytes;
}
