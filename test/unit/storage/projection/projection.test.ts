import assert from 'node:assert/strict';
import { Projection } from '../../../../src/storage/projection/projection.ts';
import { RecordReader } from '../../../../src/storage/projection/bodies.ts';
import { decodePairs } from '../../../../src/storage/projection/runs.ts';
import { Bench, engine, line, session } from './kit.ts';

const nowhere = new RecordReader('/nowhere');

describe('Projection', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.open();
  });

  afterEach(() => bench.projection.close());

  const poison = (): unknown[][] => bench.projection.rows('SELECT q, error FROM poison ORDER BY q');
  const events = (): unknown[][] =>
    bench.projection.rows('SELECT s.id, first_seq, pairs FROM runs r JOIN sessions s ON s.sno = r.sno ORDER BY s.id, first_seq').flatMap(([id, first, pairs]) => decodePairs(Number(first), pairs).map((pair) => [id, ...pair]));

  it('puts, changes, evicts and forgets sessions', () => {
    const { journal, projection } = bench;
    journal.put(session('a'), line(1)).put(session('b'), line(1));
    journal.patch('a', { status: 'completed', signal: { activity: 'idle', source: 'hook', at: 3 }, historySeq: 2 }, line(2));
    assert.deepEqual(bench.apply(), { applied: 3, changed: ['a', 'b'], removed: [] });
    const a = session('a', { status: 'completed', signal: { activity: 'idle', source: 'hook', at: 3 }, historySeq: 2 });
    assert.deepEqual(projection.queries.load('a', nowhere), a);
    journal.patch('a', { signal: null });
    assert.deepEqual(bench.apply(), { applied: 1, changed: ['a'], removed: [] });
    assert.deepEqual(projection.queries.listed(['b', 'a', 'none']), [session('b'), session('a', { status: 'completed', historySeq: 2 })]);
    assert.deepEqual(projection.queries.counts(), { byStatus: { running: 1, completed: 1 }, evicted: 0 });

    journal.evict(a);
    assert.deepEqual(bench.apply(), { applied: 1, changed: [], removed: ['a'] });
    assert.deepEqual(bench.ids({}), ['b']);
    assert.deepEqual(bench.found({}), ['a', 'b']);
    assert.deepEqual(projection.queries.counts(), { byStatus: { running: 1 }, evicted: 1 });
    assert.deepEqual(events(), [['a', 1, 1], ['a', 2, 3], ['b', 1, 2]]);

    journal.remove('a', 'none');
    assert.deepEqual(bench.apply(), { applied: 1, changed: [], removed: [] });
    assert.deepEqual(bench.found({}), ['b']);
    assert.deepEqual(events(), [['b', 1, 2]]);
    assert.deepEqual(projection.queries.counts(), { byStatus: { running: 1 }, evicted: 0 });
    assert.deepEqual([projection.lastQ, projection.lost, projection.skipped], [6, 0, 0]);
  });

  it('does all of that within one batch, too', () => {
    const { journal } = bench;
    journal.put(session('a'), line(1)).patch('a', { name: 'x' }).evict(session('a')).remove('a').put(session('a', { name: 'again' }), line(1));
    journal.put(session('b')).evict(session('b')).put(session('c')).remove('c');
    bench.apply();
    assert.deepEqual(bench.projection.queries.sessionsInList(), { sessions: [session('a', { name: 'again' })], skipped: 0 });
    assert.deepEqual(bench.found({}), ['a', 'b']);
    assert.deepEqual(events(), [['a', 1, 5]]);
    assert.deepEqual(bench.projection.queries.counts(), { byStatus: { running: 1 }, evicted: 1 });
    assert.deepEqual(bench.projection.rows('SELECT count(*) FROM bodies'), [[1]]);
  });

  it('brings an evicted session back with a full record only', () => {
    const { journal, projection } = bench;
    journal.put(session('a')).evict(session('a')).patch('a', { name: 'late' }, line(1)).patch('a', {}, line(2));
    bench.apply();
    assert.deepEqual(bench.ids({}), []);
    assert.deepEqual(poison(), [[3, 'a change of a session that left the list']]);
    assert.equal(events().length, 2);
    journal.put(session('a', { name: 'back' }));
    assert.deepEqual(bench.apply(), { applied: 1, changed: ['a'], removed: [] });
    assert.deepEqual(projection.queries.load('a', nowhere), session('a', { name: 'back' }));
    assert.deepEqual(projection.queries.counts(), { byStatus: { running: 1 }, evicted: 0 });
  });

  it('is idempotent by q', () => {
    const { journal } = bench;
    journal.put(session('a'), line(1)).patch('a', { name: 'b' }).audit().remove('a').put(session('a'), line(1));
    const all = [...journal.entries];
    bench.apply();
    const image = Buffer.from(bench.projection.export());
    assert.deepEqual(bench.projection.applyBatch(all), { applied: 0, changed: [], removed: [] });
    assert.deepEqual(bench.projection.applyBatch(all.slice(2)), { applied: 0, changed: [], removed: [] });
    assert.ok(image.equals(bench.projection.export()));
  });

  it('S4: a record that does not fit is kept apart and counted, and the others are applied', () => {
    const { journal, projection } = bench;
    journal.put(session('a'));
    journal.add({ k: 'put', s: '../x', p: {} }).add({ k: 'put', s: 'a', p: [] }).add({ k: 'put', s: 'b', p: session('a'), f: 1 }).patch('nobody', { name: 'x' });
    journal.add({ k: 'evict', s: 'a', b: null }).add({ k: 'del', s: 3 }).add({ k: 'audit' }).add({ k: 'later' }).patch('a', {}, [0, 1, 'x', 'user', null]);
    journal.patch('a', { createdAt: 1.5, lastActivityAt: 1e300, completedAt: 'x' }).put(session('b'));
    assert.equal(bench.apply().applied, 3);
    assert.deepEqual(poison().map((row) => row[0]), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual([projection.lastQ, projection.skipped, projection.lost], [12, 9, 0]);
    assert.deepEqual(bench.found({}), ['a', 'b']);
    // Text where a time must be: counted when it is read.
    assert.deepEqual(projection.queries.sessionsInList(), { sessions: [session('b')], skipped: 1 });
  });

  it('S4: a record that upsets the database does not take its batch along', () => {
    const { journal, projection } = bench;
    projection.rows("CREATE TRIGGER bad BEFORE INSERT ON audit WHEN new.actor = 'bad' BEGIN SELECT RAISE(ABORT, 'upset'); END");
    journal.put(session('a'), line(1)).audit({ actor: 'bad' }).patch('a', { name: 'x' }).lose(2).audit();
    assert.deepEqual(bench.apply(false, [5]), { applied: 3, changed: ['a'], removed: [] });
    assert.deepEqual(poison(), [[2, 'upset']]);
    assert.equal(projection.queries.load('a', nowhere)?.name, 'x');
    assert.deepEqual([projection.lastQ, projection.lost, projection.skipped], [6, 1, 2]);
    assert.deepEqual(projection.queries.auditTrail().map((entry) => entry.seq), [6]);
  });

  it('S4: what earlier batches held in memory outlives a batch that the database refuses', () => {
    const { journal, projection } = bench;
    projection.rows("CREATE TRIGGER bad BEFORE INSERT ON audit WHEN new.actor = 'bad' BEGIN SELECT RAISE(ABORT, 'upset'); END");
    const hold = (): unknown => projection.applyBatch(journal.take(), false, [], true);
    journal.put(session('a'), line(1)).put(session('b'), line(1)).put(session('gone'), line(1)).evict(session('gone', { status: 'failed' }));
    hold();
    journal.patch('a', { name: 'x' }, line(2));
    hold();
    journal.put(session('c'), line(1)).patch('a', { name: 'y' }, line(3)).remove('b').put(session('b', { status: 'failed' })).audit({ actor: 'bad' }).patch('c', {}, line(2));
    assert.deepEqual(hold(), { applied: 5, changed: ['c', 'a', 'b'], removed: [] });
    assert.deepEqual(poison(), [[10, 'upset']]);
    assert.deepEqual(projection.queries.listed(['a', 'b', 'c']), [session('a', { name: 'y' }), session('b', { status: 'failed' }), session('c')]);
    assert.deepEqual(projection.queries.counts(), { byStatus: { running: 2, failed: 1 }, evicted: 1 });
    assert.deepEqual(events(), [['a', 1, 1], ['a', 2, 5], ['a', 3, 7], ['c', 1, 6], ['c', 2, 11], ['gone', 1, 3]]);
    assert.deepEqual([projection.events, projection.lastQ, projection.skipped], [6, 11, 1]);
  });

  it('shows what it holds to every question, and keeps it in its image', async () => {
    const { journal, projection } = bench;
    for (let n = 0; n < 2_000; n++) {
      journal.put(session(`s${n}`), line(1));
      if (n % 2 === 0) journal.evict(session(`s${n}`));
      if (n % 100 === 99) projection.applyBatch(journal.take(), false, [], true);
    }
    assert.equal(projection.events, 2_000);
    const copy = new Projection(await engine(), projection.export(), 2);
    for (const { queries } of [projection, copy]) {
      assert.deepEqual(queries.counts(), { byStatus: { running: 1_000 }, evicted: 1_000 });
      assert.equal(queries.search({ limit: 0 }).length, 2_000);
      assert.equal(queries.sessionsInList().sessions.length, 1_000);
    }
    assert.equal(copy.events, 2_000);
    copy.close();
  });

  it('counts gaps, but not in a base, and not where a line of an unknown kind was', () => {
    const { journal, projection } = bench;
    journal.lose(9).put(session('a'));
    bench.apply(true);
    journal.lose(4).patch('a', {}, line(1));
    bench.apply(true);
    projection.skipTo(20);
    assert.deepEqual([projection.lastQ, projection.lost], [20, 0]);
    journal.lose(20 - journal.q).put(session('b')).lose(3).put(session('c'));
    bench.apply(false, [23, 26, 7]);
    assert.deepEqual([projection.lastQ, projection.lost, projection.skipped], [26, 2, 2]);
    projection.noteSkipped(3);
    assert.equal(projection.skipped, 5);
  });

  it('keeps history that comes before the session, as a base may bring it', () => {
    const { journal, projection } = bench;
    journal.patch('a', {}, line(1)).patch('a', {}, line(2));
    assert.deepEqual(bench.apply(true), { applied: 2, changed: [], removed: [] });
    assert.equal(projection.queries.load('a', nowhere), undefined);
    assert.deepEqual([bench.ids({}), bench.found({}), projection.queries.counts()], [[], [], { byStatus: {}, evicted: 0 }]);
    journal.evict(session('a'));
    bench.apply(true);
    assert.deepEqual(bench.found({}), ['a']);
    assert.deepEqual(events(), [['a', 1, 1], ['a', 2, 2]]);
    assert.deepEqual(projection.queries.counts(), { byStatus: {}, evicted: 1 });
  });

  it('survives its own image, also when the image is a Buffer that it keeps', async () => {
    const { journal, projection } = bench;
    for (let n = 0; n < 300; n++) journal.put(session(`s${n}`, { lastActivityAt: n, status: n % 3 === 0 ? 'running' : 'failed' }), line(1));
    journal.evict(session('s7', { status: 'failed' })).audit().patch('s9', {}, line(2)).lose(1).patch('stub', {}, line(1));
    journal.put(session('e', { status: 'completed', outcome: { type: 'retired' }, feedSeq: 4, completedAt: 8 }));
    bench.apply();
    for (const make of [(image: Uint8Array): Uint8Array => image, (image: Uint8Array): Uint8Array => Buffer.from(image)]) {
      const copy = new Projection(await engine(), make(projection.export()), 2);
      assert.deepEqual([copy.lastQ, copy.lost, copy.skipped, copy.feedSeq], [projection.lastQ, 1, 0, 4]);
      assert.deepEqual(copy.queries.sessionsInList(), projection.queries.sessionsInList());
      assert.deepEqual(copy.queries.counts(), projection.queries.counts());
      assert.deepEqual(copy.queries.search({ limit: 0 }), projection.queries.search({ limit: 0 }));
      assert.deepEqual(copy.queries.auditTrail(), projection.queries.auditTrail());
      assert.deepEqual(copy.queries.completions({ afterSeq: 0 }), projection.queries.completions({ afterSeq: 0 }));
      copy.applyBatch([{ record: { q: copy.lastQ + 1, t: 1, k: 'put', s: 'new', p: session('new'), f: 1 }, segment: 'z.log', offset: 0, length: 1 }]);
      assert.equal(copy.queries.load('new', nowhere)?.id, 'new');
      assert.equal(copy.queries.load('s9', nowhere)?.id, 's9');
      copy.close();
    }
  });

  it('refuses an image of another version', async () => {
    const other = new (await engine()).Database();
    other.run('PRAGMA user_version = 4; CREATE TABLE meta (key, value)');
    const image = other.export();
    other.close();
    const sql = await engine();
    assert.throws(() => new Projection(sql, image, 1), /version 4/);
    assert.throws(() => new Projection(sql, Buffer.from('no database at all'), 1));
  });

  it('keeps the newest 10,000 lines of the audit and 1,024 of the completion feed', () => {
    const { journal, projection } = bench;
    for (let n = 0; n < 10_005; n++) journal.audit({ detail: String(n) });
    bench.apply();
    assert.deepEqual(projection.rows('SELECT count(*), min(seq), max(seq) FROM audit'), [[10_000, 6, 10_005]]);
    for (let n = 1; n <= 1_030; n++) journal.put(session('a', { status: 'completed', outcome: { type: 'retired' }, feedSeq: n }));
    bench.apply();
    assert.deepEqual(projection.rows('SELECT count(*), min(seq), max(seq) FROM completions'), [[1_024, 7, 1_030]]);
    assert.equal(projection.feedSeq, 1_030);
    projection.raiseFeedSeq(2_000);
    assert.equal(projection.feedSeq, 2_000);
  });
});
