import assert from 'node:assert/strict';
import { appendFile, cp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import type { OpenReport } from '../../../src/core/ports.ts';
import { lineOf } from '../../../src/storage/journal/record.ts';
import type { RegistryStore } from '../../../src/storage/registryStore.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { change } from './support/sessions.ts';
import { StoreKit, sortedIds } from './support/storeKit.ts';

describe('RegistryStore with damaged files', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  const names = async (store: RegistryStore): Promise<readonly string[]> => sortedIds(await store.query({}));

  /** Six sessions; a snapshot behind the second and one behind the fourth. */
  async function seed(): Promise<readonly string[]> {
    for (const n of [1, 3, 5]) {
      const store = kit.store(1);
      await store.open();
      await store.registerActive(change(`agent-${n}`));
      await store.registerActive(change(`agent-${n + 1}`));
      await store.close();
      if (n < 5) await kit.snapshot();
    }
    const snapshots = await kit.names('snapshots');
    assert.equal(snapshots.length, 2);
    return snapshots;
  }

  const all = ['agent-1', 'agent-2', 'agent-3', 'agent-4', 'agent-5', 'agent-6'];

  async function flip(path: string): Promise<void> {
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
    await writeFile(path, bytes);
  }

  async function opens(): Promise<OpenReport> {
    const store = kit.store(1);
    const report = await store.open();
    assert.deepEqual(await names(store), sortedIds(report.sessions));
    for (const { id } of report.sessions) assert.equal((await store.history(id)).length, 1);
    await store.registerActive(change(`agent-new${(await store.query({})).length}`));
    await store.close();
    return report;
  }

  it('S4: newest snapshot and journal; the snapshot before it and a longer journal; the journal alone', async () => {
    const [older = '', newest = ''] = await seed();
    let report = await opens();
    assert.deepEqual([sortedIds(report.sessions), report.skippedRows, report.setAside, report.restored], [all, 0, undefined, undefined]);
    await flip(kit.path('snapshots', newest));
    report = await opens();
    assert.deepEqual([report.sessions.length, report.skippedRows, report.restored], [7, 0, undefined]);
    assert.match(report.setAside ?? '', /\.db\.corrupt-\d+$/);
    assert.ok((await stat(report.setAside ?? '')).size > 0, 'kept');
    await flip(kit.path('snapshots', older));
    report = await opens();
    assert.deepEqual([report.sessions.length, report.skippedRows, report.restored], [8, 0, undefined]);
    report = await opens();
    assert.deepEqual([report.sessions.length, report.skippedRows, report.setAside], [9, 0, undefined], 'said once');
  });

  it('S4: nothing can be read: the snapshots are set aside, a fresh registry, said once', async () => {
    const snapshots = await seed();
    for (const name of snapshots) await flip(kit.path('snapshots', name));
    for (const name of await kit.names('journal')) await writeFile(kit.path('journal', name), 'no journal at all\n'.repeat(100));
    const report = await opens();
    assert.deepEqual([report.sessions, report.restored, report.role], [[], true, 'owner']);
    assert.ok(report.setAside !== undefined && report.skippedRows > 0);
    const again = await opens();
    assert.deepEqual([sortedIds(again.sessions), again.restored, again.setAside], [['agent-new0'], undefined, undefined]);
  });

  it('S2, S4: a journal that was cut off at any place holds all before it; half a line is no damage', async () => {
    const store = kit.store(1);
    await store.open();
    for (let n = 1; n <= 6; n++) await store.registerActive(change(`agent-${n}`));
    await store.close();
    const [name = ''] = await kit.names('journal');
    const copy = `${kit.folder}-copy`;
    await cp(kit.folder, copy, { recursive: true });
    const bytes = await readFile(kit.path('journal', name));
    for (let length = bytes.length; length > 0; length -= 331) {
      await rm(kit.folder, { recursive: true });
      await cp(copy, kit.folder, { recursive: true });
      await truncate(kit.path('journal', name), length);
      const whole = bytes.subarray(0, length).toString('latin1').split('\n').length - 2;
      const next = kit.store(1);
      const report = await next.open();
      assert.deepEqual([report.sessions.length, report.skippedRows, report.restored], [Math.max(0, whole), 0, undefined], `${length} bytes`);
      await next.close();
    }
    await rm(copy, { recursive: true });
  });

  it('S4: a bad line is skipped and counted, never fails the list, and is told once', async () => {
    const store = kit.store(1);
    await store.open();
    for (let n = 1; n <= 4; n++) await store.registerActive(change(`agent-${n}`));
    await store.close();
    const [name = ''] = await kit.names('journal');
    const path = kit.path('journal', name);
    const text = await readFile(path, 'latin1');
    const lines = text.replace('"s":"agent-2"', '"s":"agent-Z"').split('\n');
    lines[4] = lineOf((lines[4] ?? '').slice(9).replace('"status":"running"', '"status":"zzz"')).toString('latin1').trim();
    await writeFile(path, lines.join('\n'), 'latin1');
    await appendFile(path, 'noise\n');
    const next = kit.store(1);
    const report = await next.open();
    assert.deepEqual(sortedIds(report.sessions), ['agent-1', 'agent-3', 'agent-4']);
    assert.equal(report.sessions.find(({ id }) => id === 'agent-4')?.status, 'unknown');
    assert.ok(report.skippedRows >= 2 && report.restored === true, JSON.stringify(report.skippedRows));
    await next.registerActive(change('agent-5'));
    await next.close();
    const again = await kit.store(1).open();
    assert.deepEqual([again.sessions.length, again.restored], [4, undefined]);
  });

  it('a registry that the system refuses to hand out is not replaced', async () => {
    await seed();
    const before = await kit.names('journal');
    const fault = new FailingFiles();
    fault.refuse = (name) => (name === 'list' ? 'EACCES' : undefined);
    const store = kit.store(1, { files: fault.files });
    await assert.rejects(store.open(), { code: 'RegistryUnreadable', message: /cannot be read from .*registry/ });
    await assert.rejects(store.registerActive(change('agent-7')), { code: 'RegistryUnreadable' });
    assert.deepEqual(await kit.names('journal'), before);
    fault.refuse = () => undefined;
    await store.registerActive(change('agent-7'));
    assert.deepEqual(await names(store), [...all, 'agent-7']);
  });
});
