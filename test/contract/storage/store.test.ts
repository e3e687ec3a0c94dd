import assert from 'node:assert/strict';
import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFleetError } from '../../../src/base/errors.ts';
import type { Session } from '../../../src/core/session.ts';
import { change, entry, audited, ended, further, session } from './support/sessions.ts';
import { StoreKit, ids } from './support/storeKit.ts';

describe('RegistryStore', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  it('S5: opening, reading and closing a fresh workspace writes nothing and starts no thread', async () => {
    const store = kit.store();
    assert.deepEqual(await store.open(), { sessions: [], skippedRows: 0, role: 'owner' });
    assert.deepEqual(await store.query({}), []);
    assert.deepEqual(await store.history('agent-a'), []);
    assert.deepEqual(await store.counts(), { byStatus: {}, evicted: 0 });
    assert.deepEqual(await store.search({}), []);
    assert.deepEqual(await store.auditTrail(), []);
    assert.deepEqual(await store.completions({ afterSeq: 0 }), []);
    assert.equal(await store.load('agent-a'), undefined);
    await store.remove([]);
    kit.time.pass(30_000);
    await store.query({});
    await store.close();
    await assert.rejects(stat(kit.folder), { code: 'ENOENT' });
    assert.equal(kit.threads.length, 0);
    assert.equal(kit.time.pending, 0);
  });

  it('S1: what was stored is there after closing and reopening', async () => {
    const full = session('agent-full', {
      parentId: 'agent-parent',
      signal: { activity: 'needs_permission', detail: 'npm publish', source: 'hook', event: 'PermissionRequest', at: 7 },
      progress: { count: 2, message: 'half', percent: 50, at: 8 },
      stopRequest: { at: 9 },
      runner: { pid: 4711, startTime: '99', bootId: 'b' },
      artifacts: [{ path: '/work/a.md', kind: 'report', at: 5 }],
      tokenHash: 'ab',
      historySeq: 2,
    });
    const first = kit.store();
    await first.open();
    await first.registerActive({ session: full, history: [entry(full.id, 1), entry(full.id, 2, null)] });
    await first.registerActive(change('agent-parent'));
    const failed: Session = { ...session('agent-parent'), historySeq: 3, status: 'failed', outcome: { type: 'failed', error: 'exit code 3', exitCode: 3 }, completedAt: 9, feedSeq: 1 };
    await first.markTerminal({ session: failed, history: [entry('agent-parent', 2), entry('agent-parent', 3, ['late'])] });
    const { progress: _, ...without } = full;
    await first.update({ session: { ...without, name: 'other' }, history: [] });
    await first.close();

    const second = kit.store();
    const report = await second.open();
    const other = { ...without, name: 'other' };
    assert.deepEqual(report, { sessions: [other, failed], skippedRows: 0, role: 'owner', stored: true, feedSeq: 1 });
    assert.deepEqual(await second.load(full.id), other);
    assert.deepEqual(await second.history(full.id), [entry(full.id, 1), entry(full.id, 2, null)]);
    assert.deepEqual(await second.history('agent-parent', { afterSeq: 1, limit: 1 }), [entry('agent-parent', 2)]);
    assert.deepEqual(ids(await second.query({ status: ['failed'] })), ['agent-parent']);
    assert.deepEqual(ids(await second.query({ parentId: 'agent-parent' })), ['agent-full']);
    const [{ rungs: _rungs, ...again }] = [{ rungs: 0, ...(await second.open()) }];
    assert.deepEqual(again, report);
  });

  it('S1, S9, S12: evicted sessions, the feed, the audit and the counts go through the worker, before and after reopening', async () => {
    let store = kit.store();
    await store.open();
    const [a, b, c] = ['agent-a', 'agent-b', 'agent-c'].map((id) => change(id, { spec: { prompt: `Build ${id}`, policy: 'ask', cwd: '/work' } }).session) as [Session, Session, Session];
    for (const each of [a, b, c]) await store.registerActive({ session: each, history: [entry(each.id, 1)] });
    await store.audit(audited('spawn', { target: 'agent-a' }));
    const done = [ended(a, 1), ended(b, 2)];
    for (const each of done) await store.markTerminal(each);
    await store.audit(audited('prompt', { target: 'agent-a', result: 'NotActive', detail: 'It has ended.' }));
    await store.evict([done[0]?.session ?? a]);
    await assert.rejects(store.update(further(done[0]?.session ?? a)), { code: 'NotFound' });
    await assert.rejects(store.evict([a]), { code: 'NotFound' });
    for (const round of ['open', 'reopened']) {
      assert.deepEqual(ids(await store.query({})), ['agent-b', 'agent-c'], round);
      assert.deepEqual(await store.load('agent-a'), done[0]?.session);
      assert.deepEqual(await store.load('agent-zzz'), undefined);
      assert.equal((await store.history('agent-a')).length, 2);
      assert.deepEqual(await store.counts(), { byStatus: { completed: 1, running: 1 }, evicted: 1 });
      assert.deepEqual((await store.search({ text: 'build AGENT-A' })).map(({ id, evicted }) => [id, evicted]), [['agent-a', true]]);
      assert.deepEqual((await store.search({ status: ['completed'] })).map(({ id }) => id), ['agent-b', 'agent-a']);
      const trail = await store.auditTrail();
      assert.deepEqual(trail.map(({ seq: _, ...line }) => line), [audited('spawn', { target: 'agent-a' }), audited('prompt', { target: 'agent-a', result: 'NotActive', detail: 'It has ended.' })]);
      assert.deepEqual((await store.auditTrail({ text: 'notactive' })).map(({ action }) => action), ['prompt']);
      assert.deepEqual((await store.auditTrail({ afterSeq: trail[0]?.seq ?? 0 })).map(({ action }) => action), ['prompt']);
      assert.deepEqual((await store.completions({ afterSeq: 0 })).map(({ seq, sessionId }) => [seq, sessionId]), [[1, 'agent-a'], [2, 'agent-b']]);
      assert.deepEqual((await store.completions({ afterSeq: 1, limit: 5 })).map(({ sessionId }) => sessionId), ['agent-b']);
      if (round === 'reopened') break;
      await store.close();
      store = kit.store();
      assert.equal((await store.open()).feedSeq, 2);
    }
  });

  it('S2: what is read reflects every write that was asked for before, the first one included', async () => {
    const store = kit.store();
    await store.open();
    const writes = [store.registerActive(change('agent-1')), store.audit(audited('spawn'))];
    const reads = [store.query({}), store.load('agent-1'), store.history('agent-1'), store.counts(), store.search({}), store.auditTrail()] as const;
    const [sessions, loaded, history, counts, found, trail] = await Promise.all(reads);
    assert.deepEqual([ids(sessions), loaded?.id, history.length, counts.byStatus, found.length, trail.length], [['agent-1'], 'agent-1', 1, { running: 1 }, 1, 1]);
    await Promise.all(writes);
    const more = store.registerActive(change('agent-2'));
    assert.equal((await store.counts()).byStatus.running, 2);
    await more;
  });

  it('S2: a change is in the file when the call returns', async () => {
    const store = kit.store();
    await store.open();
    await store.registerActive(change('agent-1'));
    const writes = [2, 3, 4].map((n) => store.registerActive(change(`agent-${n}`)));
    const [segment = ''] = await kit.names('journal');
    const text = await readFile(kit.path('journal', segment), 'latin1');
    assert.ok([1, 2, 3, 4].every((n) => text.includes(`agent-${n}`)));
    await Promise.all(writes);
  });

  it('S2: close writes what waits, and lets the lock go', async () => {
    const store = kit.store();
    await store.open();
    const write = store.registerActive(change('agent-a'));
    await store.close();
    await write;
    assert.deepEqual(await kit.names(), ['journal']);
    await assert.rejects(store.query({}), (error) => isFleetError(error, 'Closed'));
    await assert.rejects(store.remove([]), (error) => isFleetError(error, 'Closed'));
    const next = kit.store();
    assert.deepEqual(ids((await next.open()).sessions), ['agent-a']);
  });

  it('S6: ids with a path, a space or a leading dash are refused, and nothing of them is kept', async () => {
    const store = kit.store();
    await store.open();
    for (const id of ['../x', '', '-a', 'a b', 'a\n', 'x'.repeat(129), 'ä']) {
      await assert.rejects(store.registerActive(change(id)), { code: 'InvalidSession' }, id);
      await assert.rejects(store.remove([id]), { code: 'InvalidSession' }, id);
    }
    await assert.rejects(stat(kit.folder), { code: 'ENOENT' });
    await store.registerActive(change('Agent_1-x'));
    for (const id of ['../x', '-a']) await assert.rejects(store.registerActive(change(id)), { code: 'InvalidSession' });
    assert.deepEqual(ids(await store.query({})), ['Agent_1-x']);
  });

  it('S11: files are for the user alone, and no file holds a secret that is not part of a session', async () => {
    const secret = 'tok_PLANTED-SECRET-0123456789';
    process.env['FLEET_PLANTED'] = secret;
    const store = kit.limited({});
    try {
      await store.open();
      await store.registerActive(change('agent-a', { tokenHash: 'c0ffee' }));
      await store.audit(audited('spawn'));
      await store.registerActive(change('agent-b'));
      await store.evict([(await store.load('agent-b')) ?? session('agent-b')]);
    } finally {
      delete process.env['FLEET_PLANTED'];
    }
    assert.equal((await stat(kit.folder)).mode & 0o777, 0o700);
    const all = await readdir(kit.folder, { recursive: true, withFileTypes: true });
    assert.ok(all.length >= 3);
    for (const each of all) {
      const path = join(each.parentPath, each.name);
      assert.equal((await stat(path)).mode & 0o777, each.isDirectory() ? 0o700 : 0o600, path);
      if (each.isFile()) assert.ok(!(await readFile(path)).includes(secret), path);
    }
  });

  it('S14: newest activity first, then newest start, then id; limit 0 is all', async () => {
    const store = kit.store();
    await store.open();
    const { startedAt: _, ...unstarted } = session('agent-new', { createdAt: 50, lastActivityAt: 10 });
    const all = [
      session('agent-c', { lastActivityAt: 10, startedAt: 5 }),
      session('agent-b', { lastActivityAt: 10, startedAt: 5 }),
      session('agent-a', { lastActivityAt: 10, startedAt: 4 }),
      session('agent-d', { lastActivityAt: 11, startedAt: 1 }),
      session('agent-far', { lastActivityAt: 9_007_199_254_740_991, startedAt: 1 }),
      unstarted,
    ];
    const writes = all.map((each) => store.registerActive({ session: each, history: [] }));
    const order = ['agent-far', 'agent-d', 'agent-new', 'agent-b', 'agent-c', 'agent-a'];
    assert.deepEqual(ids(await store.query({})), order, 'while they wait');
    await Promise.all(writes);
    assert.deepEqual(ids(await store.query({ limit: 0 })), order);
    assert.deepEqual(ids(await store.query({ limit: 3 })), order.slice(0, 3));
    await store.close();
    assert.deepEqual(ids((await kit.store().open()).sessions), order);
  });

  it('refuses what does not fit, and keeps nothing of it', async () => {
    const store = kit.store();
    await store.open();
    await assert.rejects(store.registerActive(change('agent-n', { lastActivityAt: NaN })), { code: 'InvalidSession' });
    await store.registerActive(change('agent-n', {}, 0));
    await store.remove(['agent-n']);
    const { session: a } = change('agent-a');
    await store.registerActive(change('agent-a'));
    await assert.rejects(store.registerActive(change('agent-a')), { code: 'AlreadyRegistered' });
    await assert.rejects(store.update(change('agent-b')), { code: 'NotFound' });
    await assert.rejects(store.markTerminal(change('agent-b')), { code: 'NotFound' });
    await assert.rejects(store.update({ session: a, history: [entry('agent-a', 1)] }), { code: 'HistoryExists' });
    await assert.rejects(store.update({ session: { ...a, historySeq: 2 }, history: [entry('agent-b', 2)] }), { code: 'HistoryExists' });
    await assert.rejects(store.update({ session: { ...a, historySeq: 2 }, history: [entry('agent-a', 2), entry('agent-a', 2)] }), { code: 'HistoryExists' });
    await assert.rejects(store.update(further(a, {}, 1n)), { code: 'InvalidHistory' });
    await assert.rejects(store.update({ session: { ...a, name: 1n as unknown as string }, history: [] }), { code: 'InvalidSession' });
    assert.deepEqual(await store.query({}), [a]);
    assert.deepEqual(await store.history('agent-a'), [entry('agent-a', 1)]);
    await store.remove(['agent-a', 'agent-zzz']);
    await store.registerActive(change('agent-a'));
    assert.deepEqual(await store.history('agent-a'), [entry('agent-a', 1)]);
  });

  it('a load of the engine that failed is tried again at the next use, and says why', async () => {
    const seed = kit.store();
    await seed.open();
    await seed.registerActive(change('agent-a'));
    await seed.close();
    const wasmFile = join(kit.folder, '..', 'engine.wasm');
    await writeFile(wasmFile, 'no engine');
    const good = kit.store();
    const { readFileSync } = await import('node:fs');
    const { wasmPath } = await import('./support/storeKit.ts');
    const { workerBundle } = await import('./support/workerBundle.ts');
    const store = kit.store(1, { worker: { entry: await workerBundle(), wasmFile } });
    await assert.rejects(store.open(), { code: 'EngineFailed', message: /sql-wasm\.wasm is damaged/ });
    await assert.rejects(store.query({}), { code: 'EngineFailed' });
    assert.deepEqual(await kit.names(), ['journal'], 'the lock is let go');
    await writeFile(wasmFile, readFileSync(wasmPath));
    assert.deepEqual(ids(await store.query({})), ['agent-a']);
    const report = await store.open();
    assert.deepEqual([report.role, ids(report.sessions)], ['owner', ['agent-a']]);
    await good.close();
  });

  it('S10: the worker thread dies: what was asked is answered all the same', async () => {
    const store = kit.store();
    await store.open();
    await store.registerActive(change('agent-1'));
    await store.counts();
    await kit.killThreads();
    await store.registerActive(change('agent-2'));
    const asked = store.counts();
    await kit.killThreads();
    assert.deepEqual((await asked).byStatus, { running: 2 });
    assert.equal(store.health.persisted, true);
  });
});
