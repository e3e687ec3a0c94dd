import assert from 'node:assert/strict';
import { endAllSessions, type EndAllReport } from '../../../src/core/endAllSessions.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const [connected, lost, ended] = [sessionId(1), sessionId(2), sessionId(3)];

describe('L10: ending all sessions', () => {
  let window: FakeWindow;
  afterEach(() => window.dispose());

  function endAll(reason?: string): Promise<EndAllReport> {
    const { fleet, controller, time, recovery } = window;
    return endAllSessions({ fleet, controller, timers: time, liveness: (session) => recovery.liveness(session), patienceMs: 10_000 }, reason);
  }

  it('ends processes first, each by its cancel; what has none is terminated with the reason', async () => {
    window = await FakeWindow.open([aSession({ id: connected, name: 'a', runner: { pid: 1 } }), aSession({ id: lost, name: 'b', runner: { pid: 2 } }), aSession({ id: ended, name: 'c', status: 'completed' })]);
    window.machine.canLook = false;
    window.runners.connect(connected);
    const report = endAll('going home');
    await settle();
    assert.equal(window.runners.stops(connected).length, 1);
    assert.equal(window.fleet.get(connected).status, 'running', 'not before its process is gone');
    await window.fleet.applyRunnerEvents(connected, [event(1, exited(0, { cause: 'stopped' }))]);
    await window.time.advance(10_000);
    assert.deepEqual(await report, { ended: 1, closed: 1, left: 0, problems: [] });
    assert.deepEqual(
      [connected, lost, ended].map((id) => [window.fleet.get(id).status, window.fleet.get(id).outcome]),
      [['cancelled', { type: 'cancelled', reason: 'going home' }], ['terminated', { type: 'terminated', reason: 'going home' }], ['completed', undefined]],
    );
  });

  it('leaves what is proven alive in the list until it is gone', async () => {
    window = await FakeWindow.open([aSession({ id: connected, name: 'a', runner: { pid: 1 } }), aSession({ id: lost, name: 'b', runner: { pid: 2 } })]);
    window.machine.canLook = false;
    window.runners.connect(connected);
    const report = endAll();
    await window.time.advance(10_000);
    assert.deepEqual(await report, { ended: 0, closed: 1, left: 1, problems: [] });
    assert.deepEqual([window.fleet.get(connected).status, window.fleet.get(lost).status], ['running', 'terminated']);
    assert.ok(window.fleet.get(connected).stopRequest !== undefined, 'whoever reaches it later ends it');
  });

  it('waits no longer than it must, and nothing active is no error', async () => {
    window = await FakeWindow.open([aSession({ id: ended, status: 'failed' })]);
    assert.deepEqual(await endAll(), { ended: 0, closed: 0, left: 0, problems: [] });
  });

  it('tells what went wrong and ends the others', async () => {
    window = await FakeWindow.open([aSession({ id: connected, name: 'a', runner: { pid: 1 } }), aSession({ id: lost, name: 'b', status: 'provisioning' })]);
    window.terminals.canAdopt = false;
    window.runners.connect(connected);
    window.runners.fault = new Error('The socket is gone.');
    const report = endAll();
    await window.time.advance(10_000);
    const { closed, left, problems } = await report;
    assert.deepEqual([closed, left, problems, window.fleet.get(lost).status], [0, 1, ['The socket is gone.'], 'cancelled']);
  });
});
