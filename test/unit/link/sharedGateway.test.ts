import assert from 'node:assert/strict';
import { Emitter } from '../../../src/base/event.ts';
import { nullLogger } from '../../../src/base/ports.ts';
import type { Role } from '../../../src/link/fleetRole.ts';
import { SharedGateway } from '../../../src/link/sharedGateway.ts';
import { FakeRoad } from '../../fakes/runnerRoad.ts';

describe('S3: the road to the runners', () => {
  let local: FakeRoad;
  let remote: FakeRoad;
  let gateway: SharedGateway;
  let role: Role;
  let heard: string[];
  const changed = new Emitter<void>(nullLogger);
  const become = (next: Role): void => {
    role = next;
    changed.fire();
  };
  beforeEach(() => {
    [local, remote, role, heard] = [new FakeRoad(), new FakeRoad(), 'none', []];
    gateway = new SharedGateway({ local, remote, role: { get current() { return role; }, onDidChange: changed.event }, logger: nullLogger });
    gateway.onDidConnect(({ sessionId }) => heard.push(`+${sessionId}`));
    gateway.onDidDisconnect(({ sessionId }) => heard.push(`-${sessionId}`));
    gateway.onHeartbeat(({ sessionId }) => heard.push(`*${sessionId}`));
  });
  afterEach(() => gateway.dispose());

  it('is the own one for the owner, and the other one is not heard', async () => {
    become('owner');
    local.connect('a');
    remote.connect('b');
    remote.beat('b', { at: 1, processes: 1 });
    local.beat('a', { at: 1, processes: 1 });
    await gateway.stop('a', { from: 'SIGINT', graceMs: 1 });
    await gateway.start();
    assert.deepEqual([heard, local.orders.length, local.starts, remote.starts], [['+a', '*a'], 1, 1, 0]);
    assert.deepEqual([gateway.isConnected('a'), gateway.isConnected('b'), gateway.connected.length], [true, false, 1]);
  });

  it("is the owner's for a reader", async () => {
    become('reader');
    remote.connect('b');
    await gateway.signal('b', 'SIGINT');
    await gateway.reframe('b');
    await gateway.start();
    assert.deepEqual([heard, remote.orders.length, remote.starts, local.starts], [['+b'], 2, 1, 0]);
  });

  it('a take-over: runners that are gone go, those that call here come, those that stay stay', () => {
    become('reader');
    for (const id of ['a', 'b']) remote.connect(id);
    for (const id of ['b', 'c']) local.connect(id);
    heard.length = 0;
    become('owner');
    assert.deepEqual([heard, local.releases], [['-a', '+c'], 0]);
    remote.disconnect('b');
    assert.deepEqual(heard, ['-a', '+c']);
  });

  it('another window took over: the own socket is let go, so that runners look for the new owner', async () => {
    become('owner');
    local.connect('a');
    become('reader');
    await Promise.resolve();
    assert.deepEqual([heard, local.releases], [['+a', '-a'], 1]);
  });
});
