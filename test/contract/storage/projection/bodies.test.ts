import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../../../src/core/session.ts';
import { RecordReader } from '../../../../src/storage/projection/bodies.ts';
import { Bench, line, session } from '../../../unit/storage/projection/kit.ts';

describe('bodies in the journal', () => {
  let folder: string;
  let bench: Bench;
  let records: RecordReader;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-bodies-'));
    bench = await Bench.open();
    records = new RecordReader(folder);
  });

  afterEach(async () => {
    bench.projection.close();
    await rm(folder, { recursive: true, force: true });
  });

  const seqs = (id: string, options = {}): number[] => bench.projection.queries.history(id, options, records).map((entry) => entry.seq);
  const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, n) => first + n);

  /** Two sessions that take turns, over three segments. */
  async function fill(lines: number, padding = ''): Promise<void> {
    const { journal } = bench;
    journal.put(session('a'), line(1)).put(session('b'));
    for (let n = 2; n <= lines; n++) {
      if (n === Math.floor(lines / 3)) journal.roll('b.log');
      if (n === Math.floor((lines * 2) / 3)) journal.roll('c.log');
      // What looks like the beginning of another line is only data.
      journal.patch('a', {}, line(n, { n, padding, trap: { q: n + 1, t: 1 }, text: `\n{"q":${n + 2},` }));
      journal.patch('b', {}, line(n));
    }
    bench.apply();
    await journal.save(folder);
  }

  it('finds each line of a history, over windows and segments, with any limit', async () => {
    await fill(600, 'x'.repeat(300));
    assert.ok(bench.projection.rows('SELECT q FROM marks').length > 10);
    assert.deepEqual(seqs('a'), from(1, 600));
    assert.deepEqual(seqs('b'), from(2, 600));
    assert.deepEqual(seqs('a', { afterSeq: 590 }), from(591, 600));
    assert.deepEqual(seqs('a', { afterSeq: 100, limit: 3 }), [101, 102, 103]);
    assert.deepEqual(seqs('a', { limit: 0, afterSeq: 600 }), []);
    assert.deepEqual(seqs('nobody'), []);
    assert.deepEqual(bench.projection.queries.history('b', { limit: 1 }, records), [{ sessionId: 'b', seq: 2, at: 2_002, kind: 'signal', actor: 'agent', data: { n: 2 } }]);
    assert.equal(bench.projection.queries.missingBodies, 0);
  });

  it('finds records that are larger than a window, and several lines in one record', async () => {
    bench.journal.put(session('a'), line(1, 'x'.repeat(300_000)), line(2)).patch('a', {}, line(3)).patch('a', {}, line(4, 'y'.repeat(2_000_000))).patch('a', {}, line(5));
    bench.apply();
    await bench.journal.save(folder);
    assert.deepEqual(seqs('a'), from(1, 5));
  });

  it('loads an evicted session from its record', async () => {
    const gone: Session = session('gone', { status: 'failed', outcome: { type: 'failed', error: 'e' }, model: 'm' });
    bench.journal.put(gone).evict(gone).put(session('a'));
    bench.apply();
    await bench.journal.save(folder);
    assert.deepEqual(bench.projection.queries.load('gone', records), gone);
    assert.deepEqual(bench.projection.queries.load('a', records), session('a'));
    assert.equal(bench.projection.queries.load('nobody', records), undefined);
    await unlink(join(folder, 'a.log'));
    assert.equal(bench.projection.queries.load('gone', records), undefined);
    assert.equal(bench.projection.queries.missingBodies, 1);
  });

  it('S4: leaves out and counts what is damaged or gone, and goes on to fill the limit', async () => {
    await fill(90);
    const path = join(folder, 'b.log');
    const bytes = await readFile(path);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const left = seqs('a').length + seqs('b').length;
    assert.equal(left, 90 + 89 - 1);
    assert.equal(bench.projection.queries.missingBodies, 1);
    await truncate(path, 100);
    assert.deepEqual(seqs('a', { limit: 40 }), [...from(1, 29), ...from(60, 70)]);
    await unlink(path);
    assert.deepEqual(seqs('a'), [...from(1, 29), ...from(60, 90)]);
    await rm(folder, { recursive: true });
    assert.deepEqual(seqs('a'), []);
  });

  it('S4: a damaged line feed costs no record', async () => {
    bench.journal.put(session('a'), line(1)).patch('a', {}, line(2)).patch('a', {}, line(3));
    const first = bench.journal.entries[1];
    bench.apply();
    await bench.journal.save(folder);
    const bytes = await readFile(join(folder, 'a.log'));
    bytes[(first?.offset ?? 0) - 1] = 0x0b;
    await writeFile(join(folder, 'a.log'), bytes);
    assert.deepEqual(seqs('a'), [1, 2, 3]);
  });

  it('finds a record again that was rescued into the next segment', async () => {
    const { journal } = bench;
    journal.put(session('a'), line(1)).patch('a', {}, line(2)).patch('a', {}, line(3));
    const rescued = journal.entries.slice(1);
    journal.roll('b.log');
    for (const { record } of rescued) journal.write(record);
    journal.patch('a', {}, line(4));
    assert.equal(bench.apply().applied, 4);
    await journal.save(folder);
    assert.deepEqual(seqs('a'), [1, 2, 3, 4]);
    await truncate(join(folder, 'a.log'), (rescued[0]?.offset ?? 0) + 5);
    assert.deepEqual(seqs('a'), [1, 2, 3, 4]);
    assert.equal(bench.projection.queries.missingBodies, 0);
  });

  it('looks where compaction put the records, and forgets what it dropped', async () => {
    await fill(90);
    const base = await Bench.open();
    const { journal } = base;
    journal.roll('base.log');
    for (let n = 31; n <= 59; n++) journal.write({ q: 2 * n - 1, t: 1, k: 'put', s: 'a', p: {}, h: [line(n)] });
    await journal.save(folder);
    base.projection.close();
    const upTo = 2 * 59;
    bench.projection.replaceMarks({
      upTo,
      marks: journal.entries.map(({ record, segment, offset }) => ({ q: record.q, segment, offset })),
      droppedHistory: [{ id: 'a', throughSeq: 30 }, { id: 'nobody', throughSeq: 3 }],
      droppedSessions: ['b', 'nobody'],
    });
    await unlink(join(folder, 'a.log'));
    await unlink(join(folder, 'b.log'));
    assert.deepEqual(bench.projection.marks.segments(), ['c.log', 'base.log']);
    assert.deepEqual(seqs('a'), from(31, 90));
    assert.deepEqual(bench.found({}), ['a']);
    assert.equal(bench.projection.queries.missingBodies, 0);
    bench.journal.patch('a', {}, line(91));
    bench.apply();
    await bench.journal.save(folder);
    assert.deepEqual(seqs('a', { afterSeq: 88 }), [89, 90, 91]);
  });
});
