import assert from 'node:assert/strict';
import { access, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalProcessProbe } from '../../../src/hosts/local/probe.ts';
import { systemProcessTable } from '../../../src/hosts/local/systemTable.ts';
import { readSpool } from '../../../src/link/readSpool.ts';
import { takeLaunchFile } from '../../../src/runner/launch.ts';
import { agentArgv, Bench, marked } from './runnerHarness.ts';

describe('runner: start and end', function () {
  this.timeout(20_000);

  it('tells the window who runs and how it ended; the screen decides nothing', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      const runner = await bench.start(agentArgv('doneThenFail'));
      const started = await bench.host.event('started');
      assert.equal(started.runner.pid, runner.pid);
      assert.ok(started.runner.startTime !== undefined && started.runner.bootId !== undefined);
      const exited = await bench.host.event('exited');
      assert.deepEqual([exited.code, exited.signal, exited.cause], [3, null, 'agent']);
      await runner.shows(/\[Agent Fleet\] probe ended with exit code 3\. Press Enter to close this terminal\./);
      assert.match(runner.output, /^\u001b\]633;A\u0007.*\u001b\]633;C\u0007done: all tasks[\s\S]*\u001b\]633;D;3\u0007/);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('an agent that ends at once is still started first', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      const runner = await bench.start(agentArgv('exitAtOnce', '0'));
      await bench.host.event('exited');
      assert.deepEqual(bench.host.events.map((event) => [event.seq, event.kind]), [[1, 'started'], [2, 'exited']]);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('deletes the launch file, keeps its folder private', async function () {
    await Bench.with(async (bench) => {
      const runner = await bench.start(agentArgv('sayReady'));
      await runner.shows(/ready/);
      for (const name of ['launch.json', 'launch.taken.json']) await assert.rejects(access(join(bench.sessionDir, name)));
      if (process.platform === 'win32') return;
      assert.equal((await stat(join(bench.sessionDir, 'hooks'))).mode & 0o777, 0o700);
      assert.equal((await stat(join(bench.sessionDir, 'events.jsonl'))).mode & 0o777, 0o600);
    });
  });

  it('gives the agent its environment, folder and arguments as they are', async () => {
    await Bench.with(async (bench) => {
      const nasty = ['$HOME `id` "x" \'y\' ; rm -rf *', '', 'ü\n'];
      const env = { ONLY_FOR_THE_RUNNER: '1', CLAUDECODE: '1', CLAUDE_CODE_ENTRYPOINT: 'cli', KEPT: 'yes', GONE: '1', FLEET_PI_POLICY: 'x', AGENT_FLEET_ENV_FLEET_PARENT_ID: 'agent-parent', AGENT_FLEET_ENV_NODE_OPTIONS: '--no-warnings' };
      const runner = await bench.start(agentArgv('printEnvironment', ...nasty), { unsetEnv: ['GONE'] }, env);
      const [, json = ''] = await runner.shows(/env (\{.*\})/);
      const seen = JSON.parse(json) as { env: Record<string, string>; cwd: string; argv: string[] };
      assert.deepEqual(seen.argv, nasty);
      assert.equal(seen.cwd, bench.cwd);
      assert.equal(seen.env['KEPT'], 'yes');
      assert.equal(seen.env['FLEET_SESSION_ID'], 'agent-test');
      assert.equal(seen.env['FLEET_PARENT_ID'], 'agent-parent');
      assert.equal(seen.env['FLEET_HOOK_DIR'], join(bench.sessionDir, 'hooks'));
      for (const name of ['ONLY_FOR_THE_RUNNER', 'CLAUDECODE', 'CLAUDE_CODE_ENTRYPOINT', 'GONE', 'FLEET_PI_POLICY', 'AGENT_FLEET_ENV_NODE_OPTIONS']) assert.ok(!(name in seen.env), name);
      assert.equal(seen.env['NODE_OPTIONS'], '--no-warnings');
      assert.ok(!json.includes('secret-token'));
    });
  });

  it('a missing program is said on the terminal and told to the window', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      const runner = await bench.start(['no-such-agent-cli']);
      const failed = await bench.host.event('spawnFailed');
      assert.equal(failed.code, 'ENOENT');
      assert.equal(failed.message, 'probe could not be started: the program no-such-agent-cli was not found on the PATH.');
      await runner.shows(/\[Agent Fleet\] probe could not be started: the program no-such-agent-cli was not found on the PATH\. Press Enter/);
      assert.match(runner.output, /\u001b\]633;D;127\u0007/);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('a file that may not be executed, and a script whose interpreter is missing, are told apart', async function () {
    if (process.platform === 'win32') this.skip();
    await Bench.with(async (bench) => {
      await bench.listen();
      const script = join(bench.folder, 'agent');
      await writeFile(script, '#!/no/such/interpreter\n', { mode: 0o755 });
      await (await bench.start([script])).shows(/names an interpreter that was not found\. Press Enter/);
      await writeFile(script, 'x', { mode: 0o644 });
      await rm(script);
      await writeFile(script, 'x', { mode: 0o644 });
      await (await bench.start([script])).shows(/may not be executed\. Press Enter/);
    });
  });

  it('a folder that is gone is not replaced by another one', async () => {
    await Bench.with(async (bench) => {
      await bench.listen();
      await rm(bench.cwd, { recursive: true });
      const runner = await bench.start(agentArgv('printEnvironment'));
      const failed = await bench.host.event('spawnFailed');
      assert.equal(failed.code, 'ENOENT');
      assert.match(failed.message, /its folder .* is gone\.$/);
      await runner.shows(/its folder .* is gone\. Press Enter/);
      assert.doesNotMatch(runner.output, /env \{/);
    });
  });

  it('a terminal that is started again without a launch file says so, calmly', async () => {
    await Bench.with(async (bench) => {
      const path = await bench.launchFile(agentArgv('sayReady'));
      await rm(path);
      const runner = bench.spawn([process.execPath, join(import.meta.dirname, '../../../src/runner/main.ts'), path], {});
      await runner.shows(/This session has ended\. Start or resume it/);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('of two starts with one launch file, one finds nothing', async () => {
    await Bench.with(async (bench) => {
      const path = await bench.launchFile(agentArgv('sayReady'));
      const results = await Promise.allSettled([takeLaunchFile(path), takeLaunchFile(path)]);
      assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
      // The trace of a start that nobody has heard of yet.
      await access(join(bench.sessionDir, 'launch.taken.json'));
    });
  });

  it('a launch file that cannot be used is a failed start, told in the spool', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.start(agentArgv('sayReady'), { cwd: 'relative' });
      await runner.shows(/cannot be used: a path is not absolute/);
      const { events } = await readSpool(bench.spoolPath, 0);
      assert.deepEqual(events.map((event) => (event.kind === 'spawnFailed' ? event.code : event.kind)), ['BadLaunch']);
      for (const name of ['launch.json', 'launch.taken.json']) await assert.rejects(access(join(bench.sessionDir, name)));
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('what happens while nobody listens is in the spool, and reaches the next window in order', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.start(agentArgv('brokenHooks'));
      await runner.shows(/Press Enter/);
      const { events, bad } = await readSpool(bench.spoolPath, 0);
      assert.equal(bad, 0);
      assert.equal(events[0]?.kind, 'started');
      assert.equal(events.at(-1)?.kind, 'exited');
      await bench.listen();
      await bench.host.event('exited');
      assert.deepEqual(bench.host.events, events);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('killed at once, it leaves a spool that reads, and the agent\'s identity in it', async () => {
    await Bench.with(async (bench) => {
      const runner = await bench.start(agentArgv('hookOnDemand'));
      await runner.shows(/ready/);
      runner.type('a\nb\n');
      while ((await readSpool(bench.spoolPath, 0)).events.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      runner.child.kill('SIGKILL');
      await runner.exit;
      const { events, bad } = await readSpool(bench.spoolPath, 0);
      assert.equal(bad, 0);
      assert.deepEqual(events.map((event) => event.kind), ['started', 'hook', 'hook']);
      const agent = events[0]?.kind === 'started' ? events[0].agent : undefined;
      const probe = new LocalProcessProbe(systemProcessTable());
      assert.equal(await probe.liveness(agent), 'alive');
      assert.deepEqual(await marked('agent-test'), [agent?.pid]);
    });
  });

  it('moves over when another window takes the fleet, and survives the first one\'s death', async () => {
    await Bench.with(async (bench) => {
      const first = await bench.listen();
      const runner = await bench.start(agentArgv('hookOnDemand'));
      await bench.host.event('started');
      const second = await bench.listen();
      await bench.host.point.until(() => second.isConnected('agent-test'));
      await first.close();
      runner.type('x\nexit 4\n');
      const exited = await bench.host.event('exited');
      assert.equal(exited.code, 4);
      assert.deepEqual(bench.host.events.map((event) => event.seq), [1, 2, 3]);
      assert.equal(await runner.pressEnter(), 0);
    });
  });

  it('sends heartbeats with what the tree uses', async () => {
    await Bench.with(async (bench) => {
      const server = await bench.listen();
      const beats: { processes: number; cpuPercent?: number; rssBytes?: number }[] = [];
      server.onHeartbeat(({ heartbeat }) => beats.push(heartbeat));
      await bench.start(agentArgv('ignoreSignals'));
      const beat = await bench.host.point.until(() => beats.find((one) => one.processes === 3 && one.cpuPercent !== undefined));
      assert.ok((beat.rssBytes ?? 0) > 30e6, `${beat.rssBytes}`);
    });
  });
});
