import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import { endTree } from '../../../src/hosts/local/endTree.ts';
import { LocalProcessProbe } from '../../../src/hosts/local/probe.ts';
import { systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { systemProcessTable } from '../../../src/hosts/local/systemTable.ts';
import { readSpool } from '../../../src/link/readSpool.ts';
import { agentArgv, Bench, marked } from './runnerHarness.ts';

describe('runner: stopping', function () {
  this.timeout(20_000);

  it('ends an agent that ignores everything, its child and its orphaned grandchild, within five seconds', async () => {
    await Bench.with(async (bench) => {
      const server = await bench.listen();
      const runner = await bench.start(agentArgv('ignoreSignals'));
      const [, ...pids] = await runner.shows(/ready (\d+) (\d+) (\d+)/);
      // The agent may be ready before its runner has called.
      await bench.host.event('started');
      assert.deepEqual((await marked('agent-test')).sort(), pids.map(Number).sort());
      const begun = performance.now();
      await server.stop('agent-test', { from: 'SIGINT', graceMs: 750 });
      const exited = await bench.host.event('exited');
      const took = performance.now() - begun;
      assert.deepEqual([exited.code, exited.signal, exited.cause], [null, 'SIGKILL', 'stopped']);
      assert.deepEqual(await marked('agent-test'), []);
      assert.ok(took < 5000 && took > 1400, `${took} ms`);
      const signals = bench.host.events.flatMap((event) => (event.kind === 'stopping' ? [event.signal] : []));
      assert.deepEqual(signals, ['SIGINT', 'SIGTERM', 'SIGKILL']);
      await runner.shows(/probe was stopped\. Press Enter/);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('needs one signal for an agent that obeys', async () => {
    await Bench.with(async (bench) => {
      const server = await bench.listen();
      const runner = await bench.start(agentArgv('hangAtStart'));
      await bench.host.event('started');
      await server.stop('agent-test', { from: 'SIGINT', graceMs: 5000 });
      const exited = await bench.host.event('exited');
      assert.equal(exited.cause, 'stopped');
      assert.equal(bench.host.events.filter((event) => event.kind === 'stopping').length, 1);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('passes one signal on without a ladder', async () => {
    await Bench.with(async (bench) => {
      const server = await bench.listen();
      const runner = await bench.start(agentArgv('sayReady'));
      await runner.shows(/ready/);
      await bench.host.point.until(() => server.isConnected('agent-test'));
      await server.signal('agent-test', 'SIGINT');
      const exited = await bench.host.event('exited');
      assert.deepEqual([exited.signal, exited.cause], ['SIGINT', 'agent']);
    });
  });

  it('survives the signals of the terminal; SIGTERM begins the ladder', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.start(agentArgv('sayReady'));
      await runner.shows(/ready/);
      runner.child.kill('SIGINT');
      runner.child.kill('SIGQUIT');
      runner.child.kill('SIGTERM');
      await runner.shows(/was stopped/);
      const { events } = await readSpool(bench.spoolPath, 0);
      assert.deepEqual(events.map((event) => event.kind), ['started', 'stopping', 'exited']);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('with its terminal gone it ends the agent, writes the end, and leaves', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.start(agentArgv('ignoreSignals'));
      await runner.shows(/ready \d+ \d+ \d+/);
      runner.child.stdout?.destroy();
      runner.child.stderr?.destroy();
      runner.child.kill('SIGHUP');
      assert.equal(await runner.exit, 0);
      const { events } = await readSpool(bench.spoolPath, 0);
      const last = events.at(-1);
      assert.ok(last?.kind === 'exited' && last.cause === 'hangup' && last.signal === 'SIGKILL');
      assert.deepEqual(await marked('agent-test'), []);
    });
  });

  it('without its runner an agent is ended by the window, with its orphaned grandchild', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.start(agentArgv('ignoreSignals'));
      await runner.shows(/ready \d+ \d+ \d+/);
      runner.child.kill('SIGKILL');
      await runner.exit;
      const first = (await readSpool(bench.spoolPath, 0)).events[0];
      assert.ok(first?.kind === 'started');
      assert.equal((await marked('agent-test')).length, 3);
      const table = systemProcessTable();
      await endTree(table, systemTimers, 'agent-test', { ...first.agent, bootId: 'another boot' }, 50);
      assert.equal((await marked('agent-test')).length, 3);
      await endTree(table, systemTimers, 'agent-test', first.agent, 50);
      assert.deepEqual(await marked('agent-test'), []);
      assert.equal(await new LocalProcessProbe(table).liveness(first.agent), 'dead');
    });
  });

  it('refuses an order once it is gone', async () => {
    await Bench.with(async (bench) => {
      const server = await bench.listen();
      const runner = await bench.start(agentArgv('exitAtOnce'));
      await bench.host.event('exited');
      await runner.pressEnter();
      await bench.host.point.until(() => !server.isConnected('agent-test'));
      await assert.rejects(server.stop('agent-test', { from: 'SIGINT', graceMs: 1 }), (error) => isFleetError(error, 'NotConnected'));
    });
  });
});
