import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { encodeHead, encodeRecord, lineOf } from '../../../src/storage/journal/record.ts';
import { liveName, parseName, snapshotName, type SnapshotName } from '../../../src/storage/journal/segmentNames.ts';
import type { OpenResult } from '../../../src/storage/worker/contract.ts';
import { ServerKit, type Content, type ServerInProcess } from './worker/serverKit.ts';

describe('recovery', () => {
  const kit = new ServerKit();

  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  /** Eight lives, a snapshot in the middle and one later; the owner is gone then. */
  async function written(): Promise<Content> {
    await kit.open(1, 1);
    const server = kit.server();
    await server.call('open', { role: 'owner' });
    for (let n = 1; n <= 8; n++) {
      kit.life(n);
      if (n === 3 || n === 6) await server.call('snapshot', { upTo: kit.lastQ });
    }
    const content = await server.content(kit.lastQ);
    await kit.closeWriter();
    await server.call('close', {});
    return content;
  }

  async function reopened(role: 'owner' | 'reader' = 'owner'): Promise<{ found: OpenResult; content: Content; server: ServerInProcess }> {
    const server = kit.server();
    const found = await server.call('open', { role });
    return { found, server, content: await server.content() };
  }

  const snapshots = (): Promise<readonly string[]> => kit.names('snapshots');

  it('goes on from the newest snapshot', async () => {
    const before = await written();
    const { found, content } = await reopened();
    assert.deepEqual(content, before);
    assert.deepEqual([found.skipped, found.lost, found.restored, found.setAside], [0, 0, undefined, []]);
    assert.match(found.rungs[0]?.what ?? '', /is used/);
    assert.ok(found.replayed < 20, `${found.replayed} records were replayed`);
  });

  it('sets a damaged snapshot aside and uses the one before it', async () => {
    const before = await written();
    const [, newest = ''] = await snapshots();
    const path = join(kit.folder, 'snapshots', newest);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4;
    await writeFile(path, bytes);
    const reader = await reopened('reader');
    assert.deepEqual([reader.content, (await snapshots()).length], [before, 2]);
    const { found, content } = await reopened();
    assert.deepEqual(content, before);
    assert.equal(found.setAside.length, 1);
    assert.match(found.setAside[0] ?? '', /\.corrupt-\d+$/);
    assert.deepEqual(await readFile(found.setAside[0] ?? ''), bytes);
  });

  it('makes everything again from the journal when no snapshot is usable', async () => {
    const before = await written();
    for (const name of await snapshots()) await truncate(join(kit.folder, 'snapshots', name), 0);
    const { found, content } = await reopened();
    assert.deepEqual(content, before);
    assert.deepEqual([found.setAside.length, found.lost, found.skipped, found.restored], [2, 0, 0, undefined]);
    assert.equal(found.replayed, found.lastQ);
  });

  it('does not use a snapshot of an older schema, and does not call it damaged', async () => {
    const before = await written();
    const older: Buffer[] = [];
    for (const name of await snapshots()) {
      const path = join(kit.folder, 'snapshots', name);
      const bytes = await readFile(path);
      bytes.writeUInt32BE(2, 60);
      await rm(path);
      const { q } = parseName(name) as SnapshotName;
      await writeFile(join(kit.folder, 'snapshots', snapshotName(q, bytes.length, crc32(bytes))), bytes);
      older.push(bytes);
    }
    const { found, content, server } = await reopened();
    assert.deepEqual(content, before);
    assert.deepEqual([found.setAside, found.restored, found.skipped, found.lost], [[], undefined, 0, 0]);
    assert.match(found.rungs[0]?.what ?? '', /is not used: an older version/);
    assert.equal((await server.call('snapshot', { upTo: 0 })).q, found.lastQ);
    assert.equal((await snapshots()).some((name) => name.includes('corrupt')), false);
    assert.deepEqual((await reopened()).found.replayed, 0);
  });

  it('counts damaged lines and what is missing, and goes on behind them', async () => {
    await written();
    for (const name of await snapshots()) await rm(join(kit.folder, 'snapshots', name));
    const [first = ''] = await kit.names('journal');
    const path = join(kit.journal, first);
    const bytes = await readFile(path);
    bytes[bytes.indexOf('"q":5,') + 20] = 0x7e;
    await writeFile(path, bytes);
    const { found } = await reopened();
    assert.deepEqual([found.skipped, found.lost, found.restored], [1, 1, true]);
  });

  it('does not count the torn end of the newest segment', async () => {
    const before = await written();
    const newest = (await kit.names('journal')).at(-1) ?? '';
    await appendFile(join(kit.journal, newest), '01234567 {"q":99999,"t":1,"k":"pu');
    const { found, content } = await reopened();
    assert.deepEqual([content, found.skipped, found.lost], [before, 0, 0]);
  });

  it('keeps the list of sessions when a segment is gone that a snapshot covers', async () => {
    const before = await written();
    const [first = ''] = await kit.names('journal');
    await rename(join(kit.journal, first), join(kit.folder, 'elsewhere'));
    const { found, content } = await reopened();
    assert.deepEqual([content.sessions, content['counts'], found.lost], [before.sessions, before['counts'], 0]);
  });

  it('counts lines of an unknown kind, but does not call them lost', async () => {
    await written();
    const newest = (await kit.names('journal')).at(-1) ?? '';
    const { lastQ } = (await reopened('reader')).found;
    const known = { q: lastQ + 2, t: 1, k: 'del', s: ['s1'] };
    await appendFile(join(kit.journal, newest), Buffer.concat([lineOf(`{"q":${lastQ + 1},"t":1,"k":"news"}`), lineOf(JSON.stringify(known))]));
    const { found } = await reopened();
    assert.deepEqual([found.skipped, found.lost, found.lastQ], [1, 0, lastQ + 2]);
  });

  it('leaves a newer registry alone', async () => {
    await written();
    const head = lineOf('{"q":0,"k":"head","format":3,"epoch":2,"first":9999}');
    await writeFile(join(kit.journal, liveName(2, 9999)), head);
    const files = [await kit.names('journal'), await snapshots()];
    const server = kit.server();
    const found = await server.call('open', { role: 'owner' });
    assert.deepEqual([found.newerVersion, found.sessions], [3, []]);
    await assert.rejects(server.call('counts', { upTo: 0 }));
    assert.deepEqual([await kit.names('journal'), await snapshots()], files);
  });

  it('removes half-made snapshots, as owner only', async () => {
    await written();
    await writeFile(join(kit.folder, 'snapshots', 'snap-000000000009-1-00000000.db.tmp'), 'half');
    await reopened('reader');
    assert.equal((await snapshots()).length, 3);
    await reopened();
    assert.equal((await snapshots()).length, 2);
  });

  it('takes the copies of records whose sync failed, where the first ones left a hole', async () => {
    const audit = (q: number): Buffer => encodeRecord({ q, t: 1, k: 'audit', a: { at: q, actor: 'user', action: `a${q}`, result: 'ok' } });
    const head = (first: number): Buffer => encodeHead({ format: 2, epoch: 1, first, t: 1 });
    const hole = Buffer.concat([Buffer.alloc(200), Buffer.from('\n')]);
    await writeFile(join(kit.journal, liveName(1, 1)), Buffer.concat([head(1), audit(1), audit(2), hole, audit(5)]));
    await writeFile(join(kit.journal, liveName(1, 6)), Buffer.concat([head(6), audit(3), audit(4), audit(5), audit(6)]));
    for (const compacted of [false, true]) {
      const { found, server } = await reopened();
      assert.deepEqual([found.lost, found.lastQ], [0, 6]);
      const trail = await server.call('auditTrail', { upTo: 0 });
      assert.deepEqual(trail.map(({ seq }) => seq), [1, 2, 3, 4, 5, 6]);
      if (!compacted) {
        await server.call('compact', { upTo: 0 });
        await server.call('snapshot', { upTo: 0 });
      }
      await server.call('close', {});
    }
  });

  it('S4: tells a loss once, also when it lies behind the newest record', async () => {
    await written();
    const [newest = ''] = (await kit.names('journal')).slice(-1);
    await appendFile(join(kit.journal, newest), 'no line of ours\n');
    assert.equal((await reopened('reader')).found.restored, true);
    const first = await reopened();
    assert.equal(first.found.restored, true);
    await first.server.call('snapshot', { upTo: 0 });
    await first.server.call('close', {});
    assert.equal((await reopened()).found.restored, undefined);
  });
});
