import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import type { Session } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const ladder = { from: 'SIGINT', graceMs: 750 };

function refusal(message: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFleetError(error, 'Refused'), String(error));
    assert.equal(error.message, message);
    return true;
  };
}

describe('SessionController', () => {
  let window: FakeWindow;
  const session = (): Session => window.fleet.get(id);

  async function open(patch: Partial<Session> = {}, has: { terminal?: boolean; runner?: boolean } = { terminal: true, runner: true }): Promise<void> {
    const { machine } = (window = new FakeWindow({ store: new MemoryStore([aSession({ runner: { pid: 10 }, agent: { pid: 11 }, ...patch })]) }));
    machine.canLook = false;
    if (has.terminal) window.terminals.open(id);
    window.terminals.canAdopt = has.terminal ?? false;
    await window.fleet.open();
    if (has.runner) window.runners.connect(id);
    await settle();
    window.changes.length = 0;
  }
  /** As a session is whose runner has not said a word yet. */
  async function openStarting(terminal: boolean): Promise<void> {
    window = await FakeWindow.open([aSession({ status: 'provisioning' })]);
    window.folders.make(id, { isPending: true });
    if (terminal) window.terminals.open(id);
  }
  afterEach(() => window.dispose());

  describe('L6, L7: cancel', () => {
    it('connected: the ladder is ordered; the row becomes cancelled when the process is gone, not before', async () => {
      await open();
      await window.controller.cancel(id, '  enough ');
      assert.deepEqual(window.runners.stops(id), [ladder]);
      assert.deepEqual([session().status, session().stopRequest?.reason], ['running', 'enough']);
      await window.fleet.applyRunnerEvents(id, [event(1, { kind: 'stopping', signal: 'SIGINT' }), event(2, exited(130, { cause: 'stopped' }))]);
      assert.deepEqual([session().status, session().outcome], ['cancelled', { type: 'cancelled', reason: 'enough' }]);
    });

    it('twice: the second is refused in words, and the runner is told once', async () => {
      await open();
      await Promise.all([
        window.controller.cancel(id, undefined),
        settle().then(() => assert.rejects(window.controller.cancel(id, undefined), refusal('“docs” is being cancelled already: its processes are ending.'))),
      ]);
      assert.equal(window.runners.stops(id).length, 1);
    });

    for (const status of ['completed', 'failed', 'cancelled'] as const) {
      it(`L3: what is ${status} cannot be cancelled, in words`, async () => {
        await open({ status });
        await assert.rejects(window.controller.cancel(id, undefined), refusal(`“docs” cannot be cancelled: it has ended: ${status}.`));
        assert.equal(session().stopRequest, undefined);
      });
    }

    it('still starting: told when the runner calls', async () => {
      await openStarting(true);
      await window.controller.cancel(id, undefined);
      assert.deepEqual(window.runners.orders, []);
      await window.time.advance(1999);
      window.runners.connect(id);
      await settle();
      assert.deepEqual(window.runners.stops(id), [ladder]);
      await window.time.advance(60_000);
      assert.deepEqual([window.terminals.closed, window.runners.stops(id).length], [[], 1]);
    });

    it('still starting, and the runner never calls: its terminal is closed, and it is cancelled soon after', async () => {
      await openStarting(true);
      await window.controller.cancel(id, 'no');
      await assert.rejects(window.controller.cancel(id, 'no'), refusal('“docs” is being cancelled already: its processes are ending.'));
      await window.time.advance(2000);
      assert.deepEqual([window.terminals.closed, session().status], [[id], 'provisioning']);
      await window.time.advance(3000);
      assert.deepEqual([session().status, session().outcome], ['cancelled', { type: 'cancelled', reason: 'no' }]);
    });

    it('no process and no terminal: cancelled at once', async () => {
      await openStarting(false);
      await window.controller.cancel(id, '   ');
      assert.deepEqual([session().status, session().outcome], ['cancelled', { type: 'cancelled' }]);
    });

    it('a known process without runner or terminal: remembered, and left to the evidence', async () => {
      await open({}, {});
      await window.controller.cancel(id, undefined);
      assert.deepEqual([session().status, session().stopRequest !== undefined], ['running', true]);
    });

    it('a runner that takes no order: its terminal is closed', async () => {
      await open();
      window.runners.fault = new Error('Timeout');
      await window.controller.cancel(id, undefined);
      assert.deepEqual(window.terminals.closed, [id]);
    });

    it('a runner that takes no order, and no terminal here: the failure is told, and cancelling can be tried again', async () => {
      await open({}, { runner: true });
      window.runners.fault = new Error('Timeout');
      await assert.rejects(window.controller.cancel(id, undefined), /Timeout/);
      window.runners.fault = undefined;
      await window.controller.cancel(id, undefined);
      assert.deepEqual(window.runners.stops(id), [ladder]);
    });

    it('a stop that was asked for before the runner came back is delivered then', async () => {
      await open({ stopRequest: { at: 1 } }, { terminal: true });
      window.runners.connect(id);
      await settle();
      assert.deepEqual(window.runners.stops(id), [ladder]);
    });

    it('while it is being ended: no prompt and no interrupt, in words', async () => {
      await open();
      await window.controller.cancel(id, undefined);
      await assert.rejects(window.controller.sendPrompt(id, 'go'), refusal('“docs” cannot take a prompt: it is being ended.'));
      await assert.rejects(window.controller.interrupt(id), refusal('“docs” has no turn to interrupt: it is being ended.'));
    });

    it('a stop that nothing carries out can be asked for again', async () => {
      await open({ stopRequest: { at: 1 } }, { terminal: true });
      await window.controller.cancel(id, undefined);
      await window.time.advance(2000);
      assert.deepEqual(window.terminals.closed, [id]);
    });

    it('another window manages the fleet: refused', async () => {
      const store = new MemoryStore([aSession()]);
      store.role = 'reader';
      window = await FakeWindow.open([], { store });
      await assert.rejects(window.controller.cancel(id, undefined), refusal('“docs” cannot be cancelled: another window manages this fleet and does not answer.'));
    });
  });

  describe('L6: complete', () => {
    it('records it with the summary, then ends the agent', async () => {
      await open();
      await window.controller.complete(id, ' all done ');
      assert.deepEqual(session().outcome, { type: 'completed', by: 'person', summary: 'all done' });
      await settle();
      assert.deepEqual(window.runners.stops(id), [{ from: 'SIGTERM', graceMs: 750 }]);
      await window.fleet.applyRunnerEvents(id, [event(1, exited(143, { cause: 'stopped' }))]);
      assert.equal(session().status, 'completed');
    });

    it('a blank summary is none; a session that is starting or has ended is refused', async () => {
      await open();
      await window.controller.complete(id, ' ');
      assert.deepEqual(session().outcome, { type: 'completed', by: 'person' });
      await assert.rejects(window.controller.complete(id, undefined), refusal('“docs” cannot be marked completed: it has ended: completed.'));
      window.dispose();
      await openStarting(true);
      await assert.rejects(window.controller.complete(id, undefined), refusal('“docs” cannot be marked completed: it is still starting.'));
    });

    it('while the runner is away: the agent is ended when it comes back', async () => {
      await open({}, { terminal: true });
      await window.controller.complete(id, undefined);
      assert.deepEqual(window.runners.orders, []);
      window.runners.connect(id);
      await settle();
      assert.deepEqual(window.runners.stops(id), [{ from: 'SIGTERM', graceMs: 750 }]);
      await window.time.advance(60_000);
      assert.deepEqual(window.terminals.closed, []);
    });

    it('the runner stays away: the terminal is closed', async () => {
      await open({}, { terminal: true });
      await window.controller.complete(id, undefined);
      await window.time.advance(1999);
      assert.deepEqual(window.terminals.closed, []);
      await window.time.advance(1);
      assert.deepEqual([window.terminals.closed, session().status], [[id], 'completed']);
    });

    it('a runner that takes no order: its terminal is closed', async () => {
      await open();
      window.runners.fault = new Error('Timeout');
      await window.controller.complete(id, undefined);
      await settle();
      assert.deepEqual(window.terminals.closed, [id]);
    });
  });

  it('V4: the runner of a session whose status cannot be read is left alone', async () => {
    await open({ status: 'unknown' });
    assert.deepEqual(window.runners.stops(id), []);
  });

  describe('interrupt', () => {
    it('by keys', async () => {
      await open();
      await window.controller.interrupt(id);
      assert.deepEqual([window.terminals.typed(id), session().status], [['\u001b'], 'running']);
      assert.equal((await window.fleet.history(id)).at(-1)?.kind, 'interrupted');
    });

    it('by signal', async () => {
      await open();
      window.catalog.driver.interrupt = { type: 'signal', signal: 'SIGINT' };
      await window.controller.interrupt(id);
      assert.deepEqual([window.terminals.typed(id), window.runners.orders.at(-1)?.order], [[], 'SIGINT']);
    });

    it('of an agent that we no longer know: Ctrl+C', async () => {
      await open({ driver: 'removed' });
      await window.controller.interrupt(id);
      assert.deepEqual(window.terminals.typed(id), ['\u0003']);
    });

    it('is possible while it asks, and refused when there is nothing to interrupt', async () => {
      await open({ signal: { activity: 'needs_permission', source: 'hook', at: 1 } });
      await window.controller.interrupt(id);
      window.terminals.lose(id, 'user');
      await window.fleet.applyRunnerEvents(id, [event(1, { kind: 'hook', name: 'Hook', payload: [{ type: 'activity', activity: 'idle' }] })]);
      window.terminals.open(id);
      await assert.rejects(window.controller.interrupt(id), refusal('“docs” has no turn to interrupt: it is idle.'));
      await window.fleet.applyRunnerEvents(id, [event(2, { kind: 'hook', name: 'Hook', payload: [{ type: 'activity', activity: 'working' }] })]);
      window.terminals.lose(id, 'user');
      await assert.rejects(window.controller.interrupt(id), refusal('“docs” has no turn to interrupt: its terminal is closed, or belongs to another window.'));
      await window.controller.complete(id, undefined);
      await assert.rejects(window.controller.interrupt(id), refusal('“docs” has no turn to interrupt: it has ended: completed.'));
    });
  });

  it('reveal shows the terminal, or says why not', async () => {
    await open();
    window.controller.reveal(id);
    assert.deepEqual(window.terminals.revealed, [id]);
    window.terminals.lose(id, 'user');
    assert.throws(() => window.controller.reveal(id), refusal('“docs” has no terminal here: it was closed, or it belongs to another window.'));
    assert.throws(() => window.controller.reveal('agent-x'), (error) => isFleetError(error, 'NotFound'));
  });

  describe('a workspace that is not trusted', () => {
    for (const [what, act, told] of [
      ['prompt', () => window.controller.sendPrompt(id, 'go'), 'cannot take a prompt'],
      ['interrupt', () => window.controller.interrupt(id), 'has no turn to interrupt'],
      ['complete', () => window.controller.complete(id, undefined), 'cannot be marked completed'],
      ['cancel', () => window.controller.cancel(id, undefined), 'cannot be cancelled'],
    ] as const) {
      it(`${what} is refused in words`, async () => {
        await open();
        window.isTrusted = false;
        await assert.rejects(act(), refusal(`“docs” ${told}: this workspace is not trusted.`));
        assert.deepEqual([window.terminals.typed(id), window.runners.stops(id), session().status, session().stopRequest], [[], [], 'running', undefined]);
      });
    }

    it('the terminal can be shown', async () => {
      await open();
      window.isTrusted = false;
      window.controller.reveal(id);
      assert.deepEqual(window.terminals.revealed, [id]);
    });
  });

  it('nothing leaks: with a cancel under way, dispose leaves no timer', async () => {
    await openStarting(true);
    await window.controller.cancel(id, undefined);
    window.dispose();
    assert.equal(window.time.pending, 0);
    await window.time.advance(10_000);
    assert.deepEqual(window.terminals.closed, []);
  });
});
