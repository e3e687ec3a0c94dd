import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nullLogger } from '../../../src/base/ports.ts';
import { isSnapshotDue, Snapshots } from '../../../src/storage/projection/snapshots.ts';
import { defaultLimits } from '../../../src/storage/worker/contract.ts';
import { FailingFiles } from './support/failingFiles.ts';
import { InstantTime } from './support/instantTime.ts';

const megabyte = 1024 * 1024;

describe('snapshots', () => {
  let folder: string;
  let failing: FailingFiles;
  let snapshots: Snapshots;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'fleet-snapshots-')), 'snapshots');
    failing = new FailingFiles();
    snapshots = new Snapshots({ folder, files: failing.files, clock: new InstantTime(), logger: nullLogger });
  });

  afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

  const image = (bytes: number): Uint8Array => new Uint8Array(bytes).map((_, index) => index * 7);
  const synced = (): Promise<void> => {
    failing.log.push('journal');
    return Promise.resolve();
  };

  it('names a snapshot only when it and its journal are on the disk, and reads it back in many slices', async () => {
    const bytes = image(9 * megabyte + 5);
    const saved = await snapshots.save(bytes, 42, synced);
    const { name } = saved;
    assert.match(name, /^snap-000000000042-9437189-[0-9a-f]{8}\.db$/);
    assert.deepEqual(failing.log.slice(-6), [`remove ${name}.tmp`, `create ${name}.tmp`, `syncFile ${name}.tmp`, 'journal', `rename ${name}`, 'syncFolder snapshots']);
    assert.deepEqual(await snapshots.list(), [saved]);
    const read = await snapshots.read(saved);
    assert.ok(Buffer.isBuffer(read) && read.equals(bytes));
  });

  it('keeps the newest two', async () => {
    for (const q of [3, 1, 2]) await snapshots.save(image(10), q, synced);
    await snapshots.prune();
    assert.deepEqual((await snapshots.list()).map(({ q }) => q), [3, 2]);
  });

  it('leaves nothing behind when the disk refuses', async () => {
    for (const operation of ['create', 'syncFile', 'rename'] as const) {
      failing.refuse = (asked) => (asked === operation ? 'ENOSPC' : undefined);
      await assert.rejects(snapshots.save(image(100), 1, synced), { code: 'ENOSPC' });
      assert.deepEqual(await readdir(folder), [], operation);
    }
    failing.refuse = () => undefined;
    await assert.rejects(snapshots.save(image(100), 1, () => Promise.reject(new Error('the journal cannot be synced'))));
    assert.deepEqual(await readdir(folder), []);
  });

  it('leaves a stray at worst when the process dies, which the next owner removes', async () => {
    for (let killAt = 1; killAt <= 6; killAt++) {
      failing.killAt = failing.steps + killAt;
      await snapshots.save(image(100), 1, synced).catch(() => undefined);
      failing.killAt = Infinity;
      for (const found of await snapshots.list()) assert.ok((await snapshots.read(found)) instanceof Uint8Array);
      await snapshots.removeStrays();
      assert.equal((await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.tmp')).length, 0);
    }
  });

  it('are due after seven tenths of their size, within bounds, or when nothing happens', () => {
    const due = (since: number, size: number, idleMs = 0): boolean => isSnapshotDue(defaultLimits, since * megabyte, size * megabyte, idleMs);
    assert.deepEqual([due(3.9, 0), due(4, 0), due(13.9, 20), due(14.1, 20), due(27, 400), due(28, 400)], [false, true, false, true, false, true]);
    assert.deepEqual([due(0.9, 0, 60_000), due(1, 0, 60_000), due(1, 0, 29_000)], [false, true, false]);
  });
});
