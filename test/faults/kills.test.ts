import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RegistryLimits } from '../../src/storage/worker/contract.ts';
import { recordsOf, type Change, type DiaryLine } from './support/change.ts';
import { Writers, type Writer } from './support/children.ts';
import { readRegistry } from './support/found.ts';
import { Model } from './support/model.ts';
import { inTwoLanes, randomOf, runsOf, type Random } from './support/settings.ts';
import { Tally } from './support/tally.ts';

const runs = runsOf(500);
/** Kills in one folder, one after the other. */
const longestLife = 30;
const small: Partial<RegistryLimits> = { snapshotMinBytes: 96 * 1024, snapshotMaxBytes: 96 * 1024, snapshotIdleBytes: 16 * 1024, compactBytes: 150 * 1024, baseSegmentBytes: 40 * 1024 };

describe('faults: kills', () => {
  const writers = new Writers();
  const tally = new Tally('kill -9');

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    await writers.start();
  });
  after(() => writers.stop(tally.failures > 0));

  it(`${runs} random kills of a writing process lose nothing and invent nothing`, async () => {
    let left = runs;
    const folders = Math.ceil(runs / (longestLife / 2));
    await inTwoLanes(folders, async (index) => {
      const random = randomOf('kill', index);
      // The last folders take what is left.
      const kills = Math.min(left, index >= folders - 2 ? left : 1 + random.int(longestLife));
      left -= kills;
      await new Life(writers, tally, random, join(writers.root, `kill-${index}`)).live(kills);
    });
    tally.end();
  });
});

/** One folder and the processes that write in it, one after the other. */
class Life {
  readonly #writers: Writers;
  readonly #tally: Tally;
  readonly #random: Random;
  readonly #folder: string;
  readonly #model = new Model();
  /** Compaction must drop things. */
  readonly #tight: boolean;

  constructor(writers: Writers, tally: Tally, random: Random, folder: string) {
    this.#writers = writers;
    this.#tally = tally;
    this.#random = random;
    this.#folder = folder;
    this.#tight = random.chance(0.4);
  }

  async live(kills: number): Promise<void> {
    await mkdir(this.#folder);
    for (let kill = 0; kill < kills; kill++) {
      const before = this.#tally.failures;
      await this.#kill(kill, kill === kills - 1);
      // One loss would be told again after each further kill.
      if (this.#tally.failures > before) return;
    }
    await rm(this.#folder, { recursive: true });
  }

  async #kill(kill: number, last: boolean): Promise<void> {
    const random = this.#random;
    const keep = this.#tight ? { keepBytes: 100 * 1024, keepEvents: 300 } : { keepBytes: 1 << 30, keepEvents: 1e9 };
    const writer = this.#writers.writer({
      folder: join(this.#folder, 'registry'), diary: join(this.#folder, `diary-${kill}`), seed: random.int(2 ** 31), prefix: `k${kill}`,
      limits: { ...small, ...keep }, segmentBytes: 48 * 1024, removes: random.chance(0.5), mostChanges: 400, haste: 1, clockOffset: 0,
    });
    await this.#letLive(writer);
    await writer.kill();
    this.#tally.runs++;
    await this.#look();
    await this.#verify(await writer.diary(), kill, last);
  }

  async #letLive(writer: Writer): Promise<void> {
    const random = this.#random;
    if (random.chance(0.15)) {
      await Promise.race([pause(random.int(160)), writer.ended]);
      if (!writer.said.includes('o')) this.#tally.count('during start');
      return;
    }
    await writer.says('orx');
    await pause(random.next() * 60);
    if (!random.chance(0.06)) return;
    this.#tally.count('during close');
    writer.signal('SIGTERM');
    await Promise.race([pause(random.next() * 20), writer.ended]);
  }

  /** What the kill interrupted. */
  async #look(): Promise<void> {
    const names = async (folder: string): Promise<readonly string[]> => readdir(join(this.#folder, 'registry', folder)).catch(() => []);
    if ((await names('snapshots')).some((name) => name.endsWith('.tmp'))) this.#tally.count('during a snapshot');
    const journal = await names('journal');
    const upTo = journal.filter((name) => name.startsWith('base-')).map((name) => name.split('-')[1]);
    if (upTo.length > 0) this.#tally.count('after a compaction');
    if (journal.some((name) => name.startsWith('b-') && !upTo.includes(name.split('-')[1])) || upTo.length > 1) this.#tally.count('during a compaction');
  }

  async #verify(diary: readonly DiaryLine[], kill: number, last: boolean): Promise<void> {
    const tally = this.#tally;
    const where = `${this.#folder} kill ${kill}`;
    const asked: Change[] = [];
    const touched = new Set<string>();
    let returned = 0;
    for (const line of diary) {
      if ('ask' in line) asked.push(line.change);
      else if ('ret' in line) returned = line.ret + 1;
      else if ('ack' in line) tally.acknowledged++;
      else if ('fail' in line) tally.found('other', `${where}: change ${line.fail} was refused: ${line.code}`);
      else if ('problem' in line) tally.found('failedOpens', `${where}: ${line.problem}`);
      else if (line.open.skipped > 0 || line.open.restored || line.open.role !== 'owner') tally.found('other', `${where}: opened as ${JSON.stringify(line.open)}`);
    }
    const found = await readRegistry(join(this.#folder, 'registry')).catch((error: unknown) => tally.found('failedOpens', `${where}: ${String(error)}`));
    if (found === undefined) return;
    try {
      tally.skipped += found.skipped;
      tally.reportedLost += found.lost;
      if (found.damaged > 0) tally.found('other', `${where}: damage is reported`);
      for (const [n, change] of asked.entries()) {
        const there = Math.min(recordsOf(change), found.lastQ - this.#model.records);
        if (there < recordsOf(change) && n < returned) tally.found('lost', `${where}: change ${n} of ${returned}`);
        if (there <= 0) break;
        this.#model.apply(change, there);
        for (const id of idsOf(change)) touched.add(id);
      }
      if (found.lastQ !== this.#model.records) tally.found(found.lastQ > this.#model.records ? 'invented' : 'lost', `${where}: ${found.lastQ} records instead of ${this.#model.records}`);
      this.#model.compare(found, tally, { mayDrop: this.#tight, where, ...(last ? {} : { only: touched }) });
    } finally {
      await found.close();
    }
  }
}

function idsOf(change: Change): readonly string[] {
  if (change.k === 'put') return [change.s.id];
  return change.k === 'evict' ? change.ss.map(({ id }) => id) : [];
}
