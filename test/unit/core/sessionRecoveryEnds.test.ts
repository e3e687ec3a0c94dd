import assert from 'node:assert/strict';
import { isActive, type Session } from '../../../src/core/session.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { sessionId } from '../../fakes/ids.ts';
import { FakeMachine } from '../../fakes/processes.ts';
import { FakeFolders } from '../../fakes/sessionFolders.ts';
import { aSession, event, exited, started } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeTime, settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);

describe('SessionRecovery: what is not ours, and who has ended on paper only', () => {
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

  describe('whose processes are judged', () => {
    for (const [what, happen] of [
      ['its pids are not in our process table', () => [10, 11].forEach((pid) => machine.kill(pid))],
      ['our boot id is another one', () => machine.reboot()],
      ['by chance the pid of its runner is free and that of its agent is in use', () => machine.kill(10)],
    ] as const) {
      it(`V4, V5: a session of another host, ${what}: unknown, neither terminated nor ended, also when its stop was asked for`, async () => {
        for (const patch of [{}, { stopRequest: { at: 1 }, status: 'terminated' }, { stopRequest: { at: 1 } }, { stopRequest: { at: 1 }, status: 'completed' }, { retireRequest: { at: 1 }, status: 'terminated' }] as const) {
          leave({ host: 'container', ...patch });
          happen();
          await reload();
          await time.advance(60_000);
          assert.deepEqual([session(), store.writes, machine.ended], [store.rows.get(id), [], []]);
          if (isActive(session().status)) assert.equal(window.recovery.liveness(session()), 'unknown');
          window.dispose();
        }
      });
    }

    it('V4, V5: a start on another host is not ours to abort', async () => {
      store.rows.set(id, aSession({ status: 'provisioning', host: 'container', stopRequest: { at: 1 } }));
      folders.make(id, { isPending: true });
      await reload();
      await time.advance(120_000);
      assert.equal(session().status, 'provisioning');
    });

    it('V5: a session of this host by name is judged', async () => {
      leave({ host: 'here' });
      machine.reboot();
      await reload();
      assert.equal(session().status, 'terminated');
    });

    it('V1: every status that is not active is dead, whatever the pids say', async () => {
      leave();
      await reload();
      const dead = allStatuses.filter((status) => window.recovery.liveness({ ...session(), status }) === 'dead');
      assert.deepEqual(dead, allStatuses.filter((status) => !isActive(status)));
    });

    it('V4: an agent without a recorded runner of ours is not judged by itself', async () => {
      store.rows.set(id, aSession({ agent: machine.start(11) }));
      machine.kill(11);
      await reload();
      await time.advance(60_000);
      assert.equal(session().status, 'running');
    });

    it('V4: what somebody else runs is not looked at', async () => {
      leave({ channel: 'external' });
      machine.reboot();
      await reload();
      await window.fleet.register({ id: sessionId(2), name: 'theirs', driver: 'external', channel: 'external', spec: { policy: 'ask', cwd: '/' }, attempt: 1 });
      assert.equal(time.pending, 0);
      await window.recovery.check(id);
      assert.deepEqual([session().status, window.recovery.liveness(session()), time.pending], ['running', 'unknown', 0]);
    });
  });

  describe('a start without a folder', () => {
    it('V4: there is no folder at all: aborted after 30 s, not before', async () => {
      store.rows.set(id, aSession({ status: 'provisioning' }));
      await reload();
      await time.advance(29_000);
      assert.equal(session().status, 'provisioning');
      await time.advance(1000);
      assert.deepEqual(session().outcome, { type: 'aborted', reason: 'its start was never prepared: the window closed or the disk failed' });
    });

    it('V4: no folder, and its stop was asked for: it may still be in the making, so cancelled after 30 s', async () => {
      store.rows.set(id, aSession({ status: 'provisioning', stopRequest: { at: 1 } }));
      await reload();
      await time.advance(15_000);
      assert.equal(session().status, 'provisioning');
      await time.advance(15_000);
      assert.deepEqual(session().outcome, { type: 'cancelled' });
    });

    it('V4: no folder, but its terminal is open here or elsewhere: it stays', async () => {
      for (const where of ['here', 'elsewhere']) {
        store.rows.set(id, aSession({ status: 'provisioning', createdAt: time.now() }));
        await reload();
        if (where === 'here') window.terminals.open(id);
        else window.others.hold(id);
        await time.advance(120_000);
        assert.equal(session().status, 'provisioning');
        window.dispose();
      }
    });
  });

  describe('ended while the agent may still run', () => {
    beforeEach(async () => {
      leave();
      await reload();
      window.runners.connect(id, { pid: 10 });
      await settle();
    });

    it('S8: completed, and its agent is proven dead: nothing is left to end, and it leaves the list in its time', async () => {
      machine.kill(10);
      window.runners.disconnect(id);
      window.terminals.lose(id, 'process');
      machine.isStubborn = true;
      await window.controller.complete(id, 'done');
      await time.advance(0);
      assert.notEqual(session().stopRequest, undefined, 'its agent lives');
      machine.isStubborn = false;
      await time.advance(15_000);
      assert.equal(session().stopRequest, undefined);
      window.retention = { maxFinished: 0, maxAgeMs: 1 };
      await time.advance(1000);
      await window.fleet.tidy();
      assert.equal(window.fleet.find(id), undefined);
    });

    it('S8: completed while its runner was away; the runner comes back, ends it and goes', async () => {
      window.runners.disconnect(id);
      window.terminals.lose(id, 'shutdown');
      await window.controller.complete(id, undefined);
      window.runners.connect(id, { pid: 10 });
      await settle();
      await window.fleet.applyRunnerEvents(id, [event(1, exited(0, { cause: 'stopped' }))]);
      [10, 11].forEach((pid) => machine.kill(pid));
      window.runners.disconnect(id);
      await time.advance(3000);
      assert.deepEqual([session().status, session().stopRequest, machine.ended, time.pending], ['completed', undefined, [], 0]);
    });

    it('S8: nobody can tell about the agent: it is looked at again until somebody can', async () => {
      machine.canLook = false;
      window.runners.disconnect(id);
      window.terminals.lose(id, 'shutdown');
      await window.controller.complete(id, undefined);
      await time.advance(60_000);
      assert.notEqual(session().stopRequest, undefined);
      machine.canLook = true;
      machine.reboot();
      await time.advance(15_000);
      assert.deepEqual([session().stopRequest, time.pending], [undefined, 0]);
    });

    it('L9, T6: terminated at its retire deadline, its runner dead and its agent alive: the agent is ended, then it is forgotten', async () => {
      machine.kill(10);
      window.runners.disconnect(id);
      window.terminals.lose(id, 'process');
      machine.isStubborn = true;
      await window.fleet.requestRetire(id, 10_000);
      await time.advance(20_000);
      assert.equal(session().status, 'terminated');
      assert.ok(machine.ended.length > 0 && machine.ended.every(({ pid }) => pid === 11), 'tried');
      machine.isStubborn = false;
      await time.advance(15_000);
      const tries = machine.ended.length;
      await time.advance(60_000);
      assert.deepEqual([await machine.liveness(session().agent), machine.ended.length, time.pending], ['dead', tries, 0]);
    });

    it('S8, T6: ended on paper while a stop was asked for: its agent is ended as soon as it is found alive, and the worktree is free', async () => {
      window.runners.disconnect(id);
      window.terminals.lose(id, 'process');
      machine.canLook = false;
      await window.fleet.requestStop(id, 'enough');
      await window.fleet.terminateOwner('all sessions were ended');
      machine.kill(10);
      machine.canLook = true;
      await time.advance(15_000);
      assert.deepEqual([machine.ended.map(({ pid }) => pid), session().status, session().stopRequest, time.pending], [[11], 'terminated', undefined, 0]);
    });

    it('L9: the next window ends the agent of a session that is terminated or retired already', async () => {
      window.dispose();
      for (const status of ['terminated', 'retired'] as const) {
        leave({ status, retireRequest: { at: 1 } });
        machine.kill(10);
        machine.ended.length = 0;
        await reload();
        assert.deepEqual([machine.ended.length, session().status, time.pending], [1, status, 0]);
        window.dispose();
      }
    });
  });

  describe('S8: completed before its agent was known', () => {
    const unseen = { status: 'completed', stopRequest: { at: 1 }, outcome: { type: 'completed', by: 'person' } } as const;

    it('its exit is in the spool: nothing is left to end', async () => {
      store.rows.set(id, aSession(unseen));
      folders.make(id, { events: [event(1, started), event(2, exited(0))] });
      await reload();
      assert.deepEqual([session().status, session().stopRequest, time.pending], ['completed', undefined, 0]);
    });

    it('its runner never began: nothing is left to end', async () => {
      store.rows.set(id, aSession(unseen));
      folders.make(id, { isPending: true });
      await reload();
      await time.advance(30_000);
      assert.deepEqual([session().stopRequest, time.pending], [undefined, 0]);
    });

    it('its runner took the launch file: nobody knows', async () => {
      store.rows.set(id, aSession(unseen));
      folders.make(id, { isPending: false });
      await reload();
      await time.advance(60_000);
      assert.notEqual(session().stopRequest, undefined);
    });
  });
});
