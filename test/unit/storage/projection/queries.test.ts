import assert from 'node:assert/strict';
import type { Session } from '../../../../src/core/session.ts';
import { Bench, session } from './kit.ts';

describe('Queries', () => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await Bench.open();
  });

  afterEach(() => bench.projection.close());

  function put(...sessions: readonly Session[]): void {
    for (const each of sessions) bench.journal.put(each);
    bench.apply();
  }

  describe('query', () => {
    it('S14: newest activity first, then newest start, then id; creation stands for a start', () => {
      const { startedAt: _, ...unstarted } = session('d', { lastActivityAt: 5, createdAt: 300 });
      put(session('c', { lastActivityAt: 5, startedAt: 200 }), session('b', { lastActivityAt: 5, startedAt: 200 }), session('z', { lastActivityAt: 9 }), unstarted, session('a', { lastActivityAt: 4 }));
      assert.deepEqual(bench.ids({}), ['z', 'd', 'b', 'c', 'a']);
      assert.deepEqual(bench.ids({}), ['z', 'd', 'b', 'c', 'a']);
      bench.journal.patch('a', { lastActivityAt: 10 }).patch('b', { startedAt: 100 });
      bench.apply();
      assert.deepEqual(bench.ids({}), ['a', 'z', 'd', 'c', 'b']);
    });

    it('S14: limit 0 is all; status and parent filter, also together', () => {
      put(
        session('a', { lastActivityAt: 1, parentId: 'p' }),
        session('b', { lastActivityAt: 2, status: 'failed', parentId: 'p' }),
        session('c', { lastActivityAt: 3, status: 'completed' }),
        session('p', { lastActivityAt: 4 }),
      );
      assert.deepEqual(bench.ids({ limit: 0 }), ['p', 'c', 'b', 'a']);
      assert.deepEqual(bench.ids({ limit: 2 }), ['p', 'c']);
      assert.deepEqual(bench.ids({ status: ['failed', 'completed'] }), ['c', 'b']);
      assert.deepEqual(bench.ids({ status: [] }), []);
      assert.deepEqual(bench.ids({ parentId: 'p' }), ['b', 'a']);
      assert.deepEqual(bench.ids({ parentId: 'p', status: ['running'], limit: 1 }), ['a']);
      assert.deepEqual(bench.ids({ parentId: 'x' }), []);
    });

    it('S4: a status that is not known is listed as unknown, a row that cannot be read is skipped and counted', () => {
      put(session('a', { status: 'zzz' as never, lastActivityAt: 1 }), session('b', { status: 'unknown', lastActivityAt: 2 }), session('c', { lastActivityAt: 3 }));
      put({ ...session('d', { lastActivityAt: 9 }), artifacts: 'none' as never });
      assert.deepEqual(bench.projection.queries.sessionsInList().skipped, 1);
      assert.deepEqual(bench.ids({}), ['c', 'b', 'a']);
      assert.deepEqual(bench.ids({ limit: 1 }), ['c']);
      assert.deepEqual(bench.ids({ status: ['unknown'] }), ['b', 'a']);
      assert.deepEqual(bench.ids({ status: ['unknown', 'running'] }), ['c', 'b', 'a']);
      assert.deepEqual(bench.projection.queries.query({}).sessions.map((each) => each.status), ['running', 'unknown', 'unknown']);
      assert.deepEqual(bench.projection.queries.counts(), { byStatus: { running: 2, unknown: 2 }, evicted: 0 });
      assert.deepEqual(bench.found({ status: ['unknown'] }), ['b', 'a']);
    });

    it('keeps exact times in the session and whole ones in the order', () => {
      put(session('a', { lastActivityAt: 10.4, createdAt: 1.25 }), session('b', { lastActivityAt: 10.2, createdAt: 1.25 }));
      assert.deepEqual(bench.projection.queries.query({}).sessions.map((each) => each.lastActivityAt), [10.4, 10.2]);
    });

    it('holds for more sessions than are kept in memory', () => {
      put(...Array.from({ length: 5_000 }, (_, n) => session(`s${n}`, { lastActivityAt: n })));
      for (let n = 0; n < 5_000; n += 2) bench.journal.patch(`s${n}`, { name: `even ${n}` });
      bench.apply();
      const { sessions } = bench.projection.queries.sessionsInList();
      assert.equal(sessions.length, 5_000);
      assert.ok(sessions.every((each, index) => each.id === `s${4_999 - index}` && each.name === (index % 2 === 1 ? `even ${4_999 - index}` : each.id)));
    });
  });

  describe('search', () => {
    const spec = (prompt: string, cwd = '/home/me/Project'): Session['spec'] => ({ prompt, policy: 'ask', cwd });

    it('finds every word in name, id, agent, prompt, folder and artifacts, in any case', () => {
      put(
        session('agent-a1', { name: 'Fix Login', spec: spec('Repair the 100% broken_form\nnow'), driver: 'codex', lastActivityAt: 1 }),
        session('Agent-B2', { name: 'ÄRGER', spec: spec('İstanbul'), artifacts: [{ path: '/home/me/Project/src/Deep/file.ts', kind: 'patch', at: 1 }], lastActivityAt: 2 }),
      );
      bench.journal.evict(session('agent-a1', { name: 'Fix Login', spec: spec('Repair the 100% broken_form\nnow'), driver: 'codex', lastActivityAt: 1 }));
      bench.apply();
      const cases: readonly (readonly [string, readonly string[]])[] = [
        ['', ['Agent-B2', 'agent-a1']],
        ['login', ['agent-a1']],
        ['LOGIN fix', ['agent-a1']],
        ['agent-b', ['Agent-B2']],
        ['AGENT', ['Agent-B2', 'agent-a1']],
        ['codex repair a1', ['agent-a1']],
        ['100%', ['agent-a1']],
        ['10_%', []],
        ['broken_form', ['agent-a1']],
        ['brokenxform', []],
        ['project', ['Agent-B2', 'agent-a1']],
        ['deep/FILE', ['Agent-B2']],
        ['ärger', ['Agent-B2']],
        ['Ärger istanbul', []],
        ['İstanbul', ['Agent-B2']],
        ['logincodex', []],
      ];
      for (const [text, ids] of cases) assert.deepEqual(bench.found({ text }), ids, text);
      assert.deepEqual(bench.projection.queries.search({ text: 'login' }), [
        {
          id: 'agent-a1',
          name: 'Fix Login',
          driver: 'codex',
          status: 'running',
          cwd: '/home/me/Project',
          prompt: 'Repair the 100% broken_form\nnow',
          createdAt: 1_000,
          lastActivityAt: 1,
          evicted: true,
        },
      ]);
    });

    it('follows changes of what is searched', () => {
      put(session('a', { name: 'before' }));
      bench.journal.patch('a', { name: 'after' });
      bench.apply();
      assert.deepEqual([bench.found({ text: 'before' }), bench.found({ text: 'after' })], [[], ['a']]);
    });

    it('filters by status and time, both ends included, newest first, 100 unless told', () => {
      put(...Array.from({ length: 120 }, (_, n) => session(`s${String(n).padStart(3, '0')}`, { lastActivityAt: (n * 7) % 120, status: n % 2 === 0 ? 'failed' : 'running' })));
      const times = (...search: Parameters<typeof bench.found>): number[] => bench.projection.queries.search(...search).map((each) => each.lastActivityAt);
      assert.deepEqual(times({}), Array.from({ length: 100 }, (_, n) => 119 - n));
      assert.equal(times({ limit: 0 }).length, 120);
      assert.deepEqual(times({ since: 10, until: 12 }), [12, 11, 10]);
      assert.deepEqual(times({ since: 10, until: 15, status: ['failed'], limit: 2 }), [14, 12]);
      assert.deepEqual(times({ since: 10, until: 15, status: ['failed'], text: 's0 claude' }).length + times({ since: 10, until: 15, status: ['failed'], text: 's1 claude' }).length, 3);
      assert.deepEqual(bench.found({ text: 'no such' }), []);
    });

    it('S14: equal times: newest start, then id', () => {
      put(session('b', { startedAt: 5 }), session('a', { startedAt: 5 }), session('c', { startedAt: 6 }));
      assert.deepEqual(bench.found({}), ['c', 'a', 'b']);
    });
  });

  it('S12: the audit is told oldest first, the newest ones if a limit is given, by words in any case', () => {
    const { journal, projection } = bench;
    journal.audit({ action: 'spawn', target: 'a', detail: 'Élan vital' }).audit({ actor: 'fleet', result: 'NotFound' }).put(session('x')).audit({ action: 'cancel', at: 5.4 });
    bench.apply();
    const seqs = (options?: Parameters<typeof projection.queries.auditTrail>[0]): number[] => projection.queries.auditTrail(options).map((entry) => entry.seq);
    assert.deepEqual(seqs(), [1, 2, 4]);
    assert.deepEqual(seqs({ limit: 2 }), [2, 4]);
    assert.deepEqual(seqs({ limit: 0 }), [1, 2, 4]);
    assert.deepEqual(seqs({ afterSeq: 1 }), [2, 4]);
    assert.deepEqual(seqs({ text: 'élan VITAL' }), [1]);
    assert.deepEqual(seqs({ text: 'notfound' }), [2]);
    assert.deepEqual(seqs({ text: 'user', limit: 1 }), [4]);
    assert.deepEqual(projection.queries.auditTrail({ limit: 1 }), [{ seq: 4, at: 5, actor: 'user', action: 'cancel', result: 'ok' }]);
    assert.deepEqual(projection.queries.auditTrail({ text: 'élan' }), [{ seq: 1, at: 5, actor: 'user', action: 'spawn', target: 'a', result: 'ok', detail: 'Élan vital' }]);
  });

  it('L13: completions by number, from the record that ends a session or from its eviction', () => {
    const { journal, projection } = bench;
    const end = { status: 'completed', outcome: { type: 'completed', by: 'exit' }, completedAt: 50 } as const;
    journal.put(session('a')).patch('a', { ...end, feedSeq: 1 }).evict(session('b', { ...end, kind: 'child_agent', feedSeq: 2 }));
    journal.put(session('c', { ...end, feedSeq: 3 })).evict(session('c', { ...end, feedSeq: 3 })).put(session('d', { status: 'failed', feedSeq: 4 }));
    bench.apply();
    const entry = (seq: number, sessionId: string, kind = 'agent'): unknown => ({ seq, sessionId, kind, name: sessionId, outcome: end.outcome, at: 50 });
    assert.deepEqual(projection.queries.completions({ afterSeq: 0 }), [entry(1, 'a'), entry(2, 'b', 'child_agent'), entry(3, 'c')]);
    assert.deepEqual(projection.queries.completions({ afterSeq: 1, limit: 1 }), [entry(2, 'b', 'child_agent')]);
    assert.deepEqual(projection.queries.completions({ afterSeq: 3 }), []);
    journal.remove('a');
    bench.apply();
    assert.deepEqual(projection.queries.completions({ afterSeq: 0, limit: 0 }).map((each) => each.seq), [2, 3]);
    assert.equal(projection.feedSeq, 3);
  });
});
