import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeJournalFiles } from '../../src/storage/journal/journalFiles.ts';
import { nodeFiles } from '../../src/storage/storageFiles.ts';
import { recordsOf, type Change } from './support/change.ts';
import { readRegistry } from './support/found.ts';
import { Model } from './support/model.ts';
import { Disk } from './support/powerLoss.ts';
import { Registry } from './support/registry.ts';
import { randomOf, runsOf, scratchFolder, type Random } from './support/settings.ts';
import { Tally } from './support/tally.ts';
import { Workload } from './support/workload.ts';

const runs = runsOf(250);
const limits = { snapshotMinBytes: 24 * 1024, snapshotMaxBytes: 24 * 1024, compactBytes: 50 * 1024, keepBytes: 1 << 30, keepEvents: 1e9, baseSegmentBytes: 8 * 1024 };

describe('faults: loss of power', () => {
  const tally = new Tally('loss of power');
  let root = '';

  before(async () => {
    root = await mkdtemp(join(scratchFolder, 'fleet-faults-'));
  });
  after(async () => {
    if (tally.failures > 0) console.log(`      the folders are kept in ${root}`);
    else await rm(root, { recursive: true, force: true });
  });

  it(`${runs} losses of power: what was durable is there`, async () => {
    for (let run = 0; run < runs; run++) {
      const folder = join(root, String(run));
      const before = tally.failures;
      await new PowerLoss(folder, tally, randomOf('power', run)).run();
      if (tally.failures === before) await rm(folder, { recursive: true });
    }
    tally.end();
  });
});

class PowerLoss {
  readonly #folder: string;
  readonly #tally: Tally;
  readonly #random: Random;
  /** One entry per record. */
  readonly #records: { readonly change: Change; readonly part: number }[] = [];
  #durable = 0;

  constructor(folder: string, tally: Tally, random: Random) {
    this.#folder = folder;
    this.#tally = tally;
    this.#random = random;
  }

  async run(): Promise<void> {
    const registry = join(this.#folder, 'registry');
    const after = join(this.#folder, 'after');
    for (const path of [registry, after, join(this.#folder, 'vault')]) await mkdir(path, { recursive: true });
    const disk = new Disk(join(this.#folder, 'vault'));
    await this.#write(disk, registry, after);
    this.#tally.runs++;
    this.#tally.acknowledged += this.#durable;
    const { model, whole } = await this.#verify(after);
    if (whole) await this.#goOn(after, model);
  }

  async #write(disk: Disk, folder: string, after: string): Promise<void> {
    const random = this.#random;
    const registry = await Registry.open({ folder, files: disk.files, journalFiles: disk.journalFiles, limits, segmentBytes: 8 * 1024 });
    const work = new Workload({ random, sessions: [], feedSeq: 0, prefix: 'p', removes: random.chance(0.5) });
    for (let left = 1 + random.int(300); left > 0; ) {
      for (let burst = Math.min(left, 1 + random.int(20)); burst > 0; burst--, left--) {
        const change = work.next();
        for (const [part, durable] of registry.write(change).entries()) {
          this.#records.push({ change, part });
          const q = this.#records.length;
          void durable.then(() => (this.#durable = Math.max(this.#durable, q)));
        }
      }
      const turns = random.int(12);
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (random.chance(0.2)) await registry.journal.flush();
    }
    const durable = this.#durable;
    disk.lose(folder, after, random);
    await registry.close();
    this.#durable = durable;
  }

  async #verify(folder: string): Promise<{ model: Model; whole: boolean }> {
    const tally = this.#tally;
    const model = new Model();
    const found = await readRegistry(folder).catch((error: unknown) => tally.found('failedOpens', `${folder}: ${String(error)}`));
    if (found === undefined) return { model, whole: false };
    try {
      tally.skipped += found.skipped;
      tally.reportedLost += found.lost;
      if (found.lastQ < this.#durable) tally.found('lost', `${folder}: ${this.#durable - found.lastQ} records`);
      if (found.lastQ > this.#records.length) tally.found('invented', `${folder}: ${found.lastQ} of ${this.#records.length} records`);
      const whole = found.lost === 0;
      if (!whole) tally.count('with a gap behind what was durable');
      for (const { change, part } of this.#records.slice(0, whole ? found.lastQ : this.#durable)) apply(model, change, part);
      if (whole) model.compare(found, tally, { where: folder });
      else this.#compareDurable(model, (id) => found.history(id), folder);
      return { model, whole };
    } finally {
      await found.close();
    }
  }

  /** Some of what was not durable is there and some is not: the durable history must be. */
  #compareDurable(model: Model, history: (id: string) => readonly { readonly seq: number }[], where: string): void {
    const gone = new Set(this.#records.flatMap(({ change }) => (change.k === 'del' ? change.ids : [])));
    for (const [id, entries] of model.history) {
      const there = new Set(history(id).map(({ seq }) => seq));
      const missing = gone.has(id) ? 0 : entries.filter(({ seq }) => !there.has(seq)).length;
      if (missing > 0) this.#tally.found('lost', `${where}: ${missing} durable lines of the history of ${id}`);
    }
  }

  /** The next owner writes on top of it. */
  async #goOn(folder: string, model: Model): Promise<void> {
    const where = `${folder}, written on`;
    try {
      const registry = await Registry.open({ folder, files: nodeFiles, journalFiles: nodeJournalFiles, limits });
      const work = new Workload({ random: this.#random, sessions: registry.opened.sessions, feedSeq: registry.opened.feedSeq ?? 0, prefix: 'after', removes: true });
      for (let n = 0; n < 30; n++) {
        const change = work.next();
        model.apply(change);
        void registry.write(change);
      }
      await registry.journal.flush();
      await registry.close();
      const found = await readRegistry(folder);
      if (found.lastQ !== model.records) this.#tally.found('lost', `${where}: ${found.lastQ} of ${model.records} records`);
      model.compare(found, this.#tally, { where });
      await found.close();
    } catch (error) {
      this.#tally.found('failedOpens', `${where}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
}

function apply(model: Model, change: Change, part: number): void {
  if (change.k === 'evict') model.apply({ k: 'evict', ss: change.ss.slice(part, part + 1) });
  else model.apply(change, recordsOf(change));
}
