import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AuditEntry, CompletionEntry, HistoryEntry, SessionQuery } from '../../../src/core/ports.ts';
import { isTerminal, type Session, type SessionStatus } from '../../../src/core/session.ts';
import type { RegistryStore } from '../../../src/storage/registryStore.ts';
import { entry, session } from './support/sessions.ts';
import { StoreKit } from './support/storeKit.ts';

/** More for a longer run by hand. */
const runs = Number(process.env['MODEL_RUNS'] ?? 12);
const names = ['agent-a', 'agent-b', 'agent-c', 'agent-d'] as const;

type Call =
  | { readonly call: 'write'; readonly session: Session; readonly lines: number; readonly data: unknown; readonly at: number }
  | { readonly call: 'audit'; readonly entry: AuditEntry }
  | { readonly call: 'evict' | 'remove'; readonly ids: readonly string[] }
  | { readonly call: 'together'; readonly calls: readonly Call[] }
  | { readonly call: 'reopen' | 'killThread' | 'snapshot' | 'look' };

/** What the port promises, in a few lines. */
class Model {
  readonly sessions = new Map<string, Session>();
  readonly evicted = new Map<string, Session>();
  readonly history = new Map<string, HistoryEntry[]>();
  readonly trail: AuditEntry[] = [];
  readonly feed: CompletionEntry[] = [];
  /** Of sessions that were forgotten; a compaction forgets these entries, too. */
  readonly optional = new Set<number>();

  query(query: SessionQuery): readonly Session[] {
    const found = [...this.sessions.values()]
      .filter((each) => query.status?.includes(each.status) ?? true)
      .filter((each) => query.parentId === undefined || each.parentId === query.parentId)
      .sort((a, b) => b.lastActivityAt - a.lastActivityAt || started(b) - started(a) || (a.id < b.id ? -1 : 1));
    return query.limit === undefined || query.limit === 0 ? found : found.slice(0, query.limit);
  }

  forget(id: string): void {
    for (const { seq, sessionId } of this.feed) if (sessionId === id) this.optional.add(seq);
    for (const map of [this.sessions, this.evicted, this.history]) map.delete(id);
  }
}

const started = (each: Session): number => each.startedAt ?? each.createdAt;

