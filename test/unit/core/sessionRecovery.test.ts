import assert from 'node:assert/strict';
import type { Session } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { FakeMachine } from '../../fakes/processes.ts';
import { FakeFolders } from '../../fakes/sessionFolders.ts';
import { aSession, event, exited, started, wallStart } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeTime, settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const lost = 'its processes are gone and nobody saw how they ended (the editor or the machine stopped); exit code unknown';

describe('SessionRecovery', () => {
  let machine: FakeMachine;
  let folders: FakeFolders;
  let store: MemoryStore;
  let time: FakeTime;
  let window: FakeWindow;
  const session = (): Session => window.fleet.get(id);

  /** A session whose runner (pid 10) and agent (pid 11) are alive, as an earlier window left it. */
  function leave(patch: Partial<Session> = {}): void {
    store.rows.set(id, aSession({ runner: machine.start(10), agent: machine.start(11), ...patch }));
    folders.make(id);
  }

  /** The next window: opens, and looks at what was left. */
  async function reload(): Promise<void> {
    window = new FakeWindow({ store, folders, machine, time });
    await window.fleet.open();
    await time.advance(0);
  }

  beforeEach(() => {
    [machine, folders, store, time] = [new FakeMachine(), new FakeFolders(), new MemoryStore(), new FakeTime()];
  });
  afterEach(() => window.dispose());

  describe('L10, V5: after opening', () => {
    it('the spool holds the exit: the right end, with its code', async () => {
      leave({ lastRunnerSeq: 1 });
      folders.make(id, { events: [event(1, started), event(2, exited(3))] });
      machine.reboot();
      await reload();
      assert.deepEqual([session().status, session().outcome, session().completedAt], ['failed', { type: 'failed', error: 'exited with code 3', exitCode: 3 }, wallStart + 2000]);
    });

    it('alive: nothing changes until the runner calls; then its terminal is adopted and reframed', async () => {
      leave();
      await reload();
      await time.advance(120_000);
      assert.deepEqual([session(), store.writes, window.recovery.liveness(session())], [store.rows.get(id), [], 'alive']);
      window.runners.connect(id, { pid: 10 });
      await settle();
      assert.deepEqual(window.terminals.adopted, [{ sessionId: id, runnerPid: 10 }]);
      assert.deepEqual(window.runners.orders, [{ sessionId: id, order: 'reframe' }]);
      assert.equal(time.pending, 0, 'a session whose runner talks needs no looking after');
    });

    for (const [what, happen] of [
      ['the processes are gone', () => [10, 11].forEach((pid) => machine.kill(pid))],
      ['V2: the pids belong to others now', () => [10, 11].forEach((pid) => machine.start(pid, 'later'))],
      ['V2: the machine was started anew, and the pids are in use again', () => (machine.reboot(), [10, 11].forEach((pid) => machine.start(pid)))],
    ] as const) {
      it(`V5: ${what}, and there are no last words: terminated with the reason; the second run changes nothing`, async () => {
        leave();
        happen();
        await reload();
        assert.deepEqual([session().status, session().outcome], ['terminated', { type: 'terminated', reason: lost }]);
        const writes = store.writes.length;
        window.dispose();
        await reload();
        await time.advance(60_000);
        assert.deepEqual([store.writes.length, session().status], [writes, 'terminated']);
      });
    }

    it('a stop was asked for, and the processes are gone: cancelled', async () => {
      leave({ stopRequest: { at: 1, reason: 'enough' } });
      machine.reboot();
      await reload();
      assert.deepEqual(session().outcome, { type: 'cancelled', reason: 'enough' });
    });

    it('V4: no evidence: it stays, for however long', async () => {
      leave();
      machine.canLook = false;
      await reload();
      await time.advance(3_600_000);
      assert.deepEqual([session().status, store.writes, window.recovery.liveness(session())], ['running', [], 'unknown']);
    });

    it('V4: a process without a start time proves nothing', async () => {
      leave({ runner: { pid: 10 }, agent: { pid: 11 } });
      await reload();
      assert.deepEqual([session().status, window.recovery.liveness(session())], ['running', 'unknown']);
    });

    it('one of two is dead: it stays, whichever it is', async () => {
      for (const pid of [10, 11]) {
        leave();
        machine.kill(pid);
        await reload();
        assert.deepEqual([session().status, window.recovery.liveness(session())], ['running', 'alive']);
        window.dispose();
      }
    });

    it('what has ended is not looked at', async () => {
      leave({ status: 'completed' });
      await reload();
      assert.deepEqual([time.pending, window.recovery.liveness(session())], [0, 'dead']);
    });

    it('a reader sees who is alive, again and again, and decides nothing; when it becomes the owner it does', async () => {
      leave();
      store.role = 'reader';
      await reload();
      assert.equal(window.recovery.liveness(session()), 'alive');
      machine.reboot();
      folders.make(id, { events: [event(1, exited(0))], skipped: 1 });
      await time.advance(15_000);
      assert.deepEqual([window.recovery.liveness(session()), session().status, store.writes], ['dead', 'running', []]);
      folders.make(id);
      store.becomeOwner();
      await time.advance(0);
      assert.equal(session().status, 'terminated');
    });

    it('last words that the runner wrote between the two looks count', async () => {
      leave();
      machine.reboot();
      let looks = 0;
      folders.duringSpool = () => {
        if (++looks === 2) folders.make(id, { events: [event(1, exited(0))] });
      };
      await reload();
      assert.equal(session().status, 'completed');
    });

    it('S3: sessions of one window at a time: dead and alive side by side', async () => {
      leave();
      store.rows.set(sessionId(2), aSession({ id: sessionId(2), runner: machine.start(20), agent: machine.start(21) }));
      machine.kill(10);
      machine.kill(11);
      await reload();
      assert.deepEqual(window.fleet.sessions.map(({ status }) => status), ['terminated', 'running']);
    });
  });

  describe('a start that nobody saw', () => {
    it('the launch file is still there: aborted after 30 s, not before', async () => {
      store.rows.set(id, aSession({ status: 'provisioning' }));
      folders.make(id, { isPending: true });
      await reload();
      await time.advance(29_000);
      assert.equal(session().status, 'provisioning');
      await time.advance(1000);
      assert.deepEqual(session().outcome, { type: 'aborted', reason: 'the window closed before the agent started' });
    });

    it('the launch file was taken: a runner is on its way, it stays', async () => {
      store.rows.set(id, aSession({ status: 'provisioning' }));
      folders.make(id, { isPending: false });
      await reload();
      await time.advance(600_000);
      assert.equal(session().status, 'provisioning');
    });

    it('its terminal is open here: it stays', async () => {
      store.rows.set(id, aSession({ status: 'provisioning' }));
      folders.make(id, { isPending: true });
      await reload();
      window.terminals.open(id);
      await time.advance(600_000);
      assert.equal(session().status, 'provisioning');
    });

    it('its stop was asked for: cancelled at once', async () => {
      store.rows.set(id, aSession({ status: 'provisioning', stopRequest: { at: 1 } }));
      folders.make(id, { isPending: true });
      await reload();
      assert.deepEqual(session().outcome, { type: 'cancelled' });
    });
  });

  describe('while the window lives', () => {
    beforeEach(async () => {
      leave();
      await reload();
      window.runners.connect(id, { pid: 10 });
      await settle();
    });

    it('a connection that comes back within the grace changes nothing', async () => {
      machine.canLook = false;
      window.runners.disconnect(id);
      await time.advance(2999);
      window.runners.connect(id, { pid: 10 });
      await time.advance(60_000);
      assert.deepEqual([store.writes, session().status, time.pending], [[], 'running', 0]);
    });

    it('a runner that was killed with its agent: terminated after the grace', async () => {
      machine.kill(10);
      machine.kill(11);
      window.runners.disconnect(id);
      await time.advance(2999);
      assert.equal(session().status, 'running');
      await time.advance(1);
      assert.equal(session().status, 'terminated');
    });

    it('V10: the terminal is open and the system says gone: the system wins', async () => {
      machine.reboot();
      window.terminals.open(id);
      window.runners.disconnect(id);
      await time.advance(3000);
      assert.equal(session().status, 'terminated');
    });

    it('V8: a silent agent stays running', async () => {
      await time.advance(3_600_000);
      assert.deepEqual([session().status, store.writes], ['running', []]);
    });

    it('a terminal that is closed by the person: looked at after the grace; by the editor shutting down: not at all', async () => {
      window.runners.disconnect(id);
      await time.advance(3000);
      machine.reboot();
      window.terminals.lose(id, 'user');
      await time.advance(3000);
      assert.equal(session().status, 'terminated');
    });

    it('the editor shuts down: nothing is judged', async () => {
      window.terminals.lose(id, 'shutdown');
      await time.advance(60_000);
      assert.equal(time.pending, 0);
    });

    it('the runner is dead and the agent alive: cancel ends the agent by its identity, and it is cancelled', async () => {
      machine.kill(10);
      window.runners.disconnect(id);
      window.terminals.lose(id, 'process');
      await time.advance(5000);
      assert.equal(session().status, 'running');
      await window.controller.cancel(id, 'enough');
      await time.advance(0);
      assert.deepEqual(machine.ended, [{ pid: 11, startTime: 't11', bootId: 'boot-1' }]);
      assert.deepEqual(session().outcome, { type: 'cancelled', reason: 'enough' });
    });

    it('the runner is dead and the agent alive: complete ends the agent, too, and it is completed', async () => {
      machine.kill(10);
      window.runners.disconnect(id);
      window.terminals.lose(id, 'process');
      machine.isStubborn = true;
      await window.controller.complete(id, 'done');
      await time.advance(0);
      machine.isStubborn = false;
      await time.advance(15_000);
      assert.deepEqual(machine.ended.map(({ pid }) => pid), [11, 11]);
      assert.deepEqual([session().outcome, time.pending], [{ type: 'completed', by: 'person', summary: 'done' }, 0]);
    });

    it('completed while nobody could end the agent: the next window ends it, once', async () => {
      window.runners.disconnect(id);
      window.terminals.lose(id, 'shutdown');
      await window.controller.complete(id, undefined);
      await time.advance(0);
      window.dispose();
      assert.deepEqual(machine.ended, [], 'its runner lived');
      machine.kill(10);
      await reload();
      assert.deepEqual([machine.ended.length, session().status, time.pending], [1, 'completed', 0]);
    });

    it('an agent that outlives even that stays running, and is tried again', async () => {
      machine.isStubborn = true;
      machine.kill(10);
      window.runners.disconnect(id);
      window.terminals.lose(id, 'process');
      await window.controller.cancel(id, undefined);
      await time.advance(0);
      assert.equal(session().status, 'running');
      machine.isStubborn = false;
      await time.advance(15_000);
      assert.deepEqual([session().status, machine.ended.length], ['cancelled', 2]);
    });

    it('a stop that is asked for during a look is carried out at once, not at the next regular look', async () => {
      machine.kill(10);
      window.terminals.lose(id, 'process');
      window.runners.disconnect(id);
      machine.duringLook = () => void window.fleet.requestStop(id, 'now');
      await time.advance(3100);
      assert.equal(session().status, 'cancelled');
    });

    it('tells a change of the verdict once', async () => {
      const told: string[] = [];
      window.recovery.onDidChangeLiveness(({ sessionId: who }) => told.push(window.recovery.liveness(window.fleet.get(who))));
      machine.canLook = false;
      window.runners.disconnect(id);
      await time.advance(60_000);
      assert.deepEqual(told, ['unknown']);
      window.runners.connect(id, { pid: 10 });
      assert.deepEqual(told, ['unknown', 'alive']);
    });

    it('nothing leaks: after dispose no timer is left and nothing is looked at', () => {
      window.runners.disconnect(id);
      window.dispose();
      assert.equal(time.pending, 0);
      window.runners.disconnect(id);
      assert.equal(time.pending, 0);
    });
  });

  describe('troubles', () => {
    it('bad lines of a spool are counted once, however often it is read', async () => {
      leave();
      folders.make(id, { skipped: 2 });
      await reload();
      await time.advance(60_000);
      assert.equal(session().skipped, 2);
      folders.make(id, { skipped: 3 });
      await time.advance(60_000);
      assert.equal(session().skipped, 3);
      window.dispose();
      await reload();
      await time.advance(60_000);
      assert.equal(session().skipped, 3, 'also after a reload');
    });

    it('a spool or a process table that cannot be read now is read later', async () => {
      leave();
      machine.reboot();
      folders.spoolFault = new Error('EIO');
      await reload();
      folders.spoolFault = undefined;
      machine.fault = new Error('ps failed');
      await time.advance(15_000);
      assert.equal(session().status, 'running');
      machine.fault = undefined;
      await time.advance(15_000);
      assert.equal(session().status, 'terminated');
      assert.equal(window.logger.complaints.length, 2);
    });

    it('a disk that cannot be written does not hide what became of a session', async () => {
      leave();
      folders.make(id, { events: [event(1, started)] });
      machine.reboot();
      store.failWith('disk full');
      await reload();
      assert.equal(session().status, 'terminated');
      assert.ok(window.logger.complaints.length > 0 && window.logger.complaints.every((line) => line.startsWith('warn ')));
    });
  });
});
