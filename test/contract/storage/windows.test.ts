import assert from 'node:assert/strict';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { nextEvent } from '../../../src/base/event.ts';
import type { Session } from '../../../src/core/session.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { change, entry } from './support/sessions.ts';
import { StoreKit } from './support/storeKit.ts';

describe('SqlSessionStore in several windows', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  const ids = (sessions: readonly Session[]): readonly string[] => sessions.map((each) => each.id).sort();

  it('S3: the second window reads, follows, refuses to write, and takes over when the first closes', async () => {
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    const second = kit.store(2);
    const report = await second.open();
    assert.deepEqual([report.role, ids(report.sessions)], ['reader', ['agent-1']]);
    assert.equal(second.health.persisted, true);

    for (const write of [
      () => second.registerActive(change('agent-2')),
      () => second.update(change('agent-1')),
      () => second.markTerminal(change('agent-1')),
      () => second.appendEvent(entry('agent-1', 2)),
      () => second.remove(['agent-1']),
    ]) {
      await assert.rejects(write(), { code: 'NotOwner', message: 'Another window manages this fleet.' });
    }

    const seen = nextEvent(second.onDidChangeElsewhere, (sessions) => sessions.length === 2);
    await first.registerActive(change('agent-2'));
    assert.deepEqual(ids(await seen), ['agent-1', 'agent-2']);
    assert.equal((await second.history('agent-2')).length, 1);

    const last = first.registerActive(change('agent-3'));
    const owner = nextEvent(second.onDidBecomeOwner);
    await first.close();
    await last;
    assert.deepEqual([(await owner).role, ids((await owner).sessions)], ['owner', ['agent-1', 'agent-2', 'agent-3']]);
    await second.registerActive(change('agent-4'));
    await second.close();
    assert.deepEqual(ids((await kit.store(3).open()).sessions), ['agent-1', 'agent-2', 'agent-3', 'agent-4']);
  });

  it('S3: following and taking over need no file watching', async () => {
    const fault = new FailingFiles();
    const files = {
      ...fault.files,
      watch: () => {
        throw new Error('ENOSPC: System limit for number of file watchers reached');
      },
    };
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    const second = kit.store(2, { files });
    await second.open();
    await first.registerActive(change('agent-2'));
    const seen = nextEvent(second.onDidChangeElsewhere);
    kit.time.pass(1_000);
    assert.deepEqual(ids(await seen), ['agent-1', 'agent-2']);
    // Who waits does not write to the disk at each look.
    assert.deepEqual(fault.log.filter((line) => !line.startsWith('makeFolder')), []);
    await first.close();
    const owner = nextEvent(second.onDidBecomeOwner);
    await second.query({});
    kit.time.pass(1_000);
    await owner;
  });

  it('S3: a lock whose holder is proven dead is taken over; unknown, alive or elsewhere is not', async () => {
    const seed = kit.store(1);
    await seed.open();
    await seed.registerActive(change('agent-1'));
    const lock = await readFile(kit.path('registry.lock'), 'utf8');
    assert.deepEqual(Object.keys(JSON.parse(lock) as object), ['pid', 'startTime', 'bootId', 'host', 'nonce', 'heartbeat']);
    await seed.close();

    kit.dead.add(1);
    const roleWith = async (content: string, verdict?: 'unknown'): Promise<string> => {
      await writeFile(kit.path('registry.lock'), content);
      const store = kit.store(2, verdict === undefined ? {} : { probe: { liveness: () => Promise.resolve(verdict) } });
      const { role } = await store.open();
      await store.close();
      return role;
    };
    assert.equal(await roleWith(lock), 'owner');
    assert.deepEqual(await kit.names(), ['registry.db'], 'no guard and no private file is left');
    assert.equal(await roleWith(lock, 'unknown'), 'reader');
    assert.equal(await roleWith(lock.replace(/"host":"[^"]*"/, '"host":"elsewhere"')), 'reader');
    assert.equal(await roleWith(''), 'reader');
    assert.equal(await roleWith('{"pid":1}'), 'reader');
    kit.dead.delete(1);
    assert.equal(await roleWith(lock), 'reader');
  });

  it('S3: a contender that died while taking over does not block the next one', async () => {
    const seed = kit.store(1);
    await seed.open();
    await seed.registerActive(change('agent-1'));
    kit.dead.add(1);
    for (let kill = 1; kill <= 12; kill++) {
      const fault = new FailingFiles();
      fault.killAt = kill;
      const contender = kit.store(100 + kill, { files: fault.files });
      await contender.open().catch(() => undefined);
      kit.dead.add(100 + kill);
      fault.killAt = 0;
      const heir = kit.store(200 + kill);
      assert.equal((await heir.open()).role, 'owner', `killed at step ${kill}: ${fault.log.join(', ')}`);
      // Its end, without letting go.
      kit.dead.add(200 + kill);
    }
  });

  it('S3: without hard links the lock is exclusive as well', async () => {
    const make = (pid: number): ReturnType<typeof kit.store> => {
      const fault = new FailingFiles();
      fault.refuse = (name) => (name === 'link' ? 'ENOTSUP' : undefined);
      return kit.store(pid, { files: fault.files });
    };
    const first = make(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    const second = make(2);
    assert.equal((await second.open()).role, 'reader');
    await second.close();
    kit.dead.add(1);
    assert.equal((await make(3).open()).role, 'owner');
  });

  it('S3: two windows that open a fresh workspace: the first to write owns it, nothing is lost', async () => {
    const [first, second] = [kit.store(1), kit.store(2)];
    assert.deepEqual([(await first.open()).role, (await second.open()).role], ['owner', 'owner']);
    const results = await Promise.allSettled([first.registerActive(change('agent-1')), second.registerActive(change('agent-2'))]);
    const won = results.findIndex((result) => result.status === 'fulfilled');
    const lost = results[1 - won];
    assert.ok(lost?.status === 'rejected' && (lost.reason as { code?: string }).code === 'NotOwner');
    const reader = won === 0 ? second : first;
    await assert.rejects(reader.remove([]), { code: 'NotOwner' });
    const following = nextEvent(reader.onDidChangeElsewhere, (sessions) => sessions.length === 2);
    await (won === 0 ? first : second).registerActive(change('agent-3'));
    assert.deepEqual(ids(await following), [`agent-${won + 1}`, 'agent-3']);
  });

  it('S3: a window that opened a fresh workspace learns of the fleet that another one began', async () => {
    const [first, second] = [kit.store(1), kit.store(2)];
    await first.open();
    await second.open();
    await first.registerActive(change('agent-1'));
    const seen = nextEvent(second.onDidChangeElsewhere);
    kit.time.pass(1_000);
    assert.deepEqual(ids(await seen), ['agent-1']);
    await assert.rejects(second.remove([]), { code: 'NotOwner' });
  });

  it('S3: an owner whose lock was taken away does not write over the new owner', async () => {
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    await rm(kit.path('registry.lock'));
    const second = kit.store(2);
    assert.equal((await second.open()).role, 'owner');
    await second.registerActive(change('agent-2'));
    const told = nextEvent(first.onDidChangeElsewhere);
    await assert.rejects(first.registerActive(change('agent-3')), { code: 'NotOwner' });
    assert.deepEqual(ids(await told), ['agent-1', 'agent-2']);
    await second.close();
    assert.deepEqual(ids((await kit.store(3).open()).sessions), ['agent-1', 'agent-2']);
  });

  it('S3: a reload: the old window goes on for a moment, the new one ends as the owner and nothing is lost', async () => {
    const old = kit.store(1);
    await old.open();
    await old.registerActive(change('agent-1'));
    const fresh = kit.store(2);
    assert.equal((await fresh.open()).role, 'reader');
    const owner = nextEvent(fresh.onDidBecomeOwner);
    await old.registerActive(change('agent-2'));
    // The old host is killed; it never closes.
    kit.dead.add(1);
    await fresh.query({});
    kit.time.pass(250);
    assert.deepEqual(ids((await owner).sessions), ['agent-1', 'agent-2']);
    await fresh.registerActive(change('agent-3'));
  });

  it('S3: the heartbeat is the time of the lock file', async () => {
    const store = kit.store(1);
    await store.open();
    await store.registerActive(change('agent-1'));
    const touched = new Promise<void>((resolve) => {
      const look = async (): Promise<void> => {
        if ((await stat(kit.path('registry.lock'))).mtimeMs === kit.time.now()) resolve();
        else setImmediate(() => void look());
      };
      void look();
    });
    kit.time.pass(10_000);
    await touched;
  });
});
