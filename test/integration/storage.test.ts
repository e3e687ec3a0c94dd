import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nullLogger } from '../../src/base/ports.ts';
import { systemClock, systemTimers } from '../../src/hosts/local/systemPorts.ts';
import type { Session } from '../../src/core/session.ts';
import { RegistryStore } from '../../src/storage/registryStore.ts';
import { cancel, endAll, find, hasActivity, hasEnded, repoRoot, sendPrompt, session, spawn } from './support/fleet.ts';
import { isRunning } from './support/processes.ts';
import { requireStorage } from './support/storage.ts';
import { surface } from './support/surface.ts';
import { until } from './support/until.ts';

/** What a window would find that opened the registry now. */
async function onDisk(): Promise<readonly Session[]> {
  const copy = await mkdtemp(path.join(tmpdir(), 'fleet-copy-'));
  const store = new RegistryStore({
    folder: copy,
    worker: { entry: path.join(repoRoot, 'dist', 'registry-worker.cjs'), wasmFile: path.join(repoRoot, 'dist', 'sql-wasm.wasm') },
    identify: () => Promise.resolve({ pid: process.pid }),
    probe: { liveness: () => Promise.resolve('unknown') },
    clock: systemClock,
    timers: systemTimers,
    logger: nullLogger,
  });
  try {
    const folder = await requireStorage();
    // The journal last: it may then have more than the snapshots, never less.
    for (const name of ['snapshots', 'journal']) {
      if ((await readdir(folder)).includes(name)) await cp(path.join(folder, name), path.join(copy, name), { recursive: true });
    }
    return (await store.open()).sessions;
  } finally {
    await store.close();
    await rm(copy, { recursive: true, force: true });
  }
}

const isMarked = (): boolean => /^Changes are not saved: /.test(surface().view?.message ?? '');

describe('the registry on disk', () => {
  afterEach(endAll);

  it('what a command answered is on the disk', async () => {
    const id = await spawn({ variant: 'waits:50', prompt: 'Keep this.' });
    const stored = (await onDisk()).find((one) => one.id === id);
    assert.equal(stored?.spec.prompt, 'Keep this.');
    assert.notEqual(stored?.tokenHash, undefined, 'only a hash of the token');
  });

  it('a storage folder that is lost while agents run: marked, the agents run on, and it heals', async () => {
    const id = await spawn({ variant: 'waits:50' });
    const { agent } = await hasActivity(id, 'running_tool');
    const folder = await requireStorage();
    const aside = `${folder}.aside`;
    await rename(folder, aside);
    await writeFile(folder, 'in the way');
    try {
      // A prompt is something to write down.
      assert.deepEqual((await sendPrompt(id, 'Go on.')).map(({ result }) => result === 'refused'), [false]);
      await until('the mark in the view', isMarked, { state: () => surface().view?.message });
      assert.match(surface().view?.message ?? '', /^Changes are not saved: .+\. Agents keep running\.$/);
      assert.match(surface().statusItem?.text ?? '', /not saved/);
      assert.equal(isRunning(agent?.pid ?? 0), true, 'the agent runs on');
      assert.equal((await find(id))?.status, 'running');
    } finally {
      await rm(folder);
      await rename(aside, folder);
    }
    await until('the mark to go', () => !isMarked(), { ms: 30_000, state: () => surface().view?.message });
    await cancel(id);
    await hasEnded(id);
    await until('the disk to know the end', async () => (await onDisk()).find((one) => one.id === id)?.status === 'cancelled');
  });

  it('leaves no half-written file', async () => {
    const id = await spawn({ variant: 'works:1' });
    await session(id, 'completed', (one) => one.status === 'completed');
    await until('no draft', async () => !(await readdir(await requireStorage(), { recursive: true })).some((name) => name.includes('.tmp')));
  });
});
