import assert from 'node:assert/strict';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { errorCode } from '../../../src/base/errors.ts';
import { nextEvent } from '../../../src/base/event.ts';
import type { HistoryEntry } from '../../../src/core/ports.ts';
import type { Session } from '../../../src/core/session.ts';
import type { RegistryStore } from '../../../src/storage/registryStore.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { FailingJournal, type JournalOperation } from './support/failingJournal.ts';
import { audited, change, ended, entry, further } from './support/sessions.ts';
import { StoreKit, healthIs, sortedIds } from './support/storeKit.ts';

describe('RegistryStore with faults', () => {
  const kit = new StoreKit();
  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  const names = async (store: RegistryStore): Promise<readonly string[]> => sortedIds(await store.query({}));

  async function back(store: RegistryStore): Promise<void> {
    const healed = healthIs(store, true);
    kit.time.pass(60_000);
    await healed;
  }

  for (const [code, operation, words] of [
    ['ENOSPC', 'writeSync', /The disk is full/],
    ['EIO', 'fdatasync', /reports an error/],
    ['EIO', 'fstat', /reports an error/],
    ['EDQUOT', 'writeSync', /quota is used up/],
  ] as const) {
    it(`S10: ${code} in ${operation} rejects, says why, keeps the changes and writes them when the disk is back`, async () => {
      const fault = new FailingJournal();
      const store = kit.store(1, { journalFiles: fault.files });
      await store.open();
      await store.registerActive(change('agent-1'));
      fault.refuse = (name) => (name === operation ? code : undefined);
      const failed = healthIs(store, false);
      await assert.rejects(store.registerActive(change('agent-2')), { code: 'NotPersisted', message: words });
      const health = await failed;
      assert.ok(!health.persisted && words.test(health.reason), JSON.stringify(health));
      const { session: two } = change('agent-2');
      await assert.rejects(store.update(further(two)), { code: 'NotPersisted' });
      await assert.rejects(store.audit(audited('spawn', { target: 'agent-2' })), { code: 'NotPersisted' });
      await assert.rejects(store.markTerminal(ended(change('agent-1').session, 1)), { code: 'NotPersisted' });
      await assert.rejects(store.registerActive(change('agent-3')), { code: 'NotPersisted' });
      await assert.rejects(store.remove(['agent-3']), { code: 'NotPersisted' });
      await assert.rejects(store.registerActive(change('../x')), { code: 'InvalidSession' });
      assert.deepEqual(await names(store), ['agent-1', 'agent-2']);
      assert.deepEqual((await store.history('agent-2')).map(({ seq }) => seq), [1, 2]);
      assert.deepEqual(await store.history('agent-3'), []);
      assert.equal(await store.load('agent-3'), undefined);
      assert.equal((await store.load('agent-1'))?.status, 'completed');
      assert.deepEqual((await store.counts()).byStatus, { completed: 1, running: 1 });
      kit.time.pass(1_000);
      await store.query({});
      assert.equal(store.health.persisted, false);
      fault.refuse = () => undefined;
      await back(store);
      await store.update(further(further(two).session, { name: 'again' }));
      await store.close();
      const next = kit.store(1);
      const report = await next.open();
      assert.deepEqual([sortedIds(report.sessions), report.skippedRows, report.feedSeq], [['agent-1', 'agent-2'], 0, 1]);
      assert.deepEqual((await next.history('agent-2')).map(({ seq }) => seq), [1, 2, 3]);
      assert.deepEqual((await next.auditTrail()).map(({ action }) => action), ['spawn']);
    });
  }

  it('S10: the first write of a fresh workspace fails: kept, and written when the disk is back', async () => {
    for (const [operation, code] of [['makeFolder', 'EACCES'], ['create', 'EROFS'], ['list', 'EIO']] as const) {
      const fault = new FailingFiles();
      const store = kit.store(1, { files: fault.files });
      await store.open();
      fault.refuse = (name) => (name === operation ? code : undefined);
      await assert.rejects(store.registerActive(change('agent-1')), { code: 'NotPersisted' }, operation);
      assert.deepEqual(await names(store), ['agent-1']);
      assert.deepEqual((await store.counts()).byStatus, { running: 1 });
      fault.refuse = () => undefined;
      await back(store);
      assert.deepEqual(await names(store), ['agent-1']);
      await store.close();
      await rm(kit.folder, { recursive: true });
    }
  });

  it('S10: a read-only folder opens, warns, stays this window\'s, and is written when it can be', async () => {
    const seed = kit.store(1);
    await seed.open();
    await seed.registerActive(change('agent-1'));
    await seed.close();
    const fault = new FailingFiles();
    fault.refuse = (name) => (['create', 'rename', 'remove', 'link', 'touch'].includes(name) ? 'EROFS' : undefined);
    const store = kit.store(2, { files: fault.files });
    const report = await store.open();
    assert.deepEqual([report.role, report.sessions.length], ['owner', 1]);
    assert.match(store.health.persisted ? '' : store.health.reason, /read-only/);
    kit.time.pass(500);
    await store.query({});
    await assert.rejects(store.registerActive(change('agent-2')), { code: 'NotPersisted' });
    await assert.rejects(store.update(further(change('agent-1').session, { name: 'x' })), { code: 'NotPersisted' });
    assert.deepEqual((await store.query({})).map(({ name }) => name).sort(), ['agent-2', 'x']);
    fault.refuse = () => undefined;
    const owner = nextEvent(store.onDidBecomeOwner);
    await back(store);
    assert.deepEqual((await owner).sessions.map(({ name }) => name).sort(), ['agent-2', 'x']);
    await store.registerActive(change('agent-3'));
    await store.close();
    assert.deepEqual((await kit.store(1).open()).sessions.map(({ name }) => name).sort(), ['agent-2', 'agent-3', 'x']);
  });

  it('S10: closing while the disk is out comes to its end, and leaves what was on the disk', async () => {
    for (const operation of ['writeSync', 'fdatasync'] as const) {
      const fault = new FailingJournal();
      const store = kit.store(1, { journalFiles: fault.files });
      await store.open();
      await store.registerActive(change('agent-1'));
      fault.refuse = (name) => (name === operation || name === 'openNewSync' ? 'EIO' : undefined);
      await assert.rejects(store.registerActive(change('agent-2')), { code: 'NotPersisted' });
      await store.close();
      const next = kit.store(1);
      const report = await next.open();
      assert.deepEqual([report.role, report.skippedRows, sortedIds(report.sessions)[0]], ['owner', 0, 'agent-1']);
      await next.close();
      await rm(kit.folder, { recursive: true });
    }
  });

  it('S10: a folder that vanished is made again, with the sessions in it and all that was not known to be on the disk', async () => {
    const store = kit.store(1);
    await store.open();
    await store.registerActive(change('agent-1'));
    await store.registerActive(change('agent-2'));
    await rm(kit.folder, { recursive: true });
    const { session: two } = change('agent-2');
    const results = await Promise.allSettled([
      store.registerActive(change('agent-3')),
      store.audit(audited('spawn')),
      store.markTerminal(ended(two, 1)),
      store.evict([ended(two, 1).session]),
    ]);
    assert.deepEqual(results.map((result) => result.status === 'rejected' && errorCode(result.reason)), Array.from({ length: 4 }, () => 'NotPersisted'));
    await back(store);
    assert.equal((await stat(kit.folder)).mode & 0o777, 0o700);
    assert.deepEqual(await names(store), ['agent-1', 'agent-3']);
    await store.update(further(change('agent-1').session, { name: 'one' }));
    await store.close();
    const next = kit.store(1);
    const report = await next.open();
    assert.deepEqual([sortedIds(report.sessions), report.skippedRows, report.restored], [['agent-1', 'agent-3'], 0, undefined]);
    assert.deepEqual([(await next.load('agent-1'))?.name, (await next.load('agent-2'))?.status], ['one', 'completed']);
    assert.deepEqual(await next.history('agent-3'), [entry('agent-3', 1)]);
    assert.deepEqual((await next.auditTrail()).map(({ action }) => action), ['spawn']);
  });

  it('S10: a folder with a file in its place, moved back later: marked, and nothing is lost', async () => {
    const store = kit.store(1);
    await store.open();
    await store.registerActive(change('agent-1'));
    await rename(kit.folder, `${kit.folder}.aside`);
    await writeFile(kit.folder, 'in the way');
    await store.registerActive(change('agent-2'));
    const marked = healthIs(store, false);
    kit.time.pass(10_000);
    await marked;
    await assert.rejects(store.registerActive(change('agent-3')), { code: 'NotPersisted' });
    await rm(kit.folder);
    await rename(`${kit.folder}.aside`, kit.folder);
    await back(store);
    await store.close();
    const report = await kit.store(1).open();
    assert.deepEqual([sortedIds(report.sessions), report.skippedRows], [['agent-1', 'agent-2', 'agent-3'], 0]);
  });

  /** What a store was asked for and took. */
  class Taken {
    readonly sessions = new Map<string, Session>();
    readonly evicted = new Map<string, Session>();
    readonly history = new Map<string, readonly HistoryEntry[]>();
    readonly audit: string[] = [];
    rejected = 0;

    /** @returns whether the store took it, on the disk or in memory. */
    async take(write: Promise<void>): Promise<boolean> {
      try {
        await write;
        return true;
      } catch (error) {
        this.rejected++;
        if (errorCode(error) === 'RegistryUnreadable') return false;
        assert.equal(errorCode(error), 'NotPersisted');
        return true;
      }
    }

    async put(store: RegistryStore, { session, history }: ReturnType<typeof change>, isNew = false): Promise<void> {
      if (isNew === this.sessions.has(session.id)) return;
      const write = isNew ? store.registerActive({ session, history }) : session.feedSeq === undefined ? store.update({ session, history }) : store.markTerminal({ session, history });
      if (!(await this.take(write))) return;
      this.sessions.set(session.id, session);
      this.history.set(session.id, [...(this.history.get(session.id) ?? []), ...history]);
    }

    async run(store: RegistryStore): Promise<void> {
      for (let n = 1; n <= 4; n++) await this.put(store, change(`agent-${n}`, {}, 2), true);
      for (let n = 1; n <= 3; n++) {
        const known = this.sessions.get(`agent-${n}`);
        if (known !== undefined) await this.put(store, further(known, n === 2 ? { status: 'completed', feedSeq: 1 } : { name: `later-${n}` }));
        if (await this.take(store.audit(audited(`act-${n}`)))) this.audit.push(`act-${n}`);
      }
      const leaving = this.sessions.get('agent-2');
      if (leaving !== undefined && (await this.take(store.evict([leaving])))) {
        this.sessions.delete('agent-2');
        this.evicted.set('agent-2', leaving);
      }
      if (this.sessions.has('agent-4') && (await this.take(store.remove(['agent-4'])))) {
        this.sessions.delete('agent-4');
        this.history.delete('agent-4');
      }
      const one = this.sessions.get('agent-1');
      if (one !== undefined) await this.put(store, further(one, { name: 'last' }));
    }

    async compare(store: RegistryStore, what: string): Promise<void> {
      const order = (list: Iterable<Session>): readonly Session[] => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
      assert.deepEqual(order(await store.query({})), order(this.sessions.values()), what);
      for (const id of ['agent-1', 'agent-2', 'agent-3', 'agent-4']) {
        assert.deepEqual(await store.load(id), this.sessions.get(id) ?? this.evicted.get(id), what);
        assert.deepEqual(await store.history(id), this.history.get(id) ?? [], what);
      }
      assert.equal((await store.counts()).evicted, this.evicted.size, what);
    }
  }

  for (const kind of ['files', 'journal'] as const) {
    it(`S10: ENOSPC and EIO from every n-th call on (${kind}): nothing acknowledged is lost, nothing invented, what was rejected is in place when the disk is back`, async () => {
      let rounds = 0;
      let rejected = 0;
      for (let n = 1; ; n++) {
        const code = n % 2 === 0 ? 'EIO' : 'ENOSPC';
        // In turn for good, and for a moment.
        const length = n % 3 === 0 ? 2 : Infinity;
        await rm(kit.folder, { recursive: true, force: true });
        const [files, journal] = [new FailingFiles(), new FailingJournal()];
        let calls = 0;
        let isBack = false;
        const refuse = (): string | undefined => (++calls >= n && calls < n + length && !isBack ? code : undefined);
        if (kind === 'files') files.refuse = refuse;
        else journal.refuse = refuse;
        const store = kit.store(1, { files: files.files, journalFiles: journal.files, segmentBytes: 700 });
        const taken = new Taken();
        await taken.take(store.open().then(() => undefined));
        await taken.run(store);
        const what = `${code} at call ${n} of ${kind}`;
        const reached = calls >= n;
        if (kind === 'journal') await taken.compare(store, `${what}, meanwhile`);
        isBack = true;
        kit.time.pass(60_000);
        if (!store.health.persisted) await back(store);
        await store.query({});
        await store.close();
        const next = kit.store(2);
        const report = await next.open();
        assert.deepEqual([report.role, report.skippedRows, report.setAside], ['owner', 0, undefined], what);
        await taken.compare(next, what);
        assert.deepEqual((await next.auditTrail()).map(({ action }) => action), taken.audit, what);
        await next.close();
        rounds++;
        rejected += taken.rejected;
        if (!reached) break;
        if (n >= 8) n += 4;
      }
      console.log(`      ${rounds} rounds, ${rejected} changes rejected, 0 lost, 0 invented`);
    }).timeout(60_000);
  }

  it('S10: writing fails again and again while the disk is out, with pauses that grow', async () => {
    const fault = new FailingJournal();
    const store = kit.store(1, { journalFiles: fault.files });
    await store.open();
    await store.registerActive(change('agent-1'));
    const seen: JournalOperation[] = [];
    fault.refuse = (name) => {
      seen.push(name);
      return name === 'writeSync' || name === 'openNewSync' || name === 'openNew' ? 'ENOSPC' : undefined;
    };
    await assert.rejects(store.registerActive(change('agent-2')), { code: 'NotPersisted' });
    const before = seen.length;
    for (let n = 3; n < 30; n++) await assert.rejects(store.registerActive(change(`agent-${n}`)), { code: 'NotPersisted' });
    assert.equal(seen.length, before, 'a disk that has just failed is left in peace');
    fault.refuse = () => undefined;
    await back(store);
    assert.equal((await store.counts()).byStatus.running, 29);
  });
});
