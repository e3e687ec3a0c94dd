import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import { AuditTrail } from '../../../src/core/auditTrail.ts';
import { createApi, type AgentFleetApi } from '../../../src/editor/api.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const ours = sessionId(1);
const code = (wanted: string) => (error: unknown) => isFleetError(error, wanted);
/** What TypeScript would refuse, other extensions may still pass. */
const any = (value: unknown): never => value as never;

describe('the API for other extensions', () => {
  let window: FakeWindow;
  let api: AgentFleetApi;
  beforeEach(async () => {
    window = await FakeWindow.open([aSession({ id: ours, kind: 'child_agent' })]);
    const { fleet, time: clock, logger } = window;
    api = createApi(fleet, { clock, logger, audit: new AuditTrail({ fleet, clock, logger }), cwd: () => '/w' });
  });
  afterEach(() => window.dispose());

  const audited = async (): Promise<readonly unknown[]> => {
    await settle();
    return (await window.fleet.auditTrail()).map(({ actor, action, target, result }) => [actor, action, target, result]);
  };
  const begin = async (id: string): Promise<void> => {
    await api.lifecycle.findOrCreate({ actorKey: `key-${id}` }, { id, name: id, actorKey: `key-${id}` });
  };
  const end = async (id: string): Promise<void> => {
    await window.fleet.complete(id, undefined, { by: 'exit' });
  };

  describe('our sessions are not changed from outside', () => {
    const calls: Readonly<Record<string, (one: AgentFleetApi) => Promise<void>>> = {
      reportProgress: ({ lifecycle }) => lifecycle.reportProgress(ours, { message: 'x' }),
      reportUsage: ({ lifecycle }) => lifecycle.reportUsage(ours, { turn: '1', inputTokens: 1 }),
      peerReady: ({ lifecycle }) => lifecycle.peerReady(ours, { name: 'x', address: 'y' }),
      contextQuery: ({ lifecycle }) => lifecycle.contextQuery(ours, { path: '/x' }),
      requestRetire: ({ lifecycle }) => lifecycle.requestRetire(ours),
    };
    for (const [action, call] of Object.entries(calls)) {
      it(`${action}: NotExternal, and the audit says so`, async () => {
        await assert.rejects(call(api), code('NotExternal'));
        assert.deepEqual(window.fleet.get(ours), aSession({ id: ours, kind: 'child_agent' }));
        assert.deepEqual(await window.fleet.history(ours), []);
        assert.deepEqual(await audited(), [['extension', action, ours, 'NotExternal']]);
      });
    }

    it('collect leaves them in the list, also when it names them', async () => {
      await begin('a');
      await begin('b');
      for (const id of [ours, 'a', 'b']) await end(id);
      assert.deepEqual((await api.lifecycle.collect([ours, 'b'])).map((one) => one.sessionId), ['b']);
      assert.deepEqual((await api.lifecycle.collect()).map((one) => one.sessionId), ['a']);
      assert.deepEqual(await api.lifecycle.collect(), []);
      assert.deepEqual(window.fleet.sessions.map(({ id }) => id), [ours]);
    });

    it('markTerminal of one is refused, logged and audited', async () => {
      api.registry.markTerminal(ours, 'failed');
      assert.deepEqual(await audited(), [['extension', 'fail', ours, 'NotExternal']]);
      assert.equal(window.fleet.get(ours).status, 'running');
    });
  });

  it('external ones are changed, each time with a line of audit', async () => {
    await begin('a');
    await api.lifecycle.reportProgress('a', { message: 'half', percent: 50 });
    await api.lifecycle.peerReady('a', { name: 'p', address: 'here' });
    await api.lifecycle.contextQuery('a', { path: '/x' });
    await api.lifecycle.requestRetire('a', 1000);
    api.registry.registerActive({ id: 'b', agentName: 'B', startedAt: wallStart });
    api.registry.markTerminal('b', 'cancelled');
    assert.deepEqual(await audited(), [
      ['extension', 'findOrCreate', 'a', 'ok'], ['extension', 'reportProgress', 'a', 'ok'], ['extension', 'peerReady', 'a', 'ok'], ['extension', 'contextQuery', 'a', 'ok'],
      ['extension', 'requestRetire', 'a', 'ok'], ['extension', 'register', 'b', 'ok'], ['extension', 'cancel', 'b', 'ok'],
    ]);
    assert.deepEqual([window.fleet.get('a').status, window.fleet.get('a').progress?.percent, window.fleet.get('b').status], ['retiring', 50, 'cancelled']);
  });

  describe('what it is called with', () => {
    const long = 'x'.repeat(9000);
    const bad: readonly (readonly [string, (one: AgentFleetApi) => Promise<unknown>, string?])[] = [
      ['a deadline that is no number', ({ lifecycle }) => lifecycle.requestRetire('a', Number.NaN)],
      ['a session that is no text', ({ lifecycle }) => lifecycle.reportProgress(any(7), {})],
      ['no progress', ({ lifecycle }) => lifecycle.reportProgress('a', any(undefined))],
      ['tokens that are text', ({ lifecycle }) => lifecycle.reportUsage('a', any({ turn: '1', inputTokens: '9' }))],
      ['a long actor key', ({ lifecycle }) => lifecycle.findOrCreate({}, { id: 'c', name: 'c', actorKey: long })],
      ['a long actor key to look for', ({ lifecycle }) => lifecycle.findOrCreate({ actorKey: long }, { id: 'c', name: 'c' })],
      ['no match', ({ lifecycle }) => lifecycle.findOrCreate(any(null), { id: 'c', name: 'c' })],
      ['no agent', ({ lifecycle }) => lifecycle.reserve('/w', any(undefined))],
      ['no folder', ({ lifecycle }) => lifecycle.reserve(any(1), { id: 'c', name: 'c' })],
      ['an id that is a path', ({ lifecycle }) => lifecycle.reserve('/w', { id: '../c', name: 'c' }), 'BadSessionId'],
      ['ids that are no list', ({ lifecycle }) => lifecycle.waitAll(any('a'))],
      ['a list of anything', ({ lifecycle }) => lifecycle.collect(any([{}]))],
      ['a number below zero', (one) => one.waitForCompletion(-1)],
      ['a number that is none', (one) => one.completionsSince(Number.NaN)],
      ['a consumer without a name', (one) => one.cursor('')],
      ['a cursor that is no number', (one) => one.moveCursor('c', any('1'))],
      ['a snapshot of nothing', (one) => one.snapshot(any(undefined))],
      ['a watch of nothing', (one) => one.watch(any(undefined))],
    ];
    for (const [what, call, wanted = 'BadRequest'] of bad) {
      it(`${what}: ${wanted}, in words, and nothing is written`, async () => {
        await begin('a');
        const { writes } = window.store;
        const before = writes.length;
        await assert.rejects(call(api), (error) => isFleetError(error, wanted) && /[a-z] .*\.$/.test(error.message));
        assert.equal(window.fleet.find('c'), undefined);
        assert.equal(writes.length, before);
      });
    }

    it('the registry never throws: what cannot be understood is logged', async () => {
      for (const info of [undefined, { id: 7, agentName: 'x', startedAt: 0 }, { id: 'x', agentName: 'x', startedAt: Number.NaN }]) api.registry.registerActive(any(info));
      api.registry.markTerminal(any(undefined), 'completed');
      api.registry.markTerminal('x', any('gone'));
      await settle();
      assert.equal(window.fleet.sessions.length, 1);
      assert.equal(JSON.stringify(window.logger.lines).match(/cannot be understood/g)?.length, 5);
    });

    it('S11: what else an agent or a report brings is not kept', async () => {
      const planted = { apiKey: 'sk-planted', note: 'sk-planted' };
      await api.lifecycle.findOrCreate(any({ actorKey: 'k', ...planted }), any({ id: 'a', actorKey: 'k', name: 'a', ...planted }));
      await api.lifecycle.reserve('/w', any({ id: 'b', name: 'b', spec: planted, tokenHash: 'sk-planted', ...planted }));
      await api.lifecycle.reportUsage('b', any({ turn: '1', inputTokens: 3, ...planted }));
      await api.lifecycle.reportProgress('b', any({ message: 'm', ...planted }));
      await api.lifecycle.peerReady('b', any({ name: 'p', address: 'q', ...planted }));
      await api.lifecycle.contextQuery('b', any({ path: 'p', ...planted }));
      const kept = JSON.stringify([window.fleet.sessions, await window.fleet.history('b'), await window.fleet.auditTrail()]);
      assert.doesNotMatch(kept, /planted/);
      assert.deepEqual((await window.fleet.history('b')).find(({ kind }) => kind === 'usage')?.data, { turn: '1', inputTokens: 3 });
    });
  });

  describe('waiting', () => {
    it('any number of waits at a time; each gets the ends in its own order', async () => {
      await begin('a');
      await begin('b');
      const [one, two] = [api.lifecycle.waitAll(['a', 'b']), api.lifecycle.waitAll(['b', 'a'])];
      const fleets = window.fleet.waitAll(['a']);
      await settle();
      await end('b');
      await end('a');
      const results = await Promise.all([one, two]);
      assert.deepEqual(results.map(({ outcomes }) => outcomes.map(([id]) => id)), [['a', 'b'], ['b', 'a']]);
      assert.notEqual(results[0].satisfied.waitRequestId, results[1].satisfied.waitRequestId);
      assert.equal((await fleets).outcomes.length, 1);
      assert.deepEqual((await api.lifecycle.waitAll([])).outcomes, []);
    });

    it('is refused for what is named twice or unknown, given up by its signal, and dropped when the window closes', async () => {
      await begin('a');
      await assert.rejects(api.lifecycle.waitAll(['a', 'a']), code('DuplicateWaitOperation'));
      await assert.rejects(api.lifecycle.waitAll(['a', 'nobody']), code('NotFound'));
      await assert.rejects(api.lifecycle.waitAll(['a'], AbortSignal.abort()), code('WaitCancelled'));
      const stop = new AbortController();
      const wait = assert.rejects(api.lifecycle.waitAll(['a'], stop.signal), code('WaitCancelled'));
      await settle();
      stop.abort();
      await wait;
      await begin('b');
      await end('b');
      const dropped = assert.rejects(api.lifecycle.waitAll(['a', 'b']), code('WatchDropped'));
      await settle();
      window.dispose();
      await dropped;
    });

    it('for the next end, from a number on', async () => {
      await begin('a');
      const next = api.waitForCompletion(0);
      await settle();
      await end('a');
      assert.equal(await next, 1);
      assert.equal(await api.waitForCompletion(0), 1);
      await assert.rejects(api.waitForCompletion(1, AbortSignal.abort()), code('WaitCancelled'));
    });
  });

  it('cursors go forward only, no further than the feed, each consumer its own', async () => {
    for (const id of ['a', 'b']) {
      await begin(id);
      await end(id);
    }
    assert.equal(await api.cursor('x.one'), 0);
    assert.deepEqual([await api.moveCursor('x.one', 1), await api.moveCursor('x.one', 0), await api.moveCursor('x.two', 99)], [1, 1, 2]);
    assert.deepEqual([await api.cursor('x.one'), await api.cursor('x.two'), window.fleet.feed.cursor('x.one')], [1, 2, 0]);
    const { entries } = await api.completionsSince(await api.cursor('x.one'));
    assert.deepEqual(entries.map((entry) => entry.sessionId), ['b']);
  });

  it('a snapshot counts the watchers, also of a session that has left the list', async () => {
    await begin('a');
    const watch = api.watch('a');
    await settle();
    const { id, status, watcher_count: watchers } = await api.snapshot('a');
    assert.deepEqual([id, status, watchers], ['a', 'running', 1]);
    await end('a');
    await watch;
    await api.lifecycle.collect();
    assert.equal((await api.snapshot('a')).status, 'completed');
    await assert.rejects(api.snapshot('nobody'), code('NotFound'));
  });
});
