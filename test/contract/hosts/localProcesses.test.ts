import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { LocalProcessProbe, identify } from '../../../src/hosts/local/probe.ts';
import { ProcessTree } from '../../../src/hosts/local/processTree.ts';
import { systemProcessTable } from '../../../src/hosts/local/systemTable.ts';

const idle = ['-e', 'setInterval(() => {}, 1e6); console.log("ready")'];

async function startIdle(env: NodeJS.ProcessEnv = {}): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, idle, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return child as unknown as ChildProcess & { pid: number };
}

async function end(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

describe('processes of this machine', function () {
  this.timeout(30_000);
  const table = systemProcessTable();
  const probe = new LocalProcessProbe(table);

  it('are known by pid, start time and boot id, while they live', async () => {
    const child = await startIdle();
    const identity = await identify(table, child.pid);
    assert.equal(identity.pid, child.pid);
    assert.ok(identity.startTime !== undefined);
    assert.equal(await probe.liveness(identity), 'alive');
    assert.equal(await probe.liveness({ ...identity, startTime: `${identity.startTime}1` }), 'dead');
    assert.equal(await probe.liveness({ ...identity, bootId: 'another boot' }), identity.bootId === undefined ? 'alive' : 'dead');
    assert.equal(await probe.liveness({ pid: child.pid }), 'unknown');
    await end(child);
    assert.equal(await probe.liveness(identity), 'dead');
  });

  it('without a record, or with pids that mean something else, nothing is claimed', async () => {
    assert.equal(await probe.liveness(undefined), 'unknown');
    assert.equal(await probe.liveness({ pid: 0, startTime: '1' }), 'unknown');
    assert.equal(await probe.liveness({ pid: -1, startTime: '1' }), 'unknown');
  });

  it('are signalled by identity only', async () => {
    const child = await startIdle();
    const identity = await identify(table, child.pid);
    const tree = new ProcessTree(table, { root: identity, supervisorPid: process.pid });
    const [member] = await tree.members({ full: true });
    assert.equal(member?.pid, child.pid);
    const stranger = { pid: child.pid, parentPid: 1, startTime: 'not this one' };
    assert.deepEqual((await tree.signal([stranger], 'SIGKILL')).gone, [child.pid]);
    assert.equal(await probe.liveness(identity), 'alive');
    const exit = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    assert.deepEqual((await tree.signal([member], 'SIGKILL')).signalled, [child.pid]);
    assert.equal(await exit, 'SIGKILL');
  });

  it('belong to a session by its mark, wherever they hang in the tree', async function () {
    if (process.platform !== 'linux') this.skip();
    const [member, stranger] = [await startIdle({ FLEET_TEST_MARK: 'm-1' }), await startIdle({ FLEET_TEST_MARK: 'm-12' })];
    const tree = new ProcessTree(table, {
      root: { pid: 999_999_999, startTime: '0' },
      supervisorPid: process.pid,
      mark: { name: 'FLEET_TEST_MARK', value: 'm-1' },
    });
    assert.deepEqual((await tree.members({ full: true })).map((row) => row.pid), [member.pid]);
    const usage = await tree.usage();
    assert.ok((usage.rssBytes ?? 0) > 10e6);
    await end(member);
    await end(stranger);
    assert.deepEqual(await tree.members({ full: true }), []);
  });
});
