import assert from 'node:assert/strict';
import { ExternalSessions } from '../../../src/core/externalSessions.ts';
import { QueuedFleetRegistry } from '../../../src/core/fleetRegistryPort.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';
import { FakeWindow } from '../../fakes/window.ts';

describe('sessions of other extensions', () => {
  let window: FakeWindow;
  let registry: QueuedFleetRegistry;
  beforeEach(async () => {
    window = await FakeWindow.open([aSession({ id: sessionId(1) })]);
    const { fleet, time: clock, logger } = window;
    registry = new QueuedFleetRegistry({ fleet: new ExternalSessions({ fleet, clock, cwd: () => '/w' }), clock, logger });
  });
  afterEach(() => window.dispose());

  it('are listed as external and running, and end as they are told to', async () => {
    for (const [id, status] of [['a', 'completed'], ['b', 'failed'], ['c', 'cancelled']] as const) {
      registry.registerActive({ id, agentName: `agent ${id}`, startedAt: wallStart - 1000 });
      await registry.idle();
      const { name, status: now, channel, kind, startedAt } = window.fleet.get(id);
      assert.deepEqual([name, now, channel, kind, startedAt], [`agent ${id}`, 'running', 'external', 'child_agent', wallStart - 1000]);
      registry.markTerminal(id, status);
      registry.markTerminal(id, 'failed');
      await registry.idle();
      assert.equal(window.fleet.get(id).status, status, 'the first end is final');
    }
    assert.deepEqual(window.fleet.get('a').outcome, { type: 'completed', by: 'exit' });
    assert.deepEqual((await window.fleet.feed.listSince(0)).entries.map(({ sessionId: id }) => id), ['a', 'b', 'c']);
  });

  it('an end without a beginning makes its row first', async () => {
    registry.markTerminal('late', 'completed');
    await registry.idle();
    assert.deepEqual([window.fleet.get('late').status, window.fleet.get('late').name], ['completed', 'late']);
  });

  it('ours cannot be registered again or ended from outside', async () => {
    registry.registerActive({ id: sessionId(1), agentName: 'x', startedAt: 0 });
    registry.markTerminal(sessionId(1), 'completed');
    await registry.idle();
    assert.deepEqual(window.fleet.get(sessionId(1)), aSession({ id: sessionId(1) }));
    assert.match(JSON.stringify(window.logger.lines), /is not recorded/);
  });

  it('one that has left the list is not made anew', async () => {
    registry.markTerminal('old', 'failed');
    await registry.idle();
    await window.fleet.collect();
    registry.registerActive({ id: 'old', agentName: 'old', startedAt: 0 });
    await registry.idle();
    assert.deepEqual([window.fleet.find('old'), window.store.evicted.has('old')], [undefined, true]);
  });

  it('an id that is no safe name of a folder is refused', async () => {
    for (const id of ['../up', '', 'a/b', 'x'.repeat(129), 'a b']) registry.registerActive({ id, agentName: 'x', startedAt: 0 });
    await registry.idle();
    assert.equal(window.fleet.sessions.length, 1);
  });
});