const statuses: readonly SessionStatus[] = ['provisioning', 'running', 'retiring', 'completed', 'failed', 'unknown'];
const time = fc.oneof(fc.nat(3), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const words = fc.string({ unit: 'grapheme', maxLength: 12 });
// JSON has no minus zero.
const data = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

const arbitrarySession: fc.Arbitrary<Session> = fc
  .record(
    {
      id: fc.constantFrom(...names),
      name: words,
      status: fc.constantFrom(...statuses),
      createdAt: time,
      startedAt: time,
      lastActivityAt: time,
      parentId: fc.constantFrom(...names),
      signal: fc.record({ activity: fc.constantFrom('idle', 'working'), detail: words, source: fc.constantFrom('hook', 'title'), at: time }),
      outcome: fc.oneof(fc.record({ type: fc.constant('failed' as const), error: words }), fc.record({ type: fc.constant('retired' as const) })),
    },
    { requiredKeys: ['id', 'name', 'status', 'createdAt', 'lastActivityAt'] },
  )
  .map(({ id, ...more }) => {
    const { startedAt: _, ...base } = session(id);
    // As JSON gives it back: plain objects.
    return JSON.parse(JSON.stringify({ ...base, ...more })) as Session;
  });

const write = fc.record({ call: fc.constant('write' as const), session: arbitrarySession, lines: fc.nat(3), data, at: fc.nat(1_000_000) });
const audit = fc.record({
  call: fc.constant('audit' as const),
  entry: fc.record({ at: fc.nat(1_000_000), actor: fc.constantFrom('user', 'fleet'), action: fc.constantFrom('spawn', 'cancel'), target: fc.constantFrom(...names), result: fc.constantFrom('ok', 'Refused'), detail: words }, { requiredKeys: ['at', 'actor', 'action', 'result'], noNullPrototype: true }),
});
const evict = fc.record({ call: fc.constant('evict' as const), ids: fc.subarray([...names]) });
const remove = fc.record({ call: fc.constant('remove' as const), ids: fc.subarray([...names]) });

const arbitraryCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 10, arbitrary: write },
  { weight: 3, arbitrary: audit },
  { weight: 2, arbitrary: evict },
  { weight: 1, arbitrary: remove },
  { weight: 4, arbitrary: fc.record({ call: fc.constant('together' as const), calls: fc.array(fc.oneof<fc.Arbitrary<Call>[]>(write, write, audit, evict, remove), { maxLength: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constantFrom('reopen' as const, 'killThread' as const, 'snapshot' as const, 'look' as const) }) },
);

const arbitraryQuery: fc.Arbitrary<SessionQuery> = fc.record(
  { status: fc.subarray([...statuses]), parentId: fc.constantFrom(...names), limit: fc.nat(4) },
  { requiredKeys: [] },
);

/** So small that snapshots and compactions happen all the time. What is dropped beyond a budget is not modelled: there is none. */
const tiny = {
  snapshotMinBytes: 1_500, snapshotMaxBytes: 1_500, snapshotIdleBytes: 1, compactBytes: 3_000, compactEvents: 12,
  keepBytes: 1_000_000_000, keepEvents: 1_000_000_000, baseSegmentBytes: 1_500,
};

describe('RegistryStore against a model', () => {
  const kit = new StoreKit();

  const opened = (): RegistryStore => kit.limited(tiny, { segmentBytes: 1_000 });

  it('S1, S14: any sequence of calls reads as the model does, before and after reopening', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryCall, { minLength: 5, maxLength: 40 }), arbitraryQuery, async (calls, query) => {
        await kit.start();
        try {
          const model = new Model();
          let store = opened();
          await store.open();
          for (const call of calls) {
            if (call.call === 'reopen') {
              await store.close();
              store = opened();
              await store.open();
            } else if (call.call === 'killThread') await kit.killThreads();
            else if (call.call === 'snapshot') {
              await store.counts();
              kit.time.pass(31_000);
            } else if (call.call === 'look') await compare(store, model, query);
            else await apply(call, store, model);
          }
          await compare(store, model, query);
          await store.close();
          store = opened();
          const report = await store.open();
          assert.deepEqual([report.sessions, report.skippedRows, report.restored], [model.query({}), 0, undefined]);
          await compare(store, model, query);
        } finally {
          await kit.stop();
        }
      }),
      { numRuns: runs, endOnFailure: true },
    );
  }).timeout(20_000 + runs * 2_000);

  /** The calls of a `together` are made in one turn, without waiting. */
  async function apply(call: Call, store: RegistryStore, model: Model): Promise<void> {
    switch (call.call) {
      case 'together':
        await Promise.all(call.calls.map((each) => apply(each, store, model)));
        return;
      case 'write':
        return put(call, store, model);
      case 'audit':
        model.trail.push(call.entry);
        return store.audit(call.entry);
      case 'evict': {
        const leaving = call.ids.map((id) => model.sessions.get(id)).filter((each) => each !== undefined);
        for (const each of leaving) {
          model.sessions.delete(each.id);
          model.evicted.set(each.id, each);
        }
        return store.evict(leaving);
      }
      case 'remove':
        for (const id of call.ids) model.forget(id);
        return store.remove(call.ids);
      default:
    }
  }

  function put({ session: given, lines: count, data: payload, at }: Extract<Call, { call: 'write' }>, store: RegistryStore, model: Model): Promise<void> {
    const { id } = given;
    // An id is never used again while the evicted session is remembered.
    if (model.evicted.has(id)) return Promise.resolve();
    const before = model.sessions.get(id);
    const lines = model.history.get(id) ?? [];
    const more = Array.from({ length: count }, (_, index) => entry(id, lines.length + index + 1, payload));
    let after: Session = { ...given, historySeq: lines.length + count };
    if (before?.feedSeq !== undefined) after = { ...after, feedSeq: before.feedSeq, name: before.name, ...(before.outcome === undefined ? {} : { outcome: before.outcome }) };
    else if (before !== undefined && isTerminal(after.status)) {
      const outcome = after.outcome ?? { type: 'retired' as const };
      after = { ...after, outcome, completedAt: at, feedSeq: model.feed.length + 1 };
      model.feed.push({ seq: model.feed.length + 1, sessionId: id, kind: 'agent', name: after.name, outcome, at });
    }
    const change = { session: after, history: more };
    model.sessions.set(id, after);
    model.history.set(id, [...lines, ...more]);
    if (before === undefined) return store.registerActive(change);
    return isTerminal(after.status) ? store.markTerminal(change) : store.update(change);
  }

  async function compare(store: RegistryStore, model: Model, query: SessionQuery): Promise<void> {
    assert.deepEqual(await store.query({}), model.query({}));
    assert.deepEqual(await store.query(query), model.query(query));
    const byStatus: Partial<Record<SessionStatus, number>> = {};
    for (const { status } of model.sessions.values()) byStatus[status] = (byStatus[status] ?? 0) + 1;
    assert.deepEqual(await store.counts(), { byStatus, evicted: model.evicted.size });
    assert.deepEqual((await store.search({ limit: 0 })).map(({ id }) => id).sort(), [...model.sessions.keys(), ...model.evicted.keys()].sort());
    assert.deepEqual((await store.auditTrail()).map(({ seq: _, ...line }) => line), model.trail);
    const feed = await store.completions({ afterSeq: 0 });
    const told = new Set(feed.map(({ seq }) => seq));
    assert.deepEqual(feed, model.feed.filter(({ seq }) => told.has(seq) || !model.optional.has(seq)));
    for (const id of names) {
      assert.deepEqual(await store.load(id), model.sessions.get(id) ?? model.evicted.get(id));
      const lines = model.history.get(id) ?? [];
      assert.deepEqual(await store.history(id), lines);
      assert.deepEqual(await store.history(id, { afterSeq: 1, limit: 2 }), lines.slice(1, 3));
    }
  }
});
