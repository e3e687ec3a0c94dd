import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nullLogger } from '../../../src/base/ports.ts';
import { RegistryLock } from '../../../src/storage/registryLock.ts';
import { nodeFiles } from '../../../src/storage/storageFiles.ts';
import { InstantTime } from './support/instantTime.ts';

describe('a registry lock that cannot be read', () => {
  const time = new InstantTime();
  let folder = '';
  const locks: RegistryLock[] = [];

  function lockOf(pid: number): RegistryLock {
    const lock = new RegistryLock({
      folder, files: nodeFiles, host: 'here', clock: time, timers: time, logger: nullLogger,
      identify: () => Promise.resolve({ pid, startTime: String(pid), bootId: 'b' }),
      probe: { liveness: () => Promise.resolve('alive') },
    });
    locks.push(lock);
    return lock;
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-lock-'));
  });
  afterEach(async () => {
    for (const lock of locks.splice(0)) {
      await lock.release();
      lock.dispose();
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('S3: is taken, and kept beside, once nobody has touched it for several heartbeats; by one window only', async () => {
    await writeFile(join(folder, 'registry.lock'), '{"pid":');
    const [one, two] = [lockOf(1), lockOf(2)];
    assert.deepEqual([await one.acquire(), await two.acquire()], ['held', 'held']);
    time.pass(44_000);
    assert.equal(await one.acquire(), 'held');
    time.pass(2_000);
    assert.deepEqual((await Promise.all([one.acquire(), two.acquire()])).sort(), ['acquired', 'held']);
    assert.equal((await readdir(folder)).filter((name) => name.startsWith('registry.lock.corrupt-')).length, 1);
    assert.equal((await readdir(folder)).length, 2);
  });

  it('S3: belongs to whoever still touches it', async () => {
    const path = join(folder, 'registry.lock');
    await writeFile(path, 'rubbish');
    const lock = lockOf(1);
    for (let beat = 1; beat <= 12; beat++) {
      await utimes(path, beat, beat);
      assert.equal(await lock.acquire(), 'held');
      time.pass(10_000);
    }
  });
});

describe('a registry lock whose holder is dead', () => {
  const time = new InstantTime();
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fleet-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  for (const [what, bootId, host, expected] of [
    ['our boot id, another host name (a container of this machine)', 'b', 'container', 'held'],
    ['our boot id, our host name', 'b', 'here', 'acquired'],
    ['another boot id, our host name (rebooted)', 'a', 'here', 'acquired'],
    ['another boot id, another host name', 'a', 'there', 'held'],
    ['no boot id, another host name', undefined, 'there', 'held'],
    ['no boot id, our host name', undefined, 'here', 'acquired'],
  ] as const) {
    it(`S3, V4: ${what}: ${expected}`, async () => {
      await writeFile(join(folder, 'registry.lock'), JSON.stringify({ pid: 9, startTime: '9', bootId, host, nonce: '0123456789abcdef', heartbeat: 1 }));
      const lock = new RegistryLock({
        folder, files: nodeFiles, host: 'here', clock: time, timers: time, logger: nullLogger,
        identify: () => Promise.resolve({ pid: 1, startTime: '1', bootId: 'b' }),
        probe: { liveness: () => Promise.resolve('dead') },
      });
      assert.equal(await lock.acquire(), expected);
      await lock.release();
      lock.dispose();
    });
  }

  it('S3, V4: no boot id on either side: hosts are compared', async () => {
    await writeFile(join(folder, 'registry.lock'), JSON.stringify({ pid: 9, host: 'there', nonce: '0123456789abcdef', heartbeat: 1 }));
    const lock = new RegistryLock({
      folder, files: nodeFiles, host: 'here', clock: time, timers: time, logger: nullLogger,
      identify: () => Promise.resolve({ pid: 1 }),
      probe: { liveness: () => Promise.resolve('dead') },
    });
    assert.equal(await lock.acquire(), 'held');
    lock.dispose();
  });
});
