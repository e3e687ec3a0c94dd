import assert from 'node:assert/strict';
import { realpath, readFile } from 'node:fs/promises';
import path from 'node:path';
import { commandIds, settingIds } from '../../src/presentation/contributions.ts';
import { setSetting, spawnAgent } from './support/agents.ts';
import { cancel, command, endAll, find, freshName, hasActivity, hasEnded, hasStatus, sendPrompt, session, spawn, trySpawn, withFolder } from './support/fleet.ts';
import { processesGone, processesOf } from './support/processes.ts';
import { messagesOf } from './support/surface.ts';

describe('the life of a session', () => {
  afterEach(endAll);

  it('works: provisioning, running, completed, with what it made', async () => {
    await withFolder(async (cwd) => {
      const id = await spawn({ variant: 'works:10', name: 'maker', cwd, prompt: 'Make a file.' });
      const running = await hasStatus(id, 'running');
      assert.ok(running.agent && running.runner && running.agent.pid !== running.runner.pid);
      const ended = await hasEnded(id);
      assert.deepEqual(ended.outcome, { type: 'completed', by: 'exit' });
      const artifact = path.join(cwd, 'demo-output', 'maker.md');
      assert.deepEqual(ended.artifacts.map((one) => one.path), [artifact]);
      assert.match(await readFile(await realpath(artifact), 'utf8'), /Make a file\./);
      assert.equal(ended.progress?.percent, 90);
      assert.equal(ended.skipped, 0);
    });
  });

  it('fails: the exit code decides', async () => {
    await withFolder(async (cwd) => {
      const ended = await hasEnded(await spawn({ variant: 'fails:10', cwd }));
      assert.deepEqual(ended.outcome, { type: 'failed', error: 'exited with code 3', exitCode: 3 });
    });
  });

  it('asks: needs permission, and takes no prompt until it is answered', async () => {
    await withFolder(async (cwd) => {
      const id = await spawn({ variant: 'asks:10', cwd });
      const asking = await hasActivity(id, 'needs_permission');
      assert.equal(asking.signal?.source, 'channel');
      assert.match(asking.signal?.detail ?? '', /demo-output/);
      const [report] = await sendPrompt(id, 'y');
      assert.equal(report?.result, 'refused');
      assert.match(report?.result === 'refused' ? report.reason : '', /asks for permission/);
      assert.equal((await find(id))?.signal?.activity, 'needs_permission', 'the question is still open');
    });
  });

  it('waits: a prompt arrives, an interrupt ends the turn only, a cancel ends the whole process tree', async () => {
    const id = await spawn({ variant: 'waits:30' });
    await hasActivity(id, 'running_tool');
    await command(commandIds.interruptTurn, id);
    await hasActivity(id, 'idle');
    const reading = session(id, 'reading', (one) => one.signal?.activity === 'running_tool' && one.signal.detail?.includes('README.md') === true);
    assert.deepEqual((await sendPrompt(id, 'Read the file.')).map(({ result }) => result), ['submitted']);
    await reading;
    await hasActivity(id, 'idle');
    assert.ok((await processesOf(id)).length > 0);
    const began = performance.now();
    await cancel(id);
    const ended = await hasEnded(id, 5000);
    assert.deepEqual(ended.outcome, { type: 'cancelled' });
    await processesGone(id, 5000 - (performance.now() - began));
  });

  it('cancelled at once, before its runner has called: cancelled, and nothing runs', async () => {
    const id = await spawn({ variant: 'waits:30' });
    await cancel(id);
    assert.equal((await hasEnded(id)).status, 'cancelled');
    await processesGone(id, 5000);
  });

  it('a second cancel is refused in words', async () => {
    const id = await spawn({ variant: 'waits:30' });
    await hasStatus(id, 'running');
    await cancel(id);
    assert.match((await messagesOf(() => cancel(id)))[0] ?? '', /is being cancelled already|has ended: cancelled/);
    await hasEnded(id);
    assert.match((await messagesOf(() => cancel(id)))[0] ?? '', /cannot be cancelled: it has ended: cancelled\./);
    assert.equal((await find(id))?.status, 'cancelled');
  });

  it('marked completed: recorded with the summary, and its process ends', async () => {
    const id = await spawn({ variant: 'waits:30' });
    await hasActivity(id, 'running_tool');
    await command(commandIds.markCompleted, id, undefined, ' Good enough. ');
    assert.deepEqual((await find(id))?.outcome, { type: 'completed', by: 'person', summary: 'Good enough.' });
    await processesGone(id, 5000);
    assert.equal((await find(id))?.status, 'completed', 'the end of the process changes nothing any more');
  });

  it('restarted: a new attempt of the same task, and the old row stays', async () => {
    await withFolder(async (cwd) => {
      const id = await spawn({ variant: 'fails:1', name: 'again', cwd, prompt: 'Try.' });
      const first = await hasEnded(id);
      const [nextId] = (await command<readonly string[]>(commandIds.restart, id)) ?? [];
      assert.ok(nextId !== undefined && nextId !== id);
      const next = await hasEnded(nextId);
      assert.deepEqual([next.restartOf, next.attempt, next.name, next.status], [id, 2, 'again', 'failed']);
      assert.deepEqual(next.spec, first.spec);
      assert.equal((await find(id))?.status, 'failed');
      const done = await spawn({ variant: 'works:1', cwd });
      await hasEnded(done);
      assert.match((await messagesOf(() => command(commandIds.restart, done)))[0] ?? '', /cannot be restarted: it is completed/);
    });
  });

  it('two spawns with one name at once: one session', async () => {
    const name = freshName('twin');
    let ids: (string | undefined)[] = [];
    const refused = await messagesOf(async () => (ids = await Promise.all([trySpawn({ variant: 'waits:50', name }), trySpawn({ variant: 'waits:50', name })])));
    assert.equal(ids.filter((id) => id !== undefined).length, 1);
    assert.deepEqual(refused, [`An active session is called “${name}” already. Choose another name.`]);
    const [id] = ids.filter((one) => one !== undefined);
    await cancel(id ?? '');
    await hasEnded(id ?? '');
    // A name is free again when its session has ended.
    assert.equal((await hasEnded(await spawn({ variant: 'works:1', name }))).status, 'completed');
  });

  it('a child knows its parent, and a limit counts what is active', async () => {
    const parent = await spawn({ variant: 'waits:50' });
    const child = await spawn({ variant: 'waits:50', parentId: parent });
    assert.equal((await find(child))?.parentId, parent);
    await setSetting(settingIds.maxConcurrent, 2);
    try {
      assert.match((await messagesOf(() => trySpawn({ variant: 'works:1' })))[0] ?? '', /^2 of at most 2 sessions are active\./);
    } finally {
      await setSetting(settingIds.maxConcurrent, undefined);
    }
  });

  it('asks a question through a hook: needs an answer, and ends by itself afterwards', async () => {
    const id = await spawnAgent('own', 'askQuestion');
    const asking = await hasActivity(id, 'needs_answer');
    assert.deepEqual([asking.signal?.source, asking.signal?.detail], ['hook', 'Which version?']);
    const [report] = await sendPrompt(id, 'yes');
    assert.match(report?.result === 'refused' ? report.reason : '', /asks a question/);
  });
});
