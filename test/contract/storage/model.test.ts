import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HistoryEntry, SessionQuery } from '../../../src/core/ports.ts';
import { isTerminal, type Session, type SessionStatus } from '../../../src/core/session.ts';
import type { SqlSessionStore } from '../../../src/storage/sqlSessionStore.ts';
import { entry, session } from './support/sessions.ts';
import { StoreKit } from './support/storeKit.ts';

const ids = ['agent-a', 'agent-b', 'agent-c', 'agent-d'] as const;

type Call =
  | { readonly call: 'write'; readonly session: Session; readonly lines: number; readonly data: unknown }
  | { readonly call: 'append'; readonly id: string; readonly data: unknown }
  | { readonly call: 'remove'; readonly ids: readonly string[] }
  | { readonly call: 'reopen' };

/** What the port promises, in a few lines. */
class Model {
  readonly sessions = new Map<string, Session>();
  readonly history = new Map<string, HistoryEntry[]>();

  query(query: SessionQuery): readonly Session[] {
    const found = [...this.sessions.values()]
      .filter((each) => query.status?.includes(each.status) ?? true)
      .filter((each) => query.parentId === undefined || each.parentId === query.parentId)
      .sort((a, b) => b.lastActivityAt - a.lastActivityAt || started(b) - started(a) || (a.id < b.id ? -1 : 1));
    return query.limit === undefined || query.limit === 0 ? found : found.slice(0, query.limit);
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
      id: fc.constantFrom(...ids),
      name: words,
      status: fc.constantFrom(...statuses),
      createdAt: time,
      startedAt: time,
      lastActivityAt: time,
      parentId: fc.constantFrom(...ids),
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

const arbitraryCall: fc.Arbitrary<Call> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ call: fc.constant('write' as const), session: arbitrarySession, lines: fc.nat(3), data }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('append' as const), id: fc.constantFrom(...ids), data }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constant('remove' as const), ids: fc.subarray([...ids]) }) },
  { weight: 1, arbitrary: fc.constant({ call: 'reopen' as const }) },
);

const arbitraryQuery: fc.Arbitrary<SessionQuery> = fc.record(
  { status: fc.subarray([...statuses]), parentId: fc.constantFrom(...ids), limit: fc.nat(4) },
  { requiredKeys: [] },
);

describe('SqlSessionStore against a model', () => {
  const kit = new StoreKit();

  it('S1, S14: any sequence of calls reads as the model does, before and after reopening', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryCall, { maxLength: 25 }), arbitraryQuery, async (calls, query) => {
        await kit.start();
        try {
          const model = new Model();
          let store = kit.store();
          await store.open();
          for (const call of calls) store = await apply(call, store, model);
          await compare(store, model, query);
          await store.close();
          store = kit.store();
          assert.deepEqual((await store.open()).sessions, model.query({}));
          await compare(store, model, query);
        } finally {
          await kit.stop();
        }
      }),
      { numRuns: 40 },
    );
  }).timeout(60_000);

  async function apply(call: Call, store: SqlSessionStore, model: Model): Promise<SqlSessionStore> {
    switch (call.call) {
      case 'write': {
        const { id } = call.session;
        const lines = model.history.get(id) ?? [];
        const more = Array.from({ length: call.lines }, (_, index) => entry(id, lines.length + index + 1, call.data));
        const change = { session: call.session, history: more };
        if (!model.sessions.has(id)) await store.registerActive(change);
        else if (isTerminal(call.session.status)) await store.markTerminal(change);
        else await store.update(change);
        model.sessions.set(id, call.session);
        model.history.set(id, [...lines, ...more]);
        return store;
      }
      case 'append': {
        const lines = model.history.get(call.id);
        const next = entry(call.id, (lines?.length ?? 0) + 1, call.data);
        if (lines === undefined) await assert.rejects(store.appendEvent(next), { code: 'NotFound' });
        else await store.appendEvent(next);
        lines?.push(next);
        return store;
      }
      case 'remove':
        await store.remove(call.ids);
        for (const id of call.ids) {
          model.sessions.delete(id);
          model.history.delete(id);
        }
        return store;
      case 'reopen': {
        await store.close();
        const next = kit.store();
        await next.open();
        return next;
      }
    }
  }

  async function compare(store: SqlSessionStore, model: Model, query: SessionQuery): Promise<void> {
    assert.deepEqual(await store.query({}), model.query({}));
    assert.deepEqual(await store.query(query), model.query(query));
    for (const id of ids) {
      const lines = model.history.get(id) ?? [];
      assert.deepEqual(await store.history(id), lines);
      assert.deepEqual(await store.history(id, { afterSeq: 1, limit: 2 }), lines.slice(1, 3));
    }
  }
});
