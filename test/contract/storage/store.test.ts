import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { isFleetError } from '../../../src/base/errors.ts';
import type { Session } from '../../../src/core/session.ts';
import { unseal } from '../../../src/storage/seal.ts';
import { SqlEngine } from '../../../src/storage/sqlEngine.ts';
import { sealed } from './support/sealed.ts';
import { change, entry, session } from './support/sessions.ts';
import { StoreKit, loadWasm } from './support/storeKit.ts';

describe('SqlSessionStore', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  const ids = (sessions: readonly Session[]): readonly string[] => sessions.map((each) => each.id);

  it('S5: opening, reading and closing a fresh workspace writes nothing and loads nothing', async () => {
    let loads = 0;
    const store = kit.store(1, { loadWasm: () => (loads++, loadWasm()) });
    assert.deepEqual(await store.open(), { sessions: [], skippedRows: 0, role: 'owner' });
    assert.deepEqual(await store.query({}), []);
    assert.deepEqual(await store.history('agent-a'), []);
    kit.time.pass(5_000);
    await store.query({});
    await store.close();
    await assert.rejects(stat(kit.folder), { code: 'ENOENT' });
    assert.equal(loads, 0);
    assert.equal(kit.time.pending, 0);
  });

  it('S1: what was stored is there after closing and reopening, and the version is unchanged', async () => {
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
    const ended: Session = { ...session('agent-parent'), status: 'failed', outcome: { type: 'failed', error: 'exit code 3', exitCode: 3 }, completedAt: 9 };
    await first.markTerminal({ session: ended, history: [entry('agent-parent', 2)] });
    await first.appendEvent(entry('agent-parent', 3, ['late']));
    await first.close();

    const second = kit.store();
    const report = await second.open();
    assert.deepEqual(report, { sessions: [full, ended], skippedRows: 0, role: 'owner' });
    assert.deepEqual(await second.history(full.id), [entry(full.id, 1), entry(full.id, 2, null)]);
    assert.deepEqual(await second.history('agent-parent', { afterSeq: 1, limit: 1 }), [entry('agent-parent', 2)]);
    assert.deepEqual(ids(await second.query({ status: ['failed'] })), ['agent-parent']);
    assert.deepEqual(ids(await second.query({ parentId: 'agent-parent' })), ['agent-full']);
    await second.close();

    const other = new DatabaseSync(kit.path('registry.db'), { readOnly: true });
    assert.equal(other.prepare('PRAGMA user_version').get()?.['user_version'], 1);
    assert.equal(other.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    assert.equal(other.prepare('SELECT count(*) AS n FROM sessions').get()?.['n'], 2);
    other.close();
  });

  it('S11: files are for the user alone', async () => {
    const store = kit.store();
    await store.open();
    await store.registerActive(change('agent-a'));
    assert.equal((await stat(kit.folder)).mode & 0o777, 0o700);
    for (const name of await kit.names()) assert.equal((await stat(kit.path(name))).mode & 0o777, 0o600, name);
    await chmod(kit.path('registry.db'), 0o644);
    await store.appendEvent(entry('agent-a', 2));
    assert.equal((await stat(kit.path('registry.db'))).mode & 0o777, 0o600);
  });

  it('S2: changes made together share one snapshot; a change is in place when its promise resolves', async () => {
    const store = kit.store();
    await store.open();
    const writes = [1, 2, 3, 4, 5].map((n) => store.registerActive(change(`agent-${n}`)));
    await writes[0];
    // One snapshot: the predecessor would be there after a second one.
    assert.deepEqual(await kit.names(), ['registry.db', 'registry.lock']);
    await Promise.all(writes);
    const onDisk = (await readFile(kit.path('registry.db'))).toString('latin1');
    assert.ok([1, 2, 3, 4, 5].every((n) => onDisk.includes(`agent-${n}`)));
  });

  it('S2: close writes what waits, and lets the lock go', async () => {
    const store = kit.store();
    await store.open();
    const write = store.registerActive(change('agent-a'));
    await store.close();
    await write;
    assert.deepEqual(await kit.names(), ['registry.db']);
    await assert.rejects(store.query({}), (error) => isFleetError(error, 'Closed'));
    await assert.rejects(store.remove([]), (error) => isFleetError(error, 'Closed'));
  });

  it('S4: a bad row is skipped and counted, a bad status is unknown, the rest is listed', async () => {
    const store = kit.store();
    await store.open();
    for (const id of ['agent-a', 'agent-b', 'agent-c', 'agent-d', 'agent-e']) {
      await store.registerActive(change(id, { signal: { activity: 'idle', source: 'hook', at: 3 } }));
    }
    await store.close();
    await edit(kit.path('registry.db'), (run) => {
      run(`UPDATE sessions SET status = 'zzz' WHERE id = 'agent-a'`);
      run(`UPDATE sessions SET body = 'no json' WHERE id = 'agent-b'`);
      run(`UPDATE sessions SET body = json_set(body, '$.attempt', 'x') WHERE id = 'agent-c'`);
      run(`UPDATE sessions SET body = json_set(body, '$.signal.activity', 'dancing', '$.later', 1) WHERE id = 'agent-d'`);
      run(`UPDATE history SET data = '{' WHERE session_id = 'agent-e'`);
    });
    const again = kit.store();
    const report = await again.open();
    assert.equal(report.skippedRows, 2);
    assert.equal(report.setAside, undefined);
    assert.deepEqual(report.sessions.map((each) => [each.id, each.status, each.signal?.activity]), [
      ['agent-a', 'unknown', 'idle'],
      ['agent-d', 'running', undefined],
      ['agent-e', 'running', 'idle'],
    ]);
    assert.deepEqual(ids(await again.query({ status: ['unknown'] })), ['agent-a']);
    assert.deepEqual(ids(await again.query({ status: ['unknown', 'running'], limit: 2 })), ['agent-a', 'agent-d']);
    assert.equal((await again.history('agent-e')).length, 1);
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
    for (const each of all) await store.registerActive({ session: each, history: [] });
    const order = ['agent-far', 'agent-d', 'agent-new', 'agent-b', 'agent-c', 'agent-a'];
    assert.deepEqual(ids(await store.query({})), order);
    assert.deepEqual(ids(await store.query({ limit: 0 })), order);
    assert.deepEqual(ids(await store.query({ limit: 3 })), order.slice(0, 3));
    await store.close();
    assert.deepEqual(ids((await kit.store().open()).sessions), order);
  });

  it('refuses what does not fit, and keeps nothing of it', async () => {
    const store = kit.store();
    await store.open();
    await store.registerActive(change('agent-a'));
    await assert.rejects(store.registerActive(change('agent-a')), { code: 'AlreadyRegistered' });
    await assert.rejects(store.update(change('agent-b')), { code: 'NotFound' });
    await assert.rejects(store.appendEvent(entry('agent-b', 1)), { code: 'NotFound' });
    await assert.rejects(store.appendEvent(entry('agent-a', 1)), { code: 'HistoryExists' });
    await assert.rejects(store.update({ session: session('agent-a', { name: 'new' }), history: [entry('agent-a', 2), entry('agent-a', 2)] }), {
      code: 'HistoryExists',
    });
    await assert.rejects(store.registerActive(change('../x')), { code: 'InvalidSession' });
    await assert.rejects(store.registerActive(change('agent-n', { lastActivityAt: NaN })), { code: 'InvalidSession' });
    await assert.rejects(store.appendEvent(entry('agent-a', 2, 1n)), { code: 'InvalidHistory' });
    await assert.rejects(store.appendEvent(entry('agent-a', 0)), { code: 'InvalidHistory' });
    assert.deepEqual(await store.query({}), [session('agent-a')]);
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
    let mode: 'missing' | 'damaged' | 'good' = 'missing';
    const store = kit.store(1, {
      loadWasm: async () => {
        if (mode === 'missing') throw new Error('ENOENT: no such file sql-wasm.wasm');
        return mode === 'damaged' ? (await loadWasm()).slice(0, 5_000) : loadWasm();
      },
    });
    await assert.rejects(store.open(), { code: 'EngineFailed', message: /could not be loaded: ENOENT: no such file/ });
    mode = 'damaged';
    await assert.rejects(store.query({}), { code: 'EngineFailed', message: /sql-wasm\.wasm is damaged/ });
    mode = 'good';
    assert.deepEqual(ids(await store.query({})), ['agent-a']);
    assert.equal((await store.open()).role, 'owner');
  });

  it('keeps a change in memory while the engine cannot be loaded', async () => {
    let broken = true;
    const store = kit.store(1, { loadWasm: () => (broken ? Promise.reject(new Error('no memory')) : loadWasm()) });
    await store.open();
    await assert.rejects(store.registerActive(change('agent-a')), { code: 'NotPersisted', message: /no memory/ });
    assert.equal(store.health.persisted, false);
    broken = false;
    await store.appendEvent(entry('agent-a', 2));
    assert.equal(store.health.persisted, true);
    assert.deepEqual(ids(await store.query({})), ['agent-a']);
  });
});

/** Changes rows behind the store's back, and seals the file again. */
async function edit(path: string, change: (run: (sql: string) => void) => void): Promise<void> {
  const engine = await new SqlEngine(loadWasm).load();
  const database = new engine.Database(unseal(await readFile(path))?.image);
  change((sql) => void database.run(sql));
  await writeFile(path, sealed(database.export()));
  database.close();
}
