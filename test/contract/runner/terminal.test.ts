import assert from 'node:assert/strict';
import { readSpool } from '../../../src/link/readSpool.ts';
import { agentArgv, Bench, marked } from './runnerHarness.ts';

describe('runner: in a terminal', function () {
  this.timeout(20_000);

  before(function () {
    if (process.platform !== 'linux') this.skip();
  });

  it('leaves keys to the agent, then waits for Enter', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.startInTerminal(agentArgv('askForInput'));
      await runner.shows(/Continue\? \[y\/n\] /);
      runner.type('yes\n');
      await runner.shows(/answer: yes/);
      await runner.shows(/probe ended with exit code 0\. Press Enter/);
      runner.type('no key but Enter counts');
      runner.type('\r');
      assert.equal(await runner.exit, 0);
    });
  });

  it('Ctrl-C reaches the agent and leaves the runner', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.startInTerminal(agentArgv('sayReady'));
      await runner.shows(/ready/);
      runner.type('\u0003');
      await runner.shows(/probe was ended by SIGINT\. Press Enter/);
      const last = (await readSpool(bench.spoolPath, 0)).events.at(-1);
      assert.ok(last?.kind === 'exited' && last.cause === 'agent');
      runner.type('\r');
      assert.equal(await runner.exit, 0);
    });
  });

  it('puts a terminal in order that an agent left broken', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.startInTerminal(agentArgv('leaveScreenBroken'));
      await runner.shows(/was ended by SIGKILL\. Press Enter/);
      const after = runner.output.slice(runner.output.indexOf('half a tit'));
      for (const sequence of ['\u0018', '\u001b[?1003l', '\u001b[?1047l', '\u001b[?2004l', '\u001b[?25h', '\u001b]633;D;137\u0007']) {
        assert.ok(after.includes(sequence), JSON.stringify(sequence));
      }
      // Echo is the proof that lines are back: in raw mode nothing would come back.
      runner.type('typed');
      await runner.shows(/typed/);
      runner.type('\r');
      assert.equal(await runner.exit, 0);
    });
  });

  it('opens its frame anew when it is asked to', async () => {
    await Bench.with(async (bench) => {
      const server = await bench.listen();
      const runner = await bench.startInTerminal(agentArgv('sayReady'));
      await runner.shows(/ready/);
      await bench.host.event('started');
      await server.reframe('agent-test');
      await runner.shows(/ready[\s\S]*\u001b\]633;D\u0007\u001b\]633;A\u0007\u001b\]633;B\u0007\u001b\]633;E;agent\u0007\u001b\]633;C\u0007/);
    });
  });

  it('a terminal that is torn away ends everything in it, and the end is in the spool', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      const runner = await bench.startInTerminal(agentArgv('ignoreSignals'));
      await runner.shows(/ready \d+ \d+ \d+/);
      await bench.host.event('started');
      runner.child.kill('SIGKILL');
      const exited = await bench.host.event('exited');
      assert.equal(exited.cause, 'hangup');
      assert.deepEqual(await marked('agent-test'), []);
    });
  });
});
