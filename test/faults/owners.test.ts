import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Change } from './support/change.ts';
import { Writers, type Writer } from './support/children.ts';
import { readRegistry, type Found } from './support/found.ts';
import { Model } from './support/model.ts';
import { inTwoLanes, randomOf, runsOf, type Random } from './support/settings.ts';
import { Tally } from './support/tally.ts';

const kills = runsOf(300);
const zombies = runsOf(20);
const killsPerFolder = 25;
/** Compaction drops nothing here, so that everything can be compared. */
const limits = { snapshotMinBytes: 64 * 1024, snapshotMaxBytes: 64 * 1024, compactBytes: 200 * 1024, keepBytes: 1 << 30, keepEvents: 1e9, baseSegmentBytes: 48 * 1024 };

/** A change, and when its process was at it: nanoseconds since boot. */
interface Done {
  readonly change: Change;
  from: number;
  /** Absent: the call did not return, so nobody knows. */
  readonly to?: number;
}

describe('faults: several owners', () => {
  const writers = new Writers();
  let failed = false;

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    await writers.start();
  });
  after(() => writers.stop(failed));

  it(`two and three windows race over one folder, ${kills} times the owner is killed`, async () => {
    const tally = new Tally('owners killed');
    await inTwoLanes(Math.ceil(kills / killsPerFolder), async (n) => {
      const race = new Race(writers, tally, randomOf('race', n), join(writers.root, `race-${n}`));
      await race.run(Math.min(killsPerFolder, kills - n * killsPerFolder), n % 2 === 0 ? 2 : 3);
    });
    failed ||= tally.failures > 0;
    tally.end();
  });

  it(`${zombies} times an owner is stopped, replaced and woken: what it writes then does not count`, async () => {
    const tally = new Tally('zombie owners');
    await inTwoLanes(zombies, (n) => new Race(writers, tally, randomOf('zombie', n), join(writers.root, `zombie-${n}`)).zombie());
    failed ||= tally.failures > 0;
    tally.end();
  });
});

class Race {
  readonly #writers: Writers;
  readonly #tally: Tally;
  readonly #random: Random;
  readonly #folder: string;
  readonly #all: Writer[] = [];
  #started = 0;

  constructor(writers: Writers, tally: Tally, random: Random, folder: string) {
    this.#writers = writers;
    this.#tally = tally;
    this.#random = random;
    this.#folder = folder;
  }

