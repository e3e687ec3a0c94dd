import assert from 'node:assert/strict';
import { settingIds } from '../../src/presentation/contributions.ts';
import { setSetting, spawnAgent } from './support/agents.ts';
import { cancel, endAll, find, hasEnded, hasStatus, spawn } from './support/fleet.ts';
import { processesGone, processesOf } from './support/processes.ts';
import { messagesOf } from './support/surface.ts';
import { until } from './support/until.ts';

describe('misbehaving agents', () => {
  afterEach(endAll);

  it('exits in no time: its end is never lost', async () => {
    const ids = await Promise.all([0, 0, 7].map((code) => spawnAgent('misbehaving', 'exitAtOnce', [String(code)])));
    const ended = await Promise.all(ids.map((id) => hasEnded(id)));
    // All three were spawned by the definition that stood in the settings at that moment.
    for (const one of ended) assert.ok(one.status === 'completed' || (one.outcome?.type === 'failed' && one.outcome.exitCode === 7), JSON.stringify(one.outcome));
    assert.ok(ended.every((one) => one.startedAt !== undefined));
  });

  it('prints "done" and exits with 3: failed', async () => {
    const ended = await hasEnded(await spawnAgent('misbehaving', 'doneThenFail'));
    assert.deepEqual(ended.outcome, { type: 'failed', error: 'exited with code 3', exitCode: 3 });
  });

  it('hangs at its start: says so for as long as it does, and can be cancelled', async () => {
    const id = await spawnAgent('misbehaving', 'hangAtStart', [], { prompt: 'Hello?' });
    const running = await hasStatus(id, 'running');
    assert.deepEqual([running.signal?.activity, running.signal?.source], ['starting', 'process']);
    await cancel(id);
    assert.equal((await hasEnded(id, 5000)).status, 'cancelled');
  });

  it('ignores every signal, with a child and a grandchild of its own session: all are gone within 5 s', async () => {
    const id = await spawnAgent('misbehaving', 'ignoreSignals');
    await hasStatus(id, 'running');
    await until('the agent, its child and its grandchild', async () => (await processesOf(id)).length === 3);
    const began = performance.now();
    await cancel(id);
    assert.equal((await find(id))?.status, 'running', 'not cancelled before its processes are gone');
    assert.equal((await hasEnded(id, 5000)).status, 'cancelled');
    assert.deepEqual(await processesOf(id), [], `gone after ${Math.round(performance.now() - began)} ms`);
  });

  it('floods its terminal: the others go on, and it can be cancelled', async () => {
    const id = await spawnAgent('misbehaving', 'floodOutput');
    await hasStatus(id, 'running');
    assert.equal((await hasEnded(await spawn({ variant: 'works:10' }))).status, 'completed');
    await cancel(id);
    assert.equal((await hasEnded(id, 5000)).status, 'cancelled');
    await processesGone(id, 5000);
  });

  it('asks on its terminal only: no signal says so, and it is not called idle', async () => {
    const id = await spawnAgent('misbehaving', 'askForInput');
    const running = await hasStatus(id, 'running');
    assert.equal(running.signal?.activity, 'starting');
  });

  it('drops broken hooks: the good ones count, the bad ones are counted', async () => {
    const ended = await hasEnded(await spawnAgent('misbehaving', 'brokenHooks'));
    assert.equal(ended.status, 'completed');
    assert.equal(ended.skipped, 3, 'half of one, a huge one, an empty one');
  });

  it('writes half event lines: skipped, counted, and no other is lost', async () => {
    const ended = await hasEnded(await spawnAgent('misbehaving', 'halfEventLines'));
    assert.equal(ended.status, 'completed');
    assert.equal(ended.skipped, 6, 'three that are no fleet events, three that are no objects');
  });

  it('leaves its screen broken and dies by a signal: failed, with the signal', async () => {
    const ended = await hasEnded(await spawnAgent('misbehaving', 'leaveScreenBroken'));
    assert.deepEqual(ended.outcome, { type: 'failed', error: 'ended by signal SIGKILL' });
  });

  it('a wrong definition is explained and spoils no other', async () => {
    const warnings = await messagesOf(async () => {
      await setSetting(settingIds.customAgents, [{ name: 'Bad', command: ['./relative'] }, { name: 'Good', command: [process.execPath, '-e', '0'] }]);
      assert.equal((await hasEnded(await spawn({ driver: 'custom:good' }))).status, 'completed');
    }, 'warning');
    assert.equal(warnings.filter((text) => text.includes('(Bad)')).length, 1);
  });
});
