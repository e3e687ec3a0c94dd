import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { HistoryEntry, HistorySearch, SessionQuery } from '../../../../src/core/ports.ts';
import type { Session, SessionStatus } from '../../../../src/core/session.ts';
import { RecordReader } from '../../../../src/storage/projection/bodies.ts';
import { Projection } from '../../../../src/storage/projection/projection.ts';
import { engine, Journal, line, session } from '../../../unit/storage/projection/kit.ts';

const ids = ['agent-a', 'agent-b', 'agent-c', 'agent-D'] as const;
const statuses: readonly SessionStatus[] = ['provisioning', 'running', 'retiring', 'completed', 'failed', 'unknown'];
const time = fc.oneof(fc.nat(3), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const words = fc.oneof(fc.constantFrom('Fix login', 'ÄRGER', 'x_y%', ''), fc.string({ unit: 'grapheme', maxLength: 12 }));

type Change =
  | { readonly step: 'put'; readonly session: Session; readonly lines: number }
  | { readonly step: 'patch'; readonly id: string; readonly p: Partial<Session>; readonly gone: readonly ('signal' | 'startedAt' | 'parentId')[]; readonly lines: number }
  | { readonly step: 'evict'; readonly id: string }
  | { readonly step: 'del'; readonly ids: readonly string[] };
type Step = Change | { readonly step: 'roll' } | { readonly step: 'commit' } | { readonly step: 'again' } | { readonly step: 'reopen' } | { readonly step: 'nonsense' };

const fields = {
  name: words,
  status: fc.constantFrom(...statuses),
  startedAt: time,
  lastActivityAt: time,
  parentId: fc.constantFrom(...ids),
  spec: fc.record({ prompt: words, policy: fc.constant('ask' as const), cwd: fc.constantFrom('/work', '/Home/x') }),
  signal: fc.record({ activity: fc.constantFrom('idle' as const, 'working' as const), detail: words, source: fc.constant('hook' as const), at: time }),
};
const patch = fc.record(fields, { requiredKeys: [] });
const id = fc.constantFrom(...ids);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ step: fc.constant('put' as const), session: fc.tuple(id, patch, time).map(([each, more, createdAt]) => session(each, { createdAt, ...more })), lines: fc.nat(3) }) },
  { weight: 8, arbitrary: fc.record({ step: fc.constant('patch' as const), id, p: patch, gone: fc.subarray(['signal', 'startedAt', 'parentId'] as const), lines: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('evict' as const), id }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('del' as const), ids: fc.subarray([...ids]) }) },
  { weight: 4, arbitrary: fc.constantFrom<Step[]>({ step: 'roll' }, { step: 'commit' }, { step: 'again' }, { step: 'reopen' }, { step: 'nonsense' }) },
);

const query: fc.Arbitrary<SessionQuery> = fc.record({ status: fc.subarray([...statuses]), parentId: id, limit: fc.nat(4) }, { requiredKeys: [] });
const search: fc.Arbitrary<HistorySearch> = fc.record(
  { text: fc.oneof(words, fc.constantFrom('login', 'ärger', 'AGENT-d', 'x_y', 'work claude')), status: fc.subarray([...statuses]), since: time, until: time, limit: fc.nat(4) },
  { requiredKeys: [] },
);

/** What the port promises, in a few lines. */
class Model {
  readonly sessions = new Map<string, { session: Session; evicted: boolean }>();
  readonly history = new Map<string, HistoryEntry[]>();

  sorted(keep: (session: Session, evicted: boolean) => boolean, limit: number): Session[] {
    const found = [...this.sessions.values()].filter((each) => keep(each.session, each.evicted)).map((each) => each.session);
    found.sort((a, b) => b.lastActivityAt - a.lastActivityAt || started(b) - started(a) || (a.id < b.id ? -1 : 1));
    return limit === 0 ? found : found.slice(0, limit);
  }

  query({ status, parentId, limit }: SessionQuery): Session[] {
    return this.sorted((each, evicted) => !evicted && (status?.includes(each.status) ?? true) && (parentId === undefined || each.parentId === parentId), limit ?? 0);
  }

  search({ text, status, since, until, limit }: HistorySearch): Session[] {
    const wanted = (text ?? '').toLowerCase().split(/\s+/);
    return this.sorted((each) => {
      const parts = [each.name, each.id, each.driver, each.spec.prompt ?? '', each.spec.cwd].map((part) => part.toLowerCase());
      const found = wanted.every((word) => parts.some((part) => part.includes(word)));
      return found && (status?.includes(each.status) ?? true) && each.lastActivityAt >= (since ?? 0) && each.lastActivityAt <= (until ?? Infinity);
    }, limit ?? 100);
  }
}

