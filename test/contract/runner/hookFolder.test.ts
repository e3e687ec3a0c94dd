import assert from 'node:assert/strict';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunnerEventBody } from '../../../src/core/runnerEvents.ts';
import { keepDrop } from '../../../src/drivers/shared/dropHook.ts';
import { systemClock, systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { HookFolder } from '../../../src/runner/hookFolder.ts';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the folder of hooks', () => {
  let folder: string;
  let names: string[];
  let hooks: HookFolder;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-fleet-hooks-'));
    names = [];
    const report = (event: RunnerEventBody): void => void names.push(event.kind === 'hook' ? String(event.payload) : event.kind);
    hooks = new HookFolder({ folder, report, clock: systemClock, timers: systemTimers, logger: silent });
  });
  afterEach(async () => {
    hooks.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('reads what one process dropped within one tick in the order of its numbers', async () => {
    for (const file of ['a.7-10', 'b.7-9', 'c.7-1', 'd.7-2']) {
      const path = join(folder, `${file}.hook`);
      await writeFile(path, JSON.stringify(file));
      await utimes(path, 1000, 1000);
    }
    await hooks.drain();
    assert.deepEqual(names, ['c.7-1', 'd.7-2', 'b.7-9', 'a.7-10']);
  });

  it('keeps the order of what comes while it reads', async () => {
    hooks.start();
    const expected: string[] = [];
    for (let index = 0; index < 400; index++) {
      const name = `${String.fromCharCode(122 - (index % 26))}${index}`;
      expected.push(name);
      await keepDrop(folder, name, 7, JSON.stringify(name));
    }
    await hooks.drain();
    assert.deepEqual(names, expected);
  });
});
