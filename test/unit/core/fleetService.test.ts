import assert from 'node:assert/strict';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import type { NewSession } from '../../../src/core/fleetCommands.ts';
import type { FleetService } from '../../../src/core/fleetService.ts';
import { terminalStatuses, type SessionStatus } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited, started } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const unknownId = sessionId(99);

function request(n: number, patch: Partial<NewSession> = {}): NewSession {
  return { id: sessionId(n), name: `s${n}`, driver: 'scripted', spec: { policy: 'ask', cwd: '/work' }, tokenHash: 'h', attempt: 1, ...patch };
}

function code(wanted: string, details?: Record<string, unknown>): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFleetError(error, wanted), `${String(error)} is not ${wanted}`);
    if (details !== undefined) assert.deepEqual(error.details, details);
    return true;
  };
}

describe('FleetService', () => {
  let window: FakeWindow;
  afterEach(() => window.dispose());

  describe('register', () => {
    it('gives a session in provisioning, with everything at its beginning, and announces it', async () => {
      window = await FakeWindow.open();
      const session = await window.fleet.register(request(1, { promptToType: 'go', parentId: sessionId(7) }));
      const at = window.time.now();
      assert.deepEqual(session, {
        ...request(1, { promptToType: 'go', parentId: sessionId(7) }),
        status: 'provisioning', lastRunnerSeq: 0, historySeq: 1, artifacts: [], skipped: 0, createdAt: at, lastActivityAt: at,
      });
      assert.deepEqual(window.changes, [{ added: [session], changed: [], removed: [] }]);
      assert.deepEqual((await window.fleet.history(id)).map((line) => [line.kind, line.seq, line.actor]), [['registered', 1, 'user']]);
    });

    it('T8, L5: checks the id first, then the name, then the limit', async () => {
      window = await FakeWindow.open();
      window.limit = 1;
      await window.fleet.register(request(1));
      await assert.rejects(window.fleet.register(request(1)), code('AlreadyRegistered', { id }));
      await assert.rejects(window.fleet.register(request(2, { name: 's1' })), code('NameTaken', { name: 's1' }));
      await assert.rejects(window.fleet.register(request(2)), code('MaxConcurrentExceeded', { limit: 1, active: 1 }));
      assert.equal(window.fleet.sessions.length, 1);
      assert.equal(window.store.writes.length, 1);
    });

    it('L5: limit 2: the third is refused (2, 2); an end frees the slot at once; 0 is no limit', async () => {
      window = await FakeWindow.open();
      window.limit = 2;
      await window.fleet.register(request(1));
      await window.fleet.register(request(2));
      await assert.rejects(window.fleet.register(request(3)), code('MaxConcurrentExceeded', { limit: 2, active: 2 }));
      await window.fleet.cancelled(id, undefined);
      await window.fleet.register(request(3));
      window.limit = 0;
      await window.fleet.register(request(4));
      assert.equal(window.fleet.sessions.length, 4);
    });

    it('a name may be used again once its session has ended', async () => {
      window = await FakeWindow.open([aSession({ status: 'failed', name: 's2' })]);
      assert.equal((await window.fleet.register(request(2))).name, 's2');
    });

    it('what the store refuses for good is not kept', async () => {
      window = await FakeWindow.open();
      window.store.registerFault = new FleetError('InvalidSession', 'The session cannot be stored.');
      await assert.rejects(window.fleet.register(request(1)), code('InvalidSession'));
      assert.deepEqual(window.fleet.sessions, []);
      assert.deepEqual(window.changes.map(({ added, removed }) => [added.length, removed]), [[1, []], [0, [id]]]);
    });
  });

  describe('opening', () => {
    it('reads once; later calls get the same report; all is announced as added', async () => {
      window = new FakeWindow({ store: new MemoryStore([aSession()]) });
      assert.equal(window.fleet.report, undefined);
      let opened = 0;
      window.fleet.onDidOpen(() => opened++);
      const [first, second] = await Promise.all([window.fleet.open(), window.fleet.open()]);
      assert.equal(first, second);
      assert.equal(await window.fleet.open(), first);
      assert.deepEqual([window.store.opened, opened, window.fleet.isOwner], [1, 1, true]);
      assert.deepEqual(window.changes, [{ added: [aSession()], changed: [], removed: [] }]);
    });

    it('that failed can be tried again', async () => {
      window = new FakeWindow();
      window.store.openFault = new Error('disk');
      await assert.rejects(window.fleet.open(), /disk/);
      window.store.openFault = undefined;
      assert.equal((await window.fleet.open()).role, 'owner');
    });

    it('before it is done nothing is taken, so that a runner keeps its events', async () => {
      window = new FakeWindow({ store: new MemoryStore([aSession({ status: 'provisioning' })]) });
      await assert.rejects(window.fleet.applyRunnerEvents(id, [event(1, started)]), code('NotOpen'));
      await assert.rejects(window.fleet.register(request(2)), code('NotOpen'));
      await assert.rejects(window.fleet.clear([id]), code('NotOpen'));
    });

    it('an empty registry announces nothing', async () => {
      window = new FakeWindow();
      await window.fleet.open();
      assert.deepEqual(window.changes, []);
    });
  });

  describe('two windows', () => {
    const calls: readonly [string, (fleet: FleetService) => Promise<unknown>][] = [
      ['register', (fleet) => fleet.register(request(2))],
      ['applyRunnerEvents', (fleet) => fleet.applyRunnerEvents(id, [event(1, started)])],
      ['complete', (fleet) => fleet.complete(id, undefined)],
      ['cancelled', (fleet) => fleet.cancelled(id, undefined)],
      ['terminated', (fleet) => fleet.terminated(id, 'x')],
      ['requestStop', (fleet) => fleet.requestStop(id, undefined)],
      ['planRetry', (fleet) => fleet.planRetry(id, 1)],
      ['escalate', (fleet) => fleet.escalate(id, 'x')],
      ['promptSent', (fleet) => fleet.promptSent(id, { text: 'x', result: 'typed' })],
      ['record', (fleet) => fleet.record(id, 'x', 'user', {})],
      ['countSpoolSkipped', (fleet) => fleet.countSpoolSkipped(id, 1)],
      ['clear', (fleet) => fleet.clear([id])],
    ];
    for (const [name, call] of calls) {
      it(`a reader cannot ${name}, and nothing moves`, async () => {
        const store = new MemoryStore([aSession()]);
        store.role = 'reader';
        window = await FakeWindow.open([], { store });
        await assert.rejects(call(window.fleet), code('NotOwner'));
        assert.deepEqual([window.fleet.sessions, window.store.writes, window.changes], [[aSession()], [], []]);
      });
    }

    it('a title that only a reader hears changes nothing', async () => {
      const store = new MemoryStore([aSession()]);
      store.role = 'reader';
      window = await FakeWindow.open([], { store });
      await window.fleet.applyTitle(id, JSON.stringify([{ type: 'activity', activity: 'idle' }]));
      assert.deepEqual(window.changes, []);
    });

    it('what the owner wrote replaces the list: added, changed and removed are exact', async () => {
      const [same, other, gone, fresh] = [aSession(), aSession({ id: sessionId(2) }), aSession({ id: sessionId(3) }), aSession({ id: sessionId(4) })];
      const store = new MemoryStore([same, other, gone]);
      store.role = 'reader';
      window = await FakeWindow.open([], { store });
      const moved = { ...other, lastRunnerSeq: 9 };
      store.changeElsewhere([structuredClone(same), moved, fresh]);
      assert.deepEqual(window.changes, [{ added: [fresh], changed: [moved], removed: [sessionId(3)] }]);
      store.changeElsewhere([structuredClone(same), moved, fresh]);
      assert.equal(window.changes.length, 1);
    });

    it('a reader that becomes the owner may change, and says that it has read the registry', async () => {
      const store = new MemoryStore([aSession()]);
      store.role = 'reader';
      window = await FakeWindow.open([], { store });
      let opened = 0;
      window.fleet.onDidOpen(() => opened++);
      store.becomeOwner();
      assert.deepEqual([window.fleet.isOwner, opened, window.fleet.report?.role], [true, 1, 'owner']);
      await window.fleet.complete(id, 'done');
    });
  });

  describe('ends', () => {
    const ends: readonly [name: string, (fleet: FleetService) => Promise<void>, from: readonly SessionStatus[], to: SessionStatus, action: string][] = [
      ['complete', (fleet) => fleet.complete(id, 'all of it'), ['running', 'retiring'], 'completed', 'complete_operation'],
      ['cancelled', (fleet) => fleet.cancelled(id, 'why'), ['provisioning', 'running', 'retiring'], 'cancelled', 'cancel_operation'],
      ['provisioningFailed', (fleet) => fleet.provisioningFailed(id, 'why'), ['provisioning'], 'failed', 'provisioning_failed'],
      ['abortProvisioning', (fleet) => fleet.abortProvisioning(id, 'why'), ['provisioning'], 'aborted', 'abort_provisioning'],
      ['terminated', (fleet) => fleet.terminated(id, 'why'), ['provisioning', 'running', 'retiring'], 'terminated', 'terminate_owner'],
    ];
    for (const [name, call, from, to, action] of ends) {
      for (const status of ['provisioning', 'running', 'retiring', ...terminalStatuses, 'unknown'] as const) {
        it(`L2, L3, L6: ${name} from ${status}: ${from.includes(status) ? to : 'InvalidTransition'}`, async () => {
          window = await FakeWindow.open([aSession({ status })]);
          if (!from.includes(status)) {
            await assert.rejects(call(window.fleet), code('InvalidTransition', { id, status, action }));
            assert.deepEqual([window.fleet.get(id), window.store.writes, window.changes], [aSession({ status }), [], []]);
            return;
          }
          await call(window.fleet);
          const session = window.fleet.get(id);
          assert.deepEqual([session.status, session.outcome?.type, session.completedAt], [to, to, window.time.now()]);
          assert.deepEqual(window.store.writes, [{ how: 'markTerminal', session }]);
          assert.deepEqual(window.changes, [{ added: [], changed: [session], removed: [] }]);
          assert.deepEqual((await window.fleet.history(id)).map((line) => [line.kind, line.data]), [[to, session.outcome]]);
        });
      }
      it(`L2: ${name} of an unknown session is NotFound`, async () => {
        window = await FakeWindow.open();
        await assert.rejects(call(window.fleet), code('NotFound', { id }));
      });
    }

    it('L3: an exit that comes after the person said completed is kept as history only', async () => {
      window = await FakeWindow.open([aSession()]);
      await window.fleet.complete(id, undefined);
      const ended = window.fleet.get(id);
      await window.fleet.applyRunnerEvents(id, [event(1, exited(1))]);
      assert.deepEqual(window.fleet.get(id), { ...ended, lastRunnerSeq: 1, historySeq: 2 });
      assert.equal(window.store.writes.at(-1)?.how, 'update');
    });
  });

  describe('small changes', () => {
    it('a stop is asked for once, and not of what has ended', async () => {
      window = await FakeWindow.open([aSession(), aSession({ id: sessionId(2), status: 'completed' })]);
      await window.fleet.requestStop(id, 'first');
      await window.fleet.requestStop(id, 'second');
      await window.fleet.requestStop(sessionId(2), 'late');
      assert.deepEqual(window.fleet.get(id).stopRequest, { at: window.time.now(), reason: 'first' });
      assert.equal(window.changes.length, 1);
      assert.equal(window.fleet.get(sessionId(2)).stopRequest, undefined);
    });

    it('the first prompt is forgotten once it was sent; another prompt does not take its place', async () => {
      window = await FakeWindow.open([aSession({ promptToType: 'first' })]);
      await window.fleet.promptSent(id, { text: 'mine', result: 'typed' });
      assert.equal(window.fleet.get(id).promptToType, 'first');
      await window.fleet.promptSent(id, { text: 'first', result: 'typed' });
      assert.equal('promptToType' in window.fleet.get(id), false);
      assert.deepEqual((await window.fleet.history(id)).map((line) => line.data), [{ text: 'mine', result: 'typed' }, { text: 'first', result: 'typed' }]);
    });

    it('S12: a note counts as activity of a running session, not of an ended one', async () => {
      window = await FakeWindow.open([aSession(), aSession({ id: sessionId(2), status: 'failed' })]);
      await window.time.advance(5000);
      for (const one of [id, sessionId(2)]) await window.fleet.record(one, 'promptRefused', 'user', { reason: 'x' });
      assert.deepEqual(window.fleet.sessions.map((session) => session.lastActivityAt - session.createdAt), [5000, 0]);
      assert.equal((await window.fleet.history(sessionId(2))).length, 1);
    });

    it('what could not be used is counted', async () => {
      window = await FakeWindow.open([aSession({ skipped: 1 })]);
      for (const total of [2, 2, 1]) await window.fleet.countSpoolSkipped(id, total);
      assert.deepEqual([window.fleet.get(id).skipped, window.fleet.get(id).spoolSkipped, window.changes.length], [3, 2, 1]);
    });

    it('a title changes the signal once', async () => {
      window = await FakeWindow.open([aSession()]);
      const title = JSON.stringify([{ type: 'activity', activity: 'idle' }]);
      await window.fleet.applyTitle(id, title);
      await window.fleet.applyTitle(id, title);
      await window.fleet.applyTitle(unknownId, title);
      assert.deepEqual([window.changes.length, window.fleet.get(id).signal?.activity], [1, 'idle']);
    });

    it('an agent that took a prompt is told to those who wait for it, after the change', async () => {
      window = await FakeWindow.open([aSession()]);
      const log: string[] = [];
      window.fleet.onDidChange(() => log.push('change'));
      window.fleet.onDidTakePrompt(({ sessionId: who }) => log.push(who));
      await window.fleet.applyRunnerEvents(id, [event(1, { kind: 'hook', name: 'UserPromptSubmit', payload: [{ type: 'promptTaken' }] })]);
      assert.deepEqual(log, ['change', id]);
    });
  });

  describe('clear', () => {
    it('forgets what has ended or cannot be read, once; active sessions stay', async () => {
      const sessions = [...(['provisioning', 'running', 'retiring'] as const), ...terminalStatuses, 'unknown' as const].map((status, n) => aSession({ id: sessionId(n), status }));
      window = await FakeWindow.open(sessions);
      const ids = sessions.map((session) => session.id);
      const gone = await window.fleet.clear([...ids, ...ids, unknownId]);
      assert.deepEqual(gone, ids.slice(3));
      assert.deepEqual(window.changes, [{ added: [], changed: [], removed: ids.slice(3) }]);
      assert.deepEqual([...window.store.rows.keys()], ids.slice(0, 3));
      assert.deepEqual(await window.fleet.clear(ids), []);
      assert.equal(window.changes.length, 1);
    });

    it('events for a cleared session are acknowledged and dropped', async () => {
      window = await FakeWindow.open([aSession({ status: 'completed' })]);
      await window.fleet.clear([id]);
      await window.fleet.applyRunnerEvents(id, [event(1, exited(0))]);
      assert.equal(window.fleet.find(id), undefined);
    });
  });
});