const started = (each: Session): number => each.startedAt ?? each.createdAt;

describe('Projection against a model', () => {
  it('S1, S14: any records, in batches of any size, applied again and reopened, read as the model does', async () => {
    const sql = await engine();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), query, search, async (steps, aQuery, aSearch) => {
        const folder = await mkdtemp(join(tmpdir(), 'fleet-model-'));
        const journal = new Journal();
        const model = new Model();
        let projection = new Projection(sql, undefined, 1);
        try {
          let nonsense = 0;
          for (const each of steps) {
            if (each.step === 'commit') projection.applyBatch(journal.take());
            else if (each.step === 'again') projection.applyBatch(journal.entries);
            else if (each.step === 'roll') journal.roll(`s${journal.q}.log`);
            else if (each.step === 'nonsense') nonsense = journal.add({ k: 'what' }) === journal ? nonsense + 1 : 0;
            else if (each.step === 'reopen') {
              projection.applyBatch(journal.take());
              const image = Buffer.from(projection.export());
              projection.close();
              projection = new Projection(sql, image, 1);
            } else perform(each, journal, model);
          }
          projection.applyBatch(journal.take());
          await journal.save(folder);
          assert.deepEqual([projection.skipped, projection.lost, projection.lastQ], [nonsense, 0, journal.q]);
          compare(projection, new RecordReader(folder), model, aQuery, aSearch);
        } finally {
          projection.close();
          await rm(folder, { recursive: true, force: true });
        }
      }),
      { numRuns: 150 },
    );
  }).timeout(60_000);

  function perform(step: Change, journal: Journal, model: Model): void {
    if (step.step === 'del') {
      journal.remove(...step.ids);
      for (const each of step.ids) {
        model.sessions.delete(each);
        model.history.delete(each);
      }
      return;
    }
    const target = step.step === 'put' ? step.session.id : step.id;
    const known = model.sessions.get(target);
    if (step.step === 'evict') {
      if (known === undefined) return;
      journal.evict(known.session);
      model.sessions.set(target, { ...known, evicted: true });
      return;
    }
    if (step.step === 'patch' && (known === undefined || known.evicted)) return;
    const before = model.history.get(target) ?? [];
    const lines = Array.from({ length: step.lines }, (_, n) => line(before.length + n + 1));
    model.history.set(target, [...before, ...lines.map(([seq, at, kind, actor, data]) => ({ sessionId: target, seq, at, kind, actor, data }))]);
    if (step.step === 'put') {
      journal.put(step.session, ...lines);
      model.sessions.set(target, { session: step.session, evicted: false });
      return;
    }
    const gone = Object.fromEntries(step.gone.filter((field) => step.p[field] === undefined).map((field) => [field, null]));
    journal.patch(target, { ...step.p, ...gone }, ...lines);
    const after = { ...known?.session, ...(JSON.parse(JSON.stringify(step.p)) as Partial<Session>) } as Session;
    for (const field of Object.keys(gone)) delete (after as unknown as Record<string, unknown>)[field];
    model.sessions.set(target, { session: after, evicted: false });
  }

  function compare({ queries }: Projection, records: RecordReader, model: Model, aQuery: SessionQuery, aSearch: HistorySearch): void {
    assert.deepEqual(queries.sessionsInList(), { sessions: model.query({}), skipped: 0 });
    assert.deepEqual(queries.query(aQuery).sessions, model.query(aQuery));
    assert.deepEqual(queries.search(aSearch).map((each) => each.id), model.search(aSearch).map((each) => each.id));
    for (const summary of queries.search({})) {
      const known = model.sessions.get(summary.id);
      assert.deepEqual([summary.name, summary.status, summary.cwd, summary.evicted], [known?.session.name, known?.session.status, known?.session.spec.cwd, known?.evicted]);
    }
    const counts: Record<string, number> = {};
    for (const { session: each, evicted } of model.sessions.values()) if (!evicted) counts[each.status] = (counts[each.status] ?? 0) + 1;
    assert.deepEqual(queries.counts(), { byStatus: counts, evicted: [...model.sessions.values()].filter((each) => each.evicted).length });
    for (const each of ids) {
      const lines = model.history.get(each) ?? [];
      assert.deepEqual(queries.load(each, records), model.sessions.get(each)?.session);
      assert.deepEqual(queries.history(each, {}, records), lines);
      assert.deepEqual(queries.history(each, { afterSeq: 1, limit: 2 }, records), lines.slice(1, 3));
    }
    assert.equal(queries.missingBodies, 0);
  }
});
