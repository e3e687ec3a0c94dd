import assert from 'node:assert/strict';
import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nullLogger } from '../../../src/base/ports.ts';
import type { RunnerEventBody } from '../../../src/core/runnerEvents.ts';
import { readSpool } from '../../../src/link/readSpool.ts';
import { Spool, type SpoolOptions } from '../../../src/link/spool.ts';
import { FakeTime } from '../../fakes/time.ts';
import { withFolder } from './linkHarness.ts';

const hook = (n: number, size = 0): RunnerEventBody => ({ kind: 'hook', name: 'x', payload: { n, pad: 'p'.repeat(size) } });
const started: RunnerEventBody = { kind: 'started', runner: { pid: 1 }, agent: { pid: 2 } };
const exited: RunnerEventBody = { kind: 'exited', code: 3, signal: null, cause: 'agent' };

async function withSpool(work: (spool: Spool, path: string) => Promise<void> | void, options: Partial<SpoolOptions> = {}): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, 'spool.jsonl');
    const spool = new Spool(path, { clock: new FakeTime(), logger: nullLogger, ...options });
    try {
      spool.open();
      await work(spool, path);
    } finally {
      spool.dispose();
    }
  });
}

describe('spool', () => {
  it('has every event on disk when append returns, readable by nobody else', async () => {
    await withSpool(async (spool, path) => {
      spool.append(started);
      spool.append(hook(1));
      const { events, bad } = await readSpool(path, 0);
      assert.deepEqual(events.map((event) => [event.seq, event.kind]), [[1, 'started'], [2, 'hook']]);
      assert.equal(bad, 0);
      if (process.platform !== 'win32') assert.equal((await stat(path)).mode & 0o777, 0o600);
      assert.deepEqual((await readSpool(path, 1)).events.map((event) => event.seq), [2]);
    });
  });

  it('a missing spool is an empty one', async () => {
    await withFolder(async (folder) => assert.deepEqual(await readSpool(join(folder, 'none'), 0), { events: [], bad: 0 }));
  });

  it('gives batches by size, at least one event, and forgets what is acknowledged', async () => {
    await withSpool((spool) => {
      for (let n = 1; n <= 5; n++) spool.append(hook(n, 1000));
      assert.deepEqual(spool.pending(1).map((event) => event.seq), [1]);
      assert.deepEqual(spool.pending(2500).map((event) => event.seq), [1, 2]);
      spool.acknowledge(3);
      assert.deepEqual(spool.pending(100_000).map((event) => event.seq), [4, 5]);
      spool.acknowledge(2);
      spool.acknowledge(99);
      assert.ok(!spool.hasPending);
      assert.equal(spool.append(exited).seq, 6);
    });
  });

  it('empties a large file once its events are acknowledged, and goes on in it', async () => {
    await withSpool(
      async (spool, path) => {
        for (let n = 1; n <= 10; n++) spool.append(hook(n, 1000));
        spool.acknowledge(9);
        assert.ok((await stat(path)).size < 1500);
        spool.append(exited);
        assert.deepEqual((await readSpool(path, 0)).events.map((event) => event.seq), [10, 11]);
        assert.deepEqual(spool.pending(1e6).map((event) => event.seq), [10, 11]);
      },
      { compactBytes: 5000 },
    );
  });

  it('stays below its limit when nobody listens: the oldest hooks go, start and end stay, and it says so', async () => {
    await withSpool(
      async (spool, path) => {
        spool.append(started);
        for (let n = 1; n <= 200; n++) {
          spool.append(n % 2 === 0 ? hook(n, 500) : { kind: 'fleetEvent', value: { n } });
          assert.ok((await stat(path)).size <= 20_500);
        }
        spool.append(exited);
        const { events, bad } = await readSpool(path, 0);
        assert.equal(bad, 0);
        assert.equal(events[0]?.kind, 'started');
        assert.equal(events.at(-1)?.kind, 'exited');
        const hooks = events.filter((event) => event.kind === 'hook').length;
        const told = events.filter((event) => event.kind === 'skipped').map((event) => /^(\d+) were given up/.exec(event.reason)?.[1]);
        assert.equal(told.length, 2);
        assert.equal(hooks + Number(told[0]), 100);
        assert.deepEqual(spool.pending(1e9), events);
      },
      { maxBytes: 20_000 },
    );
  });

  it('replaces a payload that is too large', async () => {
    await withSpool(
      (spool) => {
        const event = spool.append(hook(1, 5000));
        assert.equal(event.kind, 'skipped');
        assert.equal(event.seq, 1);
      },
      { maxEventBytes: 1000 },
    );
  });

  it('takes over a file with a torn tail', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'spool.jsonl');
      const options = { clock: new FakeTime(), logger: nullLogger };
      const first = new Spool(path, options);
      first.open();
      first.append(started);
      first.append(hook(1));
      first.dispose();
      await writeFile(path, (await readFile(path)).subarray(0, -4));
      assert.equal((await readSpool(path, 0)).bad, 1);
      const second = new Spool(path, options);
      second.open();
      assert.equal(second.append(exited).seq, 2);
      assert.deepEqual((await readSpool(path, 0)).events.map((event) => event.kind), ['started', 'exited']);
      second.dispose();
    });
  });

  it('keeps no payload on disk that is acknowledged; the numbers go on', async () => {
    await withSpool(async (spool, path) => {
      spool.append(hook(1));
      spool.append(hook(2));
      spool.acknowledge(1);
      spool.acknowledge(2);
      assert.equal((await stat(path)).size, 0);
      spool.append(exited);
      assert.deepEqual((await readSpool(path, 2)).events.map((event) => [event.seq, event.kind]), [[3, 'exited']]);
      assert.deepEqual(spool.pending(1e6).map((event) => event.seq), [3]);
    });
  });

  it('gives the events after a number', async () => {
    await withSpool((spool) => {
      for (let n = 1; n <= 3; n++) spool.append(hook(n));
      assert.deepEqual(spool.pending(1e6, 2).map((event) => event.seq), [3]);
      assert.deepEqual(spool.pending(1e6, 3), []);
    });
  });

  it('gives up what cannot be read any more as one skipped event, in a file that reads again', async () => {
    await withSpool(async (spool, path) => {
      spool.append(started);
      const { size } = await stat(path);
      for (let n = 1; n <= 3; n++) spool.append(hook(n));
      await truncate(path, size + 10);
      assert.deepEqual(spool.pending(1e6).map((event) => [event.seq, event.kind]), [[1, 'started'], [5, 'skipped']]);
      const { events, bad } = await readSpool(path, 0);
      assert.deepEqual([events.map((event) => event.seq), bad], [[1, 5], 0]);
    });
  });

  it('goes on in memory when the disk does not take it', () => {
    const warnings: string[] = [];
    const spool = new Spool(join('/nonexistent-folder', 'spool.jsonl'), {
      clock: new FakeTime(),
      logger: { ...nullLogger, warn: (message) => void warnings.push(message) },
    });
    spool.open();
    spool.append(started);
    spool.append(exited);
    assert.deepEqual(spool.pending(1e6).map((event) => event.kind), ['started', 'exited']);
    assert.equal(warnings.length, 1);
    spool.dispose();
  });

  it('writes what waited in memory as soon as the disk takes it again', async () => {
    await withFolder(async (folder) => {
      const path = join(folder, 'spool.jsonl');
      const spool = new Spool(path, { clock: new FakeTime(), logger: nullLogger });
      spool.append(started);
      spool.open();
      spool.append(exited);
      assert.deepEqual((await readSpool(path, 0)).events.map((event) => event.kind), ['started', 'exited']);
      spool.dispose();
    });
  });
});
