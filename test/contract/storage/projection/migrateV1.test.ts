import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Session } from '../../../../src/core/session.ts';
import { decodeLine, encodeRecord } from '../../../../src/storage/journal/record.ts';
import { RecordReader } from '../../../../src/storage/projection/bodies.ts';
import { migrateV1 } from '../../../../src/storage/projection/migrateV1.ts';
import { sealOf, unseal } from '../../../../src/storage/seal.ts';
import { Bench, engine, session } from '../../../unit/storage/projection/kit.ts';
import { schemaV1Sql } from './schemaV1.ts';

type Line = readonly [seq: number, at: number, kind: string, actor: string, data: string];

async function imageOf(rows: readonly { readonly session: Session; readonly body?: string; readonly status?: string; readonly history: readonly Line[] }[]): Promise<Uint8Array> {
  const database = new (await engine()).Database();
  database.run(schemaV1Sql);
  for (const { session: each, body, status, history } of rows) {
    const { status: own, ...rest } = each;
    database.run('INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)', [each.id, status ?? own, each.parentId ?? null, each.lastActivityAt, each.startedAt ?? each.createdAt, body ?? JSON.stringify(rest)]);
    for (const line of history) database.run('INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)', [each.id, ...line]);
  }
  const image = database.export();
  database.close();
  // As it stands on the disk.
  const unsealed = unseal(Buffer.concat([image, sealOf(image)]));
  assert.ok(unsealed !== undefined);
  return unsealed.image;
}

const signal = (seq: number): Line => [seq, 100 + seq, 'signal', 'agent', JSON.stringify({ n: seq })];

describe('migrateV1', () => {
  let folder: string;
  let bench: Bench;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-migrate-'));
    bench = await Bench.open();
  });

  afterEach(async () => {
    bench.projection.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives records that make the same sessions with the same history', async () => {
    const second = session('b', { startedAt: 500, status: 'failed', outcome: { type: 'failed', error: 'e' }, parentId: 'a', historySeq: 450 });
    const { startedAt: _, ...first } = session('a', { createdAt: 400, status: 'provisioning' });
    const image = await imageOf([
      { session: second, history: Array.from({ length: 450 }, (_, n) => signal(n + 1)) },
      { session: first, history: [] },
    ]);
    const migrated = migrateV1(await engine(), image, 5, 77);
    const records = [...migrated.records];
    assert.deepEqual(records.map(({ q, t, s, f, h }) => [q, t, s, f, h?.length]), [
      [5, 77, 'a', 1, undefined],
      [6, 77, 'b', 1, 200],
      [7, 77, 'b', undefined, 200],
      [8, 77, 'b', undefined, 50],
    ]);
    assert.deepEqual([...migrated.records], records);
    assert.equal(migrated.skipped(), 0);
    migrated.close();

    bench.journal.lose(4);
    for (const record of records) {
      assert.deepEqual(decodeLine(encodeRecord(record)), record);
      bench.journal.write(record);
    }
    bench.apply(true);
    await bench.journal.save(folder);
    const { queries } = bench.projection;
    assert.deepEqual(queries.sessionsInList(), { sessions: [second, first], skipped: 0 });
    const history = queries.history('b', {}, new RecordReader(folder));
    assert.deepEqual(history, Array.from({ length: 450 }, (_, n) => ({ sessionId: 'b', seq: n + 1, at: 101 + n, kind: 'signal', actor: 'agent', data: { n: n + 1 } })));
  });

  it('S4: rows that cannot be read are left out and counted, strange statuses and signals are not in the way', async () => {
    const image = await imageOf([
      { session: session('bad'), body: '{"id":', history: [signal(1)] },
      { session: session('odd', { startedAt: 1 }), status: 'zzz', history: [signal(1), [2, 5, 'x', 'ghost', '{}'], [3, 5, 'x', 'user', '{'], signal(4)] },
      { session: session('dim', { signal: { activity: 'dreaming' } as never, startedAt: 2 }), history: [] },
    ]);
    const migrated = migrateV1(await engine(), image, 1, 1);
    const records = [...migrated.records];
    migrated.close();
    assert.deepEqual(records.map((record) => [record.s, record.h?.map((line) => line[0])]), [['odd', [1, 3, 4]], ['dim', undefined]]);
    assert.equal(migrated.skipped(), 3);
    assert.equal(records[0]?.p.status, 'unknown');
    assert.equal(records[1]?.p.signal, undefined);
  });

  it('refuses what is not a registry of version 1, and leaves the image alone', async () => {
    const sql = await engine();
    const image = await imageOf([]);
    const before = Buffer.from(image);
    const empty = migrateV1(sql, image, 1, 1);
    assert.deepEqual([...empty.records], []);
    empty.close();
    assert.ok(before.equals(image));
    assert.throws(() => migrateV1(sql, bench.projection.export(), 1, 1), /version 3/);
    assert.throws(() => migrateV1(sql, Buffer.from('nothing of the kind'), 1, 1));
    const other = new sql.Database();
    other.run('PRAGMA user_version = 1; CREATE TABLE t (a)');
    const strange = other.export();
    other.close();
    assert.throws(() => migrateV1(sql, strange, 1, 1), /no such table/);
  });
});
