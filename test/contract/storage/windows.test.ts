import assert from 'node:assert/strict';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { nextEvent } from '../../../src/base/event.ts';
import type { RegistryDelta } from '../../../src/core/ports.ts';
import { lineOf } from '../../../src/storage/journal/record.ts';
import { liveName } from '../../../src/storage/journal/segmentNames.ts';
import type { RegistryStore } from '../../../src/storage/registryStore.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { audited, change, ended, further } from './support/sessions.ts';
import { StoreKit, ids, sortedIds } from './support/storeKit.ts';

describe('RegistryStore in several windows', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  /** Resolves when the store heard of all these sessions. */
  function hears(store: RegistryStore, ...wanted: readonly string[]): Promise<readonly RegistryDelta[]> {
    const heard: RegistryDelta[] = [];
    const missing = new Set(wanted);
    return new Promise((resolve) => {
      const listening = store.onDidChangeElsewhere((delta) => {
        heard.push(delta);
        for (const { id } of delta.sessions) missing.delete(id);
        if (missing.size > 0) return;
        listening.dispose();
        resolve(heard);
      });
    });
  }

  it('S3: the second window reads, follows, refuses to write, and takes over when the first closes', async () => {
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    const second = kit.store(2);
    const report = await second.open();
    assert.deepEqual([report.role, ids(report.sessions)], ['reader', ['agent-1']]);
    assert.equal(second.health.persisted, true);
    const { session: one } = change('agent-1');
    for (const write of [
      () => second.registerActive(change('agent-2')),
      () => second.update(further(one)),
      () => second.markTerminal(further(one)),
      () => second.audit(audited('spawn')),
      () => second.evict([one]),
      () => second.remove(['agent-1']),
    ]) {
      await assert.rejects(write(), { code: 'NotOwner', message: 'Another window manages this fleet.' });
    }

    const seen = hears(second, 'agent-2');
    await first.registerActive(change('agent-2'));
    assert.deepEqual((await seen).flatMap((delta) => ids(delta.sessions)), ['agent-2']);
    assert.equal((await second.history('agent-2')).length, 1);
    const gone = nextEvent(second.onDidChangeElsewhere, ({ removed }) => removed.length > 0);
    const done = ended(change('agent-2').session, 1).session;
    await first.markTerminal(ended(change('agent-2').session, 1));
    await first.evict([done]);
    assert.deepEqual((await gone).removed, ['agent-2']);
    assert.deepEqual(await second.counts(), { byStatus: { running: 1 }, evicted: 1 });

    const last = first.registerActive(change('agent-3'));
    const owner = nextEvent(second.onDidBecomeOwner);
    await first.close();
    await last;
    kit.time.pass(1_000);
    assert.deepEqual([(await owner).role, sortedIds((await owner).sessions), (await owner).feedSeq], ['owner', ['agent-1', 'agent-3'], 1]);
    await second.registerActive(change('agent-4'));
    await second.close();
    assert.deepEqual(sortedIds((await kit.store(3).open()).sessions), ['agent-1', 'agent-3', 'agent-4']);
  });

  it('S3: following and taking over need no file watching', async () => {
    const fault = new FailingFiles();
    const watch = (): never => {
      throw new Error('ENOSPC: System limit for number of file watchers reached');
    };
    const files = { ...fault.files, watch };
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    const second = kit.store(2, { files });
    await second.open();
    const seen = hears(second, 'agent-2');
    await first.registerActive(change('agent-2'));
    await seen;
    kit.time.pass(1_000);
    await second.query({});
    // Who waits does not write to the disk at each look.
    assert.deepEqual(fault.log, []);
    await first.close();
    const owner = nextEvent(second.onDidBecomeOwner);
    kit.time.pass(1_000);
    await owner;
  });

  it('S3: three windows: when the owner is killed one of the others takes over, the third follows it, and nothing acknowledged is lost', async () => {
    const [first, second, third] = [kit.store(1), kit.store(2), kit.store(3)];
    await first.open();
    for (let n = 1; n <= 3; n++) await first.registerActive(change(`agent-${n}`));
    assert.deepEqual([(await second.open()).role, (await third.open()).role], ['reader', 'reader']);
    await first.update(further(change('agent-1').session, { name: 'last words' }));
    const heirs: RegistryStore[] = [];
    const inherited = new Promise<void>((resolve) => {
      for (const store of [second, third]) {
        store.onDidBecomeOwner(() => {
          heirs.push(store);
          resolve();
        });
      }
    });
    kit.dead.add(1);
    kit.time.pass(250);
    await inherited;
    const [heir] = heirs;
    const reader = heir === second ? third : second;
    assert.ok(heir !== undefined);
    assert.equal((await heir.load('agent-1'))?.name, 'last words');
    const seen = hears(reader, 'agent-4');
    await heir.registerActive(change('agent-4'));
    await seen;
    kit.time.pass(1_000);
    assert.deepEqual(sortedIds(await reader.query({})), ['agent-1', 'agent-2', 'agent-3', 'agent-4']);
    assert.equal(heirs.length, 1);
    await assert.rejects(reader.remove(['agent-1']), { code: 'NotOwner' });

    // The first one was only thought dead: what it writes now counts for nobody.
    await first.registerActive(change('agent-zombie'));
    await first.update(further(further(change('agent-1').session).session, { name: 'zombie' }));
    await heir.registerActive(change('agent-5'));
    await heir.close();
    await reader.close();
    kit.dead.add(2).add(3);
    const next = kit.store(4);
    const report = await next.open();
    assert.deepEqual(sortedIds(report.sessions), ['agent-1', 'agent-2', 'agent-3', 'agent-4', 'agent-5']);
    assert.equal((await next.load('agent-1'))?.name, 'last words');
    assert.equal(report.skippedRows, 0);
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
    assert.deepEqual(await kit.names(), ['journal'], 'no guard and no private file is left');
    assert.equal(await roleWith(lock, 'unknown'), 'reader');
    assert.equal(await roleWith(lock.replace(/"host":"[^"]*"/, '"host":"elsewhere"').replace(/"bootId":"[^"]*"/, '"bootId":"theirs"')), 'reader');
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
      await contender.close();
      const heir = kit.store(200 + kill);
      const report = await heir.open();
      assert.deepEqual([report.role, ids(report.sessions)], ['owner', ['agent-1']], `killed at step ${kill}: ${fault.log.join(', ')}`);
      await heir.close();
    }
  });

  it('S3: without hard links the lock is exclusive as well', async () => {
    const make = (pid: number): RegistryStore => {
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

  it('S3: two windows that open a fresh workspace: the first to write owns it, the other one follows', async () => {
    const [first, second] = [kit.store(1), kit.store(2)];
    assert.deepEqual([(await first.open()).role, (await second.open()).role], ['owner', 'owner']);
    const results = await Promise.allSettled([first.registerActive(change('agent-1')), second.registerActive(change('agent-2'))]);
    const won = results.findIndex((result) => result.status === 'fulfilled');
    const lost = results[1 - won];
    assert.ok(lost?.status === 'rejected' && (lost.reason as { code?: string }).code === 'NotOwner');
    const reader = won === 0 ? second : first;
    assert.equal(reader.health.persisted, true);
    await assert.rejects(reader.remove([]), { code: 'NotOwner' });
    const following = hears(reader, 'agent-3');
    await (won === 0 ? first : second).registerActive(change('agent-3'));
    await following;
    assert.deepEqual(sortedIds(await reader.query({})), [`agent-${won + 1}`, 'agent-3']);
  });

  it('S3: a window that opened a fresh workspace learns of the fleet that another one began', async () => {
    const [first, second] = [kit.store(1), kit.store(2)];
    await first.open();
    await second.open();
    await first.registerActive(change('agent-1'));
    const seen = nextEvent(second.onDidChangeElsewhere);
    kit.time.pass(1_000);
    const delta = await seen;
    assert.deepEqual([ids(delta.sessions), delta.complete], [['agent-1'], true]);
    await assert.rejects(second.remove([]), { code: 'NotOwner' });
  });

  it('S3: an owner whose lock was taken away finds out, follows, and what it wrote late is fenced', async () => {
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    await rm(kit.path('registry.lock'));
    const second = kit.store(2);
    assert.equal((await second.open()).role, 'owner');
    await second.registerActive(change('agent-2'));
    await first.registerActive(change('agent-late'));
    const told = nextEvent(first.onDidChangeElsewhere, ({ complete }) => complete === true);
    kit.time.pass(10_000);
    assert.deepEqual(sortedIds((await told).sessions), ['agent-1', 'agent-2']);
    await assert.rejects(first.registerActive(change('agent-3')), { code: 'NotOwner' });
    const seen = hears(first, 'agent-4');
    await second.registerActive(change('agent-4'));
    await seen;
    await second.close();
    // Back again: its numbers go on from those of the one between.
    const owner = nextEvent(first.onDidBecomeOwner);
    kit.time.pass(1_000);
    await owner;
    await first.registerActive(change('agent-5'));
    await first.close();
    const report = await kit.store(3).open();
    assert.deepEqual([sortedIds(report.sessions), report.skippedRows], [['agent-1', 'agent-2', 'agent-4', 'agent-5'], 0]);
  });

  it('S3: a lock file that somebody removed is made again, and nothing is lost', async () => {
    const store = kit.store(1);
    await store.open();
    await store.registerActive(change('agent-1'));
    await rm(kit.path('registry.lock'));
    const owner = nextEvent(store.onDidBecomeOwner);
    kit.time.pass(10_000);
    const writes = [store.registerActive(change('agent-2')), store.update(further(change('agent-1').session, { name: 'x' }))];
    await owner;
    await Promise.all(writes);
    await store.update(further(further(change('agent-1').session).session, { name: 'agent-1' }));
    assert.ok((await kit.names()).includes('registry.lock'));
    await store.close();
    const next = kit.store(2);
    const report = await next.open();
    assert.deepEqual([sortedIds(report.sessions), (await next.load('agent-1'))?.name, report.skippedRows], [['agent-1', 'agent-2'], 'agent-1', 0]);
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
    assert.deepEqual(sortedIds((await owner).sessions), ['agent-1', 'agent-2']);
    await fresh.registerActive(change('agent-3'));
  });

  it('S3: the heartbeat is the time of the lock file, and proves nothing', async () => {
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
    const later = kit.store(2, { clock: { now: () => kit.time.now() + 3_600_000, monotonic: () => 0 } });
    assert.equal((await later.open()).role, 'reader');
  });

  for (const step of [-600_000, 600_000]) {
    it(`S3, S7: the clock is set ${step < 0 ? 'back' : 'forward'} 10 minutes in the middle: nothing lost, order kept, lock not stolen`, async () => {
      let shift = 0;
      const clock = { now: () => kit.time.now() + shift, monotonic: () => kit.time.monotonic() };
      const store = kit.store(1, { clock });
      await store.open();
      const { session: one } = change('agent-1');
      await store.registerActive(change('agent-1'));
      await store.audit(audited('before'));
      const reader = kit.store(2, { clock });
      assert.equal((await reader.open()).role, 'reader');
      shift = step;
      kit.time.pass(20_000);
      const seen = hears(reader, 'agent-2');
      await store.update(further(one, { name: 'after' }));
      await store.registerActive(change('agent-2', { lastActivityAt: 1_700_000_000_300 }));
      await store.audit(audited('after'));
      await seen;
      kit.time.pass(20_000);
      await assert.rejects(reader.remove([]), { code: 'NotOwner' });
      await store.close();
      const next = kit.store(3, { clock });
      const report = await next.open();
      if (report.role === 'reader') kit.time.pass(1_000);
      assert.deepEqual([ids(report.sessions), report.skippedRows], [['agent-2', 'agent-1'], 0]);
      assert.deepEqual((await next.auditTrail()).map(({ action }) => action), ['before', 'after']);
      assert.deepEqual((await next.history('agent-1')).map(({ seq }) => seq), [1, 2]);
    });
  }

  it('S1: a segment of a newer format: read-only, said in words, and nothing is written', async () => {
    const seed = kit.store(1);
    await seed.open();
    await seed.registerActive(change('agent-1'));
    await seed.close();
    await writeFile(kit.path('journal', liveName(9, 2)), lineOf(JSON.stringify({ q: 0, k: 'head', format: 3, epoch: 9, first: 2, t: 1 })));
    const before = await readdir(kit.folder, { recursive: true });
    const store = kit.store(2);
    assert.deepEqual(await store.open(), { sessions: [], skippedRows: 0, role: 'reader', stored: true, newerVersion: 3 });
    assert.match(store.health.persisted ? '' : store.health.reason, /newer version of Agent Fleet \(format 3; this version knows 2\)\. Update/);
    await assert.rejects(store.registerActive(change('agent-2')), { code: 'NewerRegistry' });
    kit.time.pass(10_000);
    assert.deepEqual((await store.open()).newerVersion, 3);
    await store.close();
    assert.deepEqual(await readdir(kit.folder, { recursive: true }), before);
  });

  it('S3: a take-over that fails half way lets the lock go and goes on reading', async () => {
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    const fault = new FailingFiles();
    const second = kit.store(2, { files: fault.files });
    await second.open();
    let lists = 0;
    const failed = new Promise<void>((resolve) => {
      fault.refuse = (name, path) => {
        // It cannot have the lock again.
        if (name === 'create' && lists >= 3) return 'EIO';
        if (name !== 'list' || path !== kit.folder) return undefined;
        // The first look is before the lock, the second one is for strays, the third one when the registry has been read.
        if (++lists === 3) setImmediate(resolve);
        return lists === 3 ? 'EIO' : undefined;
      };
    });
    kit.dead.add(1);
    kit.time.pass(250);
    await failed;
    while ((await kit.names()).includes('registry.lock')) await second.query({});
    const third = kit.store(3);
    assert.equal((await third.open()).role, 'owner');
    const seen = hears(second, 'agent-2');
    await third.registerActive(change('agent-2'));
    await seen;
    await assert.rejects(second.remove(['agent-1']), { code: 'NotOwner' });
  });

  it('S3: the folder is replaced while another window reads: it follows', async () => {
    const first = kit.store(1);
    await first.open();
    await first.registerActive(change('agent-1'));
    const second = kit.store(2);
    await second.open();
    await rename(kit.folder, `${kit.folder}.aside`);
    kit.time.pass(10_000);
    await first.registerActive(change('agent-2', {}, 1)).catch(() => undefined);
    // For a moment there is nothing in the new folder, and the reader still sees the old one.
    while ((await kit.names('journal')).length === 0 || (await second.query({})).length < 2) kit.time.pass(10_000);
    assert.equal((await first.query({})).length, 2);
  });
});
