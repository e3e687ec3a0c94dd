import assert from 'node:assert/strict';
import { appendFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nullLogger } from '../../../src/base/ports.ts';
import type { RunnerEventBody } from '../../../src/core/runnerEvents.ts';
import { systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { EventsFile } from '../../../src/runner/eventsFile.ts';
import { Watchpoint, withFolder } from '../link/linkHarness.ts';

interface Setup {
  readonly path: string;
  readonly file: EventsFile;
  /** What was reported: the value's `n`, or why it was skipped. */
  readonly seen: unknown[];
  readonly saw: (count: number) => Promise<unknown>;
}

async function withEventsFile(work: (setup: Setup) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, 'events.jsonl');
    const seen: unknown[] = [];
    const point = new Watchpoint();
    const report = (event: RunnerEventBody): void => {
      seen.push(event.kind === 'fleetEvent' ? (event.value as { n: unknown }).n : event.kind === 'skipped' ? event.reason : event.kind);
      point.changed();
    };
    const file = new EventsFile({ path, report, timers: systemTimers, logger: nullLogger });
    await writeFile(path, '');
    file.start();
    await work({ path, file, seen, saw: (count) => point.until(() => seen.length >= count) });
    await file.drain();
  });
}

describe('events file', () => {
  it('reports a line when it is complete, not before', async () => {
    await withEventsFile(async ({ path, seen, saw }) => {
      await appendFile(path, '{"n":1}\n{"n":2');
      await saw(1);
      await appendFile(path, '2}\n');
      await saw(2);
      assert.deepEqual(seen, [1, 22]);
    });
  });

  it('reads on after the file was cut', async () => {
    await withEventsFile(async ({ path, seen, saw }) => {
      await appendFile(path, '{"n":1}\n{"half');
      await saw(1);
      await truncate(path, 0);
      await saw(2);
      await appendFile(path, '{"n":3}\n');
      await saw(3);
      assert.deepEqual(seen, [1, 'the file was cut in the middle of a line', 3]);
    });
  });

  it('reads the old file to its end when it is replaced', async () => {
    await withEventsFile(async ({ path, file, seen, saw }) => {
      await appendFile(path, '{"n":1}\n');
      await saw(1);
      await appendFile(path, '{"n":2}\n');
      await rename(path, `${path}.1`);
      await writeFile(path, '{"n":3}\n');
      await saw(3);
      await appendFile(path, '{"n":4}');
      await file.drain();
      assert.deepEqual(seen, [1, 2, 3, 4]);
    });
  });

  it('does not follow a link', async function () {
    if (process.platform === 'win32') this.skip();
    await withEventsFile(async ({ path, file, seen }) => {
      await writeFile(`${path}.other`, '{"n":9}\n');
      await rename(path, `${path}.1`);
      await symlink(`${path}.other`, path);
      await file.drain();
      assert.deepEqual(seen, []);
    });
  });

  it('counts a line that is too long, once', async () => {
    await withEventsFile(async ({ path, seen, saw }) => {
      await appendFile(path, `{"n":"${'x'.repeat(1024 * 1024)}"}\n{"n":2}\n`);
      await saw(2);
      assert.match(String(seen[0]), /more than the 1048576 allowed/);
      assert.equal(seen[1], 2);
    });
  });
});
