import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { schemaVersion } from '../../../src/storage/schema.ts';
import { unseal } from '../../../src/storage/seal.ts';
import type { SqlSessionStore } from '../../../src/storage/sqlSessionStore.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { sealed } from './support/sealed.ts';
import { change, entry } from './support/sessions.ts';
import { StoreKit, healthIs } from './support/storeKit.ts';

describe('SqlSessionStore with faults', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  const names = async (store: SqlSessionStore): Promise<readonly string[]> => (await store.query({})).map((each) => each.id).sort();

  /** Stores `agent-1` … `agent-<count>`, one snapshot each, and closes. */
  async function seed(count: number, lines = 1): Promise<void> {
    const store = kit.store(1);
    await store.open();
    for (let n = 1; n <= count; n++) await store.registerActive(change(`agent-${n}`, {}, lines));
    await store.close();
  }

  it('S2: a kill before, between or inside any two steps of a save leaves the old or the new state', async () => {
    const seen = new Set<string>();
    let steps = Infinity;
    for (let kill = 1; kill <= steps; kill++) {
      await rm(kit.folder, { recursive: true, force: true });
      await seed(2);
      const fault = new FailingFiles();
      const store = kit.store(100 + kill, { files: fault.files });
      await store.open();
      const opened = fault.steps;
      fault.killAt = opened + kill;
      const write = store.registerActive(change('agent-new'));
      const acknowledged = await write.then(
        () => true,
        () => false,
      );
      if (acknowledged) {
        steps = kill - 1;
        assert.deepEqual(fault.log.slice(opened).map((line) => line.replace(/-[0-9a-f]{12}$/, '-')), [
          'makeFolder registry',
          'create registry.db.tmp-',
          'syncFile registry.db.tmp-',
          'rename registry.db.previous',
          'rename registry.db',
          'syncFolder registry',
        ]);
      }
      fault.killAt = 0;
      kit.dead.add(100 + kill);
      await store.close();

      const next = kit.store(1);
      const report = await next.open();
      assert.equal(report.role, 'owner');
      assert.deepEqual([report.setAside, report.restored], [undefined, undefined], `kill ${kill}`);
      const found = await names(next);
      seen.add(found.join());
      assert.deepEqual(found, found.length === 3 || acknowledged ? ['agent-1', 'agent-2', 'agent-new'] : ['agent-1', 'agent-2']);
      assert.ok(!(await kit.names()).some((name) => name.includes('.tmp-')), 'strays are removed');
      await next.registerActive(change('agent-last'));
      await next.close();
      const last = kit.store(1);
      await last.open();
      assert.deepEqual(await names(last), [...found, 'agent-last'].sort());
      await last.close();
    }
    assert.deepEqual([steps, seen.size], [6, 2]);
  });

  for (const [code, operation, words] of [
    ['ENOSPC', 'create', /The disk is full/],
    ['EROFS', 'create', /read-only disk/],
    ['EACCES', 'makeFolder', /No permission/],
    ['EIO', 'syncFile', /reports an error/],
    ['EPERM', 'rename', /No permission/],
  ] as const) {
    it(`S10: ${code} in ${operation} rejects, says why, keeps the change and writes it when the disk is back`, async () => {
      const fault = new FailingFiles();
      const store = kit.store(1, { files: fault.files });
      await store.open();
      await store.registerActive(change('agent-1'));
      fault.refuse = (name, path) => (name === operation && !path.includes('lock') ? code : undefined);
      const failed = healthIs(store, false);
      await assert.rejects(store.registerActive(change('agent-2')), { code: 'NotPersisted', message: words });
      const health = await failed;
      assert.ok(!health.persisted && words.test(health.reason), JSON.stringify(health));
      await assert.rejects(store.appendEvent(entry('agent-2', 2)), { code: 'NotPersisted' });
      assert.deepEqual(await names(store), ['agent-1', 'agent-2']);
      fault.refuse = () => undefined;
      const back = healthIs(store, true);
      kit.time.pass(1_000);
      await back;
      await store.close();
      const next = kit.store(1);
      await next.open();
      assert.deepEqual(await names(next), ['agent-1', 'agent-2']);
      assert.equal((await next.history('agent-2')).length, 2);
      assert.ok(!(await kit.names()).some((name) => name.includes('.tmp-')));
    });
  }

  it('S10: a sync of the folder that fails is no success, and the next one is no conflict', async () => {
    const fault = new FailingFiles();
    const store = kit.store(1, { files: fault.files });
    await store.open();
    fault.refuse = (name) => (name === 'syncFolder' ? 'EIO' : undefined);
    await assert.rejects(store.registerActive(change('agent-1')), { code: 'NotPersisted' });
    fault.refuse = () => undefined;
    await store.appendEvent(entry('agent-1', 2));
    assert.equal((await store.history('agent-1')).length, 2);
  });

  it('S10: a read-only folder opens, warns, and is written when it can be', async () => {
    await seed(1);
    const fault = new FailingFiles();
    fault.refuse = (name) => (['create', 'rename', 'remove', 'link', 'touch'].includes(name) ? 'EROFS' : undefined);
    const store = kit.store(2, { files: fault.files });
    const report = await store.open();
    assert.deepEqual([report.role, report.sessions.length], ['owner', 1]);
    assert.match(store.health.persisted ? '' : store.health.reason, /read-only/);
    await assert.rejects(store.registerActive(change('agent-2')), { code: 'NotPersisted' });
    fault.refuse = () => undefined;
    await store.registerActive(change('agent-3'));
    assert.equal(store.health.persisted, true);
    assert.deepEqual(await names(store), ['agent-1', 'agent-2', 'agent-3']);
  });

  it('S10: a folder that vanished is made again, with everything in it', async () => {
    const store = kit.store(1);
    await store.open();
    await store.registerActive(change('agent-1'));
    await rm(kit.folder, { recursive: true });
    await store.registerActive(change('agent-2'));
    assert.equal((await stat(kit.folder)).mode & 0o777, 0o700);
    await store.close();
    const next = kit.store(1);
    await next.open();
    assert.deepEqual(await names(next), ['agent-1', 'agent-2']);
  });

  it('S4: truncated at every kilobyte, the file is set aside and the snapshot before it is used', async () => {
    await seed(3, 30);
    const size = (await stat(kit.path('registry.db'))).size;
    const copy = `${kit.folder}-copy`;
    await cp(kit.folder, copy, { recursive: true });
    for (let length = 0; length < size; length += 1_024) {
      await rm(kit.folder, { recursive: true });
      await cp(copy, kit.folder, { recursive: true });
      await truncate(kit.path('registry.db'), length);
      const store = kit.store(1);
      const report = await store.open();
      assert.match(report.setAside ?? '', /registry\.db\.corrupt-\d{4}-/);
      assert.equal((await stat(report.setAside ?? '')).size, length);
      assert.deepEqual([report.restored, report.sessions.length], [true, 2]);
      await store.close();
    }
  });

  it('S4: no flipped bit goes unseen; with both copies damaged the registry is fresh and both are kept', async () => {
    await seed(3, 5);
    const good = await readFile(kit.path('registry.db'));
    for (let round = 0; round < 60; round++) {
      const bit = (round * 2_654_435_761) % (good.length * 8);
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await rm(kit.folder, { recursive: true });
      await mkdir(kit.folder);
      await writeFile(kit.path('registry.db'), bad);
      await writeFile(kit.path('registry.db.previous'), round % 2 === 0 ? bad : good);
      const both = round % 2 === 0;
      const store = kit.store(1);
      const report = await store.open();
      assert.deepEqual([report.sessions.length, report.restored, report.role], [both ? 0 : 3, both ? undefined : true, 'owner'], `bit ${bit}`);
      assert.equal((await kit.names()).filter((name) => name.includes('.corrupt-')).length, both ? 2 : 1);
      await store.registerActive(change('agent-x'));
      await store.close();
      const next = kit.store(1);
      assert.equal((await next.open()).sessions.length, both ? 1 : 4);
      await next.close();
    }
  });

  for (const [what, bytes] of [
    ['empty', Buffer.alloc(0)],
    ['garbage', Buffer.from('#!/bin/sh\necho this is not a database\n'.repeat(200))],
    ['sealed garbage', sealed(Buffer.alloc(4_096, 7).fill(0, 60, 64))],
  ] as const) {
    it(`S4: a file that is ${what} is set aside twice under different names, and does not stop anything`, async () => {
      for (const expected of [1, 2]) {
        await mkdir(kit.folder, { recursive: true });
        await writeFile(kit.path('registry.db'), bytes);
        await rm(kit.path('registry.db.previous'), { force: true });
        const store = kit.store(1);
        const report = await store.open();
        assert.deepEqual(await readFile(report.setAside ?? ''), bytes);
        assert.equal((await kit.names()).filter((name) => name.includes('.corrupt-')).length, expected);
        await store.registerActive(change('agent-x'));
        await store.close();
      }
    });
  }

  it('a registry of a newer version is left alone, and says so', async () => {
    await seed(1);
    const image = Buffer.from(unseal(await readFile(kit.path('registry.db')))?.image ?? []);
    image.writeUInt32BE(schemaVersion + 1, 60);
    const newer = sealed(image);
    await writeFile(kit.path('registry.db'), newer);
    const before = await kit.names();
    const store = kit.store(2);
    const report = await store.open();
    assert.deepEqual(report, { sessions: [], skippedRows: 0, role: 'reader', newerVersion: schemaVersion + 1 });
    assert.match(store.health.persisted ? '' : store.health.reason, /newer version of Agent Fleet \(format 2; this version knows 1\)\. Update/);
    await assert.rejects(store.registerActive(change('agent-2')), { code: 'NewerRegistry' });
    kit.time.pass(2_000);
    await store.close();
    assert.deepEqual(await kit.names(), before);
    assert.deepEqual(await readFile(kit.path('registry.db')), newer);
  });

  it('a registry that the system refuses to hand out is not replaced', async () => {
    await seed(1);
    const before = await readFile(kit.path('registry.db'));
    const fault = new FailingFiles();
    fault.refuse = (name, path) => (name === 'read' && path.endsWith('.db') ? 'EACCES' : undefined);
    const store = kit.store(1, { files: fault.files });
    await assert.rejects(store.open(), { code: 'RegistryUnreadable', message: /cannot be read from .*registry\.db/ });
    await assert.rejects(store.registerActive(change('agent-2')), { code: 'RegistryUnreadable' });
    assert.deepEqual(await readFile(kit.path('registry.db')), before);
    fault.refuse = () => undefined;
    await store.registerActive(change('agent-2'));
    assert.deepEqual(await names(store), ['agent-1', 'agent-2']);
  });
});
