import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFleetError } from '../../../src/base/errors.ts';
import { lineOf } from '../../../src/storage/journal/record.ts';
import type { RegistryLimits } from '../../../src/storage/worker/contract.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { ServerKit, type Content, type ServerInProcess } from './worker/serverKit.ts';

const roomy: Partial<RegistryLimits> = { baseSegmentBytes: 4096 };
/** Less than there is: history of ended sessions has to go. */
const tight: Partial<RegistryLimits> = { baseSegmentBytes: 4096, keepBytes: 24_000 };
/** Evicted sessions have to go, too. */
const poor: Partial<RegistryLimits> = { baseSegmentBytes: 4096, keepBytes: 9_000 };

describe('compaction', () => {
  const kit = new ServerKit();

  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  const journal = (): Promise<readonly string[]> => kit.names('journal');

  async function owner(limits: Partial<RegistryLimits>): Promise<ServerInProcess> {
    const server = kit.server(limits);
    await server.call('open', { role: 'owner' });
    return server;
  }

  async function lives(from: number, to: number): Promise<void> {
    if (from === 1) await kit.open(1, 1);
    for (let n = from; n <= to; n++) kit.life(n);
    await kit.writer.flush();
  }

  /** What a new owner finds, made again from the journal alone if it must. */
  async function found(withSnapshots: boolean): Promise<Content> {
    if (!withSnapshots) await rm(join(kit.folder, 'snapshots'), { recursive: true, force: true });
    const server = kit.server();
    const result = await server.call('open', { role: 'owner' });
    assert.deepEqual([result.skipped, result.lost], [0, 0]);
    return { ...(await server.content()), feedSeq: result.feedSeq };
  }

  it('keeps everything when there is room, in fewer bytes', async () => {
    await lives(1, 20);
    const server = await owner(roomy);
    const before = await server.content(kit.lastQ);
    const { upTo } = await server.call('compact', { upTo: kit.lastQ });
    const names = await journal();
    // The live one, and perhaps the next one, opened ahead of time.
    assert.ok(names.filter((name) => name.startsWith('j-')).length <= 2, names.join());
    assert.ok(names.some((name) => name.startsWith(`base-${String(upTo).padStart(12, '0')}`)), names.join());
    assert.deepEqual(await server.content(), before);
    const feedSeq = 15;
    assert.deepEqual(await found(true), { ...before, feedSeq });
    assert.deepEqual(await found(false), { ...before, feedSeq });
  });

  it('does it again on top of a base, with sessions that went on, were evicted or forgotten', async () => {
    await lives(1, 12);
    const server = await owner(roomy);
    await server.call('compact', { upTo: kit.lastQ });
    kit.put('s4', { name: 'renamed' }, [[99, 1_700_000_000_099, 'late', 'user', {}]]);
    kit.evict('s1');
    kit.del('s5');
    kit.put('s8', { status: 'failed', outcome: { type: 'failed', error: 'no' }, feedSeq: 10 });
    await lives(13, 24);
    const before = await server.content(kit.lastQ);
    assert.ok((await server.call('compact', { upTo: kit.lastQ })).upTo);
    assert.deepEqual(await server.content(), before);
    assert.equal((await journal()).filter((name) => name.startsWith('base-')).length, 1);
    const after = await found(false);
    assert.deepEqual({ ...after, feedSeq: undefined }, { ...before, feedSeq: undefined });
  });

  it('takes the state that is newer than the base into it without harm', async () => {
    await lives(1, 8);
    await kit.open(2, kit.lastQ + 1, 1 << 20);
    const server = await owner(roomy);
    kit.put('s4', { model: 'newest' }, [[50, 1_700_000_000_050, 'late', 'user', {}]]);
    kit.put('s5', { model: 'x' });
    kit.evict('s5');
    kit.put('s1', { name: 'last words' });
    kit.evict('s1');
    kit.del('s8');
    const before = await server.content(kit.lastQ);
    await server.call('compact', { upTo: kit.lastQ });
    assert.deepEqual(await server.content(), before);
    const { feedSeq: _feedSeq, ...after } = await found(false);
    assert.deepEqual(after, before);
  });

  it('drops the oldest history of ended sessions first, then the oldest evicted sessions, and keeps the numbers', async () => {
    await lives(1, 24);
    const server = await owner(tight);
    const before = await server.content(kit.lastQ);
    await server.call('compact', { upTo: kit.lastQ });
    const after = await server.content();
    assert.deepEqual([after.sessions, after['audit']], [before.sessions, before['audit']]);
    const histories = after['histories'] as Record<string, unknown[]>;
    assert.deepEqual(histories['s4'], (before['histories'] as Record<string, unknown[]>)['s4'], 'it runs: its history stays');
    assert.equal(histories['s1']?.length, 0);
    const compacted = await server.event('compacted');
    const { droppedEvents, droppedSessions, bytes } = compacted;
    assert.ok(droppedEvents > 20 && droppedSessions === 0 && bytes > 22_000 && bytes < 26_000, JSON.stringify(compacted));
    assert.deepEqual({ ...(await found(false)) }, { ...after, feedSeq: 18 });
    assert.deepEqual(await found(true), { ...after, feedSeq: 18 });
    const second = kit.server(poor);
    await second.call('open', { role: 'owner' });
    await kit.open(3, kit.lastQ + 1);
    await lives(25, 26);
    await second.call('compact', { upTo: kit.lastQ });
    const rest = await second.content();
    assert.equal((await second.event('compacted')).droppedSessions, 6);
    const all = await found(false);
    assert.deepEqual({ ...all, feedSeq: undefined }, { ...rest, feedSeq: undefined });
  });

  it('begins by itself when the journal is long enough', async () => {
    const server = await (async () => {
      await lives(1, 3);
      return owner({ ...roomy, compactBytes: 20_000, keepBytes: 10_000 });
    })();
    for (let n = 4; n <= 16; n++) kit.life(n);
    server.advance(kit.lastQ);
    const { upTo } = await server.event('compacted');
    await server.event('snapshot', ({ q }) => q >= upTo);
    const before = await server.content(kit.lastQ);
    await server.call('close', {});
    assert.deepEqual({ ...(await found(false)), feedSeq: undefined }, { ...before, feedSeq: undefined });
  });

  it('goes on after the disk refused any step of it', async () => {
    await lives(1, 10);
    const failing = new FailingFiles();
    const server = kit.server(roomy, failing.files);
    await server.call('open', { role: 'owner' });
    const before = await server.content(kit.lastQ);
    for (const operation of ['create', 'syncFile', 'syncFolder', 'rename'] as const) {
      failing.refuse = (asked) => (asked === operation ? 'ENOSPC' : undefined);
      await server.call('compact', { upTo: kit.lastQ }).catch((error: unknown) => assert.ok(isFleetError(error, 'ENOSPC')));
      assert.deepEqual(await server.content(), before, operation);
      const files = await journal();
      if (operation !== 'rename') assert.ok(!files.some((name) => name.startsWith('b')), `${operation}: ${files.join()}`);
    }
    failing.refuse = () => undefined;
    assert.ok((await journal()).includes('j-000000000001-000000000001.log'), 'no snapshot yet that does without it');
    await server.call('snapshot', { upTo: 0 });
    assert.ok(!(await journal()).includes('j-000000000001-000000000001.log'));
    assert.deepEqual(await server.content(), before);
    assert.deepEqual({ ...(await found(true)), feedSeq: undefined }, { ...before, feedSeq: undefined });
  });

  it('carries a reader over to the base', async () => {
    await lives(1, 12);
    const reader = kit.server();
    await reader.call('open', { role: 'reader' });
    const server = await owner(roomy);
    await server.call('compact', { upTo: kit.lastQ });
    assert.deepEqual(await reader.content(), await server.content());
    await kit.writer.flush();
    await lives(13, 14);
    assert.deepEqual(await reader.content(kit.lastQ), await server.content(kit.lastQ));
  });

  it('lets lines of an unknown kind pass as they are', async () => {
    await lives(1, 6);
    const q = kit.lastQ + 1;
    const news = lineOf(`{"q":${q},"t":1,"k":"news","text":"tomorrow"}`);
    await kit.closeWriter();
    await writeFile(join(kit.journal, (await journal()).at(-1) ?? ''), news, { flag: 'a' });
    await kit.open(2, q + 1);
    await lives(7, 7);
    const server = await owner(roomy);
    const { upTo } = await server.call('compact', { upTo: kit.lastQ });
    assert.ok((upTo ?? 0) >= q);
    await server.call('close', {});
    await rm(join(kit.folder, 'snapshots'), { recursive: true });
    const again = await kit.server().call('open', { role: 'owner' });
    assert.deepEqual([again.skipped, again.lost], [1, 0]);
  });

  it('uses a base whose marker was lost or damaged', async () => {
    await lives(1, 12);
    const server = await owner(roomy);
    await server.call('compact', { upTo: kit.lastQ });
    const before = await server.content();
    await server.call('close', {});
    const marker = (await journal()).find((name) => name.startsWith('base-')) ?? '';
    await writeFile(join(kit.journal, marker), 'nonsense');
    assert.deepEqual({ ...(await found(false)), feedSeq: undefined }, { ...before, feedSeq: undefined });
    await rm(join(kit.journal, marker));
    assert.deepEqual({ ...(await found(true)), feedSeq: undefined }, { ...before, feedSeq: undefined });
    assert.deepEqual({ ...(await found(false)), feedSeq: undefined }, { ...before, feedSeq: undefined });
  });

  for (const [name, limits] of [['roomy', roomy], ['poor', poor]] as const) {
    it(`survives death at every step (${name})`, async function () {
      this.timeout(120_000);
      await lives(1, 10);
      await (await owner(roomy)).call('compact', { upTo: kit.lastQ });
      await lives(11, 20);
      const first = kit.server();
      await first.call('open', { role: 'owner' });
      const before = { ...(await first.content(kit.lastQ)) };
      await first.call('close', {});
      const template = `${kit.folder}-template`;
      const after = await compactedContent(template, limits);
      let steps = 0;
      for (let killAt = 1; killAt <= steps + 1; killAt++) {
        const folder = `${kit.folder}-${killAt}`;
        await cp(kit.folder, folder, { recursive: true });
        const failing = new FailingFiles();
        failing.killAt = killAt;
        const server = kit.server(limits, failing.files, folder);
        await server.call('open', { role: 'owner' });
        await server.call('compact', { upTo: kit.lastQ }).catch((error: unknown) => assert.ok(isFleetError(error, 'EKILLED')));
        // Its files are dead: closing it changes nothing on the disk.
        await server.call('close', {});
        kit.abandon(server);
        if (failing.steps >= killAt) steps = killAt;
        const label = `killed at step ${killAt}: ${failing.log.at(-1)}`;
        for (const keepSnapshots of [true, false]) {
          if (!keepSnapshots) await rm(join(folder, 'snapshots'), { recursive: true, force: true });
          const next = kit.server(limits, undefined, folder);
          const result = await next.call('open', { role: 'owner' });
          assert.deepEqual([result.skipped, result.lost, result.restored], [0, 0, undefined], label);
          const content = { ...(await next.content()) };
          assert.ok(same(content, before) || same(content, after), `${label}: neither the old nor the new content`);
          await next.call('close', {});
          kit.abandon(next);
        }
        await rm(folder, { recursive: true });
      }
      assert.ok(steps > 10, `${steps} steps`);
      await rm(template, { recursive: true });
    });
  }

  async function compactedContent(folder: string, limits: Partial<RegistryLimits>): Promise<Content> {
    await cp(kit.folder, folder, { recursive: true });
    const server = kit.server(limits, undefined, folder);
    await server.call('open', { role: 'owner' });
    await server.call('compact', { upTo: kit.lastQ });
    const content = { ...(await server.content()) };
    await server.call('close', {});
    kit.abandon(server);
    return content;
  }
});

function same(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}