  async run(times: number, windows: number): Promise<void> {
    await mkdir(this.#folder);
    await writeFile(join(this.#folder, 'dead'), '');
    const before = this.#tally.failures;
    const racing = new Set<Writer>();
    try {
      for (let kill = 0; kill < times; kill++) {
        while (racing.size < windows) racing.add(this.#start());
        const owner = await this.#owner(racing);
        // Now and then the one that waits is killed, which must change nothing.
        const other = [...racing].find((writer) => writer !== owner);
        if (other !== undefined && this.#random.chance(0.1)) {
          racing.delete(other);
          await other.kill();
          this.#tally.count('waiting ones killed');
        }
        await pause(this.#random.next() * 25);
        racing.delete(owner);
        await owner.kill();
        this.#tally.runs++;
      }
    } finally {
      for (const writer of racing) await writer.kill();
    }
    await this.#verify(new Map());
    if (this.#tally.failures === before) await rm(this.#folder, { recursive: true });
  }

  /** The probe is made to lie: no real window takes the lock from one that was only stopped. */
  async zombie(): Promise<void> {
    await mkdir(this.#folder);
    const dead = join(this.#folder, 'dead');
    await writeFile(dead, '');
    const before = this.#tally.failures;
    const until = new Map<Writer, number>();
    try {
      const first = this.#start(600);
      await first.says('o');
      const second = this.#start();
      await second.says('r');
      await pause(this.#random.next() * 20);
      first.signal('SIGSTOP');
      // Until here it has returned from its calls as the one owner.
      until.set(first, Number(process.hrtime.bigint()));
      await pause(10);
      await writeFile(dead, String(first.pid));
      await second.says('o');
      first.signal('SIGCONT');
      await pause(30 + this.#random.int(50));
      this.#tally.runs++;
    } finally {
      for (const writer of this.#all) await writer.kill();
    }
    await this.#verify(until);
    if (this.#tally.failures === before) await rm(this.#folder, { recursive: true });
  }

  #start(mostChanges = 120): Writer {
    const n = this.#started++;
    const writer = this.#writers.writer({
      folder: join(this.#folder, 'registry'), diary: join(this.#folder, `diary-${n}`), seed: this.#random.int(2 ** 31), prefix: `w${n}`, limits,
      segmentBytes: 32 * 1024, removes: false, mostChanges, haste: 25, clockOffset: 0, deadFile: join(this.#folder, 'dead'),
    });
    this.#all.push(writer);
    return writer;
  }

  async #owner(racing: ReadonlySet<Writer>): Promise<Writer> {
    for (let left = 2_000; left > 0; left--) {
      for (const writer of racing) {
        if (writer.said.includes('o')) return writer;
        if (writer.said.includes('e')) throw new Error(`a writing process of ${this.#folder} ended by itself`);
      }
      await pause(5);
    }
    throw new Error(`nobody owns ${this.#folder}`);
  }

  /** @param until calls of these processes that returned later were made by a zombie and do not count. */
  async #verify(until: ReadonlyMap<Writer, number>): Promise<void> {
    const tally = this.#tally;
    const where = this.#folder;
    const found = await readRegistry(join(where, 'registry')).catch((error: unknown) => tally.found('failedOpens', `${where}: ${String(error)}`));
    if (found === undefined) return;
    const reigns: Done[][] = [];
    for (const writer of this.#all) reigns.push(...(await this.#reigns(writer, until.get(writer) ?? Infinity)));
    // The first change of a reign may have waited for the registry: it was written before it returned, nobody knows when.
    for (const [first] of reigns) if (first?.to !== undefined) first.from = first.to;
    const inOrder = reigns.filter((reign) => reign.length > 0).sort((a, b) => (a[0]?.from ?? 0) - (b[0]?.from ?? 0));
    // A session that a killed owner was about to evict may have been evicted by the next one.
    const evictedFor = new Set(inOrder.flat().flatMap(({ change, to }) => (change.k === 'evict' && to !== undefined ? change.ss.map(({ id }) => id) : [])));
    // Asked for twice and never answered: had the first attempt got through, nobody would have asked again.
    const lastAttempt = new Map(inOrder.flat().flatMap(({ change, to }) => (change.k === 'evict' && to === undefined ? change.ss.map(({ id }) => [id, change] as const) : [])));
    const model = new Model();
    let end = 0;
    for (const reign of inOrder) {
      if ((reign[0]?.from ?? 0) < end && reign.some(({ to }) => to !== undefined)) tally.found('other', `${where}: two owners wrote at the same time`);
      for (const { change, to } of reign) {
        end = Math.max(end, to ?? 0);
        if (to !== undefined) model.apply(change);
        else model.apply(change, partsThere(change, found, (id) => !evictedFor.has(id) && lastAttempt.get(id) === change));
      }
    }
    tally.count('reigns', inOrder.length);
    tally.skipped += found.skipped;
    tally.reportedLost += found.lost;
    if (found.lastQ !== model.records) tally.found(found.lastQ < model.records ? 'lost' : 'invented', `${where}: ${found.lastQ} records instead of ${model.records}`);
    model.compare(found, tally, { where });
    await found.close();
  }

  /** What a process wrote each time when it was the owner. */
  async #reigns(writer: Writer, until: number): Promise<readonly Done[][]> {
    const reigns: Done[][] = [[]];
    const asked = new Map<number, Done>();
    const failed = new Set<number>();
    for (const line of await writer.diary()) {
      if ('open' in line) {
        // What waited for the registry is written by the reign that begins now, before anything that is asked in it.
        const before = reigns.pop() ?? [];
        reigns.push(before.filter(({ to }) => to !== undefined), before.filter(({ to }) => to === undefined));
        if (line.open.skipped > 0 || line.open.restored) this.#tally.found('other', `${this.#folder}: opened as ${JSON.stringify(line.open)}`);
      } else if ('ask' in line) {
        const done = { change: line.change, from: line.at };
        asked.set(line.ask, done);
        if (line.at < until) reigns.at(-1)?.push(done);
      } else if ('ret' in line) {
        const done = asked.get(line.ret);
        if (line.at >= until) this.#tally.count('void changes of zombies');
        else if (done !== undefined) Object.assign(done, { to: line.at });
      } else if ('ack' in line) this.#tally.acknowledged++;
      else if ('fail' in line) {
        const done = asked.get(line.fail);
        // Refused: another window was faster.
        if (done !== undefined) for (const reign of reigns) if (reign.includes(done)) reign.splice(reign.indexOf(done), 1);
        if (line.code !== 'NotOwner') failed.add(line.fail);
      } else this.#tally.found('failedOpens', `${this.#folder}: ${line.problem}`);
    }
    if (until === Infinity && failed.size > 0) this.#tally.found('other', `${this.#folder}: ${failed.size} changes were refused`);
    return reigns;
  }
}

/** How many records of a change that was under way at the kill reached the journal. */
function partsThere(change: Change, found: Found, evictedBy: (id: string) => boolean): number {
  switch (change.k) {
    case 'put': {
      const newest = change.h.at(-1);
      if (newest === undefined) throw new Error('A change without a trace.');
      return found.history(change.s.id).some(({ data }) => JSON.stringify(data) === JSON.stringify(newest.data)) ? 1 : 0;
    }
    case 'evict':
      return change.ss.filter(({ id }) => found.evicted.has(id) && evictedBy(id)).length;
    case 'del':
      return 0;
    case 'audit':
      return found.audit.some(({ action }) => action === change.e.action) ? 1 : 0;
  }
}
