import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { agentArgv, Bench } from './runnerHarness.ts';

describe('runner: what an agent hands over', function () {
  this.timeout(20_000);

  it('takes hooks in the order they came, waits for slow ones, counts broken ones, and cleans up', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      const runner = await bench.start(agentArgv('brokenHooks'));
      await bench.host.event('exited');
      const hooks = bench.host.events.flatMap((event) => (event.kind === 'hook' ? [[event.name, event.payload]] : []));
      assert.deepEqual(hooks, [['First', { n: 1 }], ['Late', { n: 3 }], ['Last', { n: 7 }]]);
      const skipped = bench.host.events.flatMap((event) => (event.kind === 'skipped' ? [event.reason.split(':')[0]] : []));
      assert.deepEqual([...skipped].sort(), ['Empty', 'Half', 'Huge']);
      assert.equal(await runner.pressEnter(), 0);
      assert.deepEqual((await readdir(bench.sessionDir)).filter((name) => name !== 'runner.log'), ['spool.jsonl']);
      assert.equal((await stat(bench.spoolPath)).size, 0);
    });
  });

  it('reads complete lines of fleet events, counts the others, and what is left at the end', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      const runner = await bench.start(agentArgv('halfEventLines'));
      await bench.host.event('exited');
      const values = bench.host.events.flatMap((event) => (event.kind === 'fleetEvent' ? [event.value] : []));
      assert.deepEqual(values, [{ n: 1 }, { n: 2 }, { n: 3 }]);
      const reasons = bench.host.events.flatMap((event) => (event.kind === 'skipped' ? [event.reason] : []));
      assert.deepEqual(reasons, ['it is not a JSON object', 'it is not a JSON object', 'the last line is not complete']);
      assert.equal(bench.host.events.at(-1)?.kind, 'exited');
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('tells hooks while the agent runs', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      const runner = await bench.start(agentArgv('hookOnDemand'));
      await bench.host.event('started');
      for (let n = 1; n <= 5; n++) {
        runner.type(`${n}\n`);
        await bench.host.point.until(() => bench.host.events.length === n + 1);
      }
    });
  });

  it('an agent that floods its terminal loses no event', async () => {
    await Bench.with(async (bench) => {
      const server = await bench.listen();
      const runner = await bench.start(agentArgv('floodOutput'));
      await runner.shows(/ready/);
      await bench.host.event('started');
      await server.stop('agent-test', { from: 'SIGTERM', graceMs: 300 });
      const exited = await bench.host.event('exited');
      assert.equal(exited.cause, 'stopped');
    });
  });
});
