import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenReport } from '../../../src/core/ports.ts';
import type { Session } from '../../../src/core/session.ts';
import { unseal } from '../../../src/storage/seal.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { FailingJournal } from './support/failingJournal.ts';
import { sealed } from './support/sealed.ts';
import { change, entry, further, session } from './support/sessions.ts';
import { StoreKit, healthIs, ids, sortedIds } from './support/storeKit.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/registry/v1');

const parent = session('agent-parent', { historySeq: 3, lastActivityAt: 1_700_000_000_900 });
const child = session('agent-child', {
  parentId: 'agent-parent', startedAt: 1_700_000_000_300, historySeq: 250, signal: { activity: 'idle', source: 'hook', at: 7 },
  artifacts: [{ path: '/work/a.md', kind: 'report', at: 5 }], tokenHash: 'ab',
});
const plain: readonly Session[] = [parent, child];

describe('RegistryStore and a registry of version 1', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  async function given(...names: readonly string[]): Promise<void> {
    await rm(kit.folder, { recursive: true, force: true });
    for (const name of names) await cp(join(fixtures, name), kit.folder, { recursive: true });
  }

  /** Opens, looks at everything that `plain` holds, and closes. */
  async function holdsPlain(pid: number, what = ''): Promise<OpenReport> {
    const store = kit.store(pid);
    const report = await store.open();
    assert.deepEqual(await store.query({}), plain, what);
    assert.deepEqual(await store.history('agent-child'), Array.from({ length: 250 }, (_, n) => entry('agent-child', n + 1)), what);
    assert.deepEqual(await store.history('agent-parent'), [1, 2, 3].map((n) => entry('agent-parent', n)), what);
    assert.deepEqual([await store.counts(), report.role, report.skippedRows], [{ byStatus: { running: 2 }, evicted: 0 }, 'owner', 0], what);
    await store.close();
    assert.equal(unseal(await readFile(kit.path('registry.db')))?.version, 2, what);
    assert.deepEqual((await kit.names()).filter((name) => name.startsWith('registry.db.tmp-')), [], what);
    return report;
  }

  it('S1: its sessions and their history are taken over once; the files are kept, and version 1 is told to leave the folder alone', async () => {
    await given('plain');
    const old = [await readFile(kit.path('registry.db')), await readFile(kit.path('registry.db.previous'))];
    const report = await holdsPlain(1);
    assert.deepEqual(report, { sessions: plain, skippedRows: 0, role: 'owner', stored: true });
    assert.deepEqual(await kit.names(), ['journal', 'registry.db', 'registry.db.v1', 'registry.db.v1.previous']);
    assert.deepEqual([await readFile(kit.path('registry.db.v1')), await readFile(kit.path('registry.db.v1.previous'))], old);
    const segments = await kit.names('journal');
    await holdsPlain(2);
    assert.equal((await kit.names('journal')).length, segments.length + 1, 'an empty segment, and nothing else');
    const store = kit.store(3);
    await store.open();
    await store.remove(['agent-parent']);
    await store.update(further(child));
    await store.close();
    assert.deepEqual(ids((await kit.store(4).open()).sessions), ['agent-child']);
  });

  it('S1, S4: an odd status is unknown, a bad row is left out and counted', async () => {
    await given('odd');
    const store = kit.store();
    const report = await store.open();
    assert.equal(report.skippedRows, 2, 'agent-b and its line');
    assert.deepEqual(report.sessions.map((each) => [each.id, each.status, each.signal?.activity]), [
      ['agent-a', 'unknown', 'idle'],
      ['agent-c', 'running', undefined],
      ['agent-d', 'running', 'idle'],
    ]);
    assert.deepEqual([(await store.history('agent-a')).length, (await store.history('agent-d')).length], [1, 1]);
    await store.close();
    assert.equal((await kit.store().open()).sessions.length, 3);
  });

  it('S1: a migration that was cut short in the middle of a session is finished', async () => {
    await given('plain', 'cut');
    await holdsPlain(1);
  });

  it('S1: killed before, between or inside any two steps on the files, nothing is lost and nothing doubled', async () => {
    const steps = new Set<string>();
    for (let kill = 1, survived = false; !survived; kill++) {
      await given('plain');
      const fault = new FailingFiles();
      fault.killAt = kill;
      const store = kit.store(100 + kill, { files: fault.files });
      await store.open().catch(() => undefined);
      survived = fault.steps < kill;
      for (const step of fault.log) steps.add(step.replace(/-[0-9a-f]{16}$/, ''));
      fault.killAt = 0;
      kit.dead.add(100 + kill);
      await store.close();
      const report = await holdsPlain(1, `killed at ${kill}: ${fault.log.join(', ')}`);
      assert.deepEqual([report.setAside, report.restored], [undefined, undefined]);
    }
    for (const step of ['makeFolder journal', 'rename registry.db.v1.previous', 'create registry.db.tmp-v2', 'rename registry.db.v1', 'rename registry.db']) {
      assert.ok(steps.has(step), `${step} is among ${[...steps].join(', ')}`);
    }
  });

  it('S1, S10: an error of any step on the journal: shown at once, and taken over when the disk is back', async () => {
    for (let at = 1; ; at++) {
      await given('plain');
      const fault = new FailingJournal();
      let failed = false;
      fault.refuse = (_, step) => {
        failed ||= step === at;
        return step >= at ? 'ENOSPC' : undefined;
      };
      const store = kit.store(1, { journalFiles: fault.files });
      const report = await store.open();
      assert.deepEqual(report.sessions, plain, `step ${at}`);
      assert.deepEqual(await store.query({}), plain, `step ${at}`);
      if (!failed) break;
      if (!store.health.persisted) {
        assert.match(store.health.reason, /disk is full/);
        await assert.rejects(store.update(further(child, { name: 'later' })), { code: 'NotPersisted' });
        fault.refuse = () => undefined;
        const back = healthIs(store, true);
        kit.time.pass(60_000);
        await back;
        assert.equal((await store.load('agent-child'))?.name, 'later');
        await store.update({ session: { ...child, historySeq: 251 }, history: [] });
        await store.update({ session: { ...child, historySeq: 251 }, history: [] });
      }
      fault.refuse = () => undefined;
      await store.close();
      const next = kit.store(2);
      await next.open();
      assert.deepEqual(sortedIds(await next.query({})), ['agent-child', 'agent-parent'], `step ${at}`);
      assert.deepEqual((await next.history('agent-child')).map(({ seq }) => seq).slice(0, 250), Array.from({ length: 250 }, (_, n) => n + 1), `step ${at}`);
      await next.close();
    }
  });

  it('S4: the newest file damaged: set aside, the copy before it is taken over, and this is said', async () => {
    await given('plain');
    const bad = await readFile(kit.path('registry.db'));
    bad[5_000] = (bad[5_000] ?? 0) ^ 1;
    await writeFile(kit.path('registry.db'), bad);
    const store = kit.store();
    const report = await store.open();
    assert.deepEqual([sortedIds(report.sessions), report.restored], [['agent-child', 'agent-gone', 'agent-parent'], true]);
    assert.match(report.setAside ?? '', /registry\.db\.corrupt-\d+$/);
    assert.deepEqual(await readFile(report.setAside ?? ''), bad);
    await store.close();
    assert.deepEqual(await kit.store().open(), { sessions: report.sessions, skippedRows: 0, role: 'owner', stored: true });
  });

  for (const [what, bytes] of [
    ['empty', Buffer.alloc(0)],
    ['garbage', Buffer.from('#!/bin/sh\necho this is not a database\n'.repeat(200))],
    ['sealed garbage', sealed(Buffer.alloc(4_096, 7).fill(0, 60, 64))],
  ] as const) {
    it(`S4: ${what} in both files and no journal: set aside, a fresh registry, one report`, async () => {
      await mkdir(kit.folder, { recursive: true });
      await writeFile(kit.path('registry.db'), bytes);
      await writeFile(kit.path('registry.db.previous'), bytes);
      const store = kit.store(1);
      const report = await store.open();
      assert.deepEqual([report.sessions, report.restored, report.role], [[], undefined, 'owner']);
      assert.deepEqual(await readFile(report.setAside ?? ''), bytes);
      assert.equal((await kit.names()).filter((name) => name.includes('.corrupt-')).length, 2);
      await store.registerActive(change('agent-x'));
      await store.close();
      const again = kit.store(1);
      assert.deepEqual(await again.open(), { sessions: [change('agent-x').session], skippedRows: 0, role: 'owner', stored: true });
      await again.close();
      // The same mishap once more: other names, and a journal that is not touched.
      await writeFile(kit.path('registry.db'), bytes);
      const third = kit.store(1);
      assert.deepEqual(await third.open(), { sessions: [change('agent-x').session], skippedRows: 0, role: 'owner', stored: true });
      assert.equal((await kit.names()).filter((name) => name.includes('.corrupt-')).length, 3);
      await third.close();
      assert.equal(unseal(await readFile(kit.path('registry.db')))?.version, 2);
    });
  }

  it('S1: a registry.db of a newer version is left alone by owner and reader, and says so', async () => {
    await given('plain');
    const image = Buffer.from(unseal(await readFile(kit.path('registry.db')))?.image ?? []);
    image.writeUInt32BE(3, 60);
    const newer = sealed(image);
    await writeFile(kit.path('registry.db'), newer);
    const before = await readdir(kit.folder, { recursive: true });
    const store = kit.store(2);
    assert.deepEqual(await store.open(), { sessions: [], skippedRows: 0, role: 'reader', stored: true, newerVersion: 3 });
    assert.match(store.health.persisted ? '' : store.health.reason, /newer version of Agent Fleet \(format 3; this version knows 2\)\. Update/);
    await assert.rejects(store.registerActive(change('agent-2')), { code: 'NewerRegistry' });
    kit.time.pass(2_000);
    await store.close();
    assert.deepEqual(await readdir(kit.folder, { recursive: true }), before);
    assert.deepEqual(await readFile(kit.path('registry.db')), newer);
  });

  it('S10: on a read-only disk its sessions are shown, and taken over when it can be written', async () => {
    await given('plain');
    const fault = new FailingFiles();
    fault.refuse = (name) => (['makeFolder', 'create', 'rename', 'remove', 'link', 'touch'].includes(name) ? 'EROFS' : undefined);
    const store = kit.store(1, { files: fault.files });
    const report = await store.open();
    assert.deepEqual([report.role, report.sessions], ['owner', plain]);
    assert.match(store.health.persisted ? '' : store.health.reason, /read-only/);
    assert.deepEqual(await store.query({}), plain);
    await assert.rejects(store.update(further(child)), { code: 'NotPersisted' });
    fault.refuse = () => undefined;
    const back = healthIs(store, true);
    kit.time.pass(60_000);
    await back;
    await store.close();
    const next = kit.store(2);
    assert.equal((await next.open()).sessions.length, 2);
    assert.equal((await next.history('agent-child')).length, 251);
  });
});
