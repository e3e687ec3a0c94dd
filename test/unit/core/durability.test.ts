import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited, started } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const notPersisted = (error: unknown): boolean => isFleetError(error, 'NotPersisted');

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = (): void => void (done = true);
  promise.then(mark, mark);
  await settle();
  return done;
}

describe('what reaches the disk, and when it is acknowledged', () => {
  let window: FakeWindow;
  afterEach(() => window.dispose());

  it('L4: with a store slower than the agent, the insert comes before the end, and the row ends terminal', async () => {
    window = await FakeWindow.open();
    const { fleet, store } = window;
    store.hold();
    const registering = fleet.register({ id, name: 'a', driver: 'scripted', spec: { policy: 'ask', cwd: '/work' }, tokenHash: 'h', attempt: 1 });
    const applying = fleet.applyRunnerEvents(id, [event(1, started), event(2, exited(0))]);
    assert.equal(fleet.get(id).status, 'completed');
    assert.equal(await isSettled(Promise.all([registering, applying])), false);
    store.release();
    assert.equal((await registering).status, 'completed');
    await applying;
    assert.deepEqual(store.writes.map((write) => [write.how, write.session?.status]), [['registerActive', 'provisioning'], ['markTerminal', 'completed']]);
  });

  it('a batch is acknowledged only when the store has it; so is its repeat', async () => {
    window = await FakeWindow.open([aSession()]);
    const { fleet, store } = window;
    store.hold();
    const first = fleet.applyRunnerEvents(id, [event(1, started)]);
    const repeat = fleet.applyRunnerEvents(id, [event(1, started)]);
    assert.equal(await isSettled(first), false);
    assert.equal(await isSettled(repeat), false);
    store.release();
    await Promise.all([first, repeat]);
    assert.equal(store.writes.length, 1);
  });

  it('a store that fails rejects runner events; they show at once, and the repeat saves them again', async () => {
    window = await FakeWindow.open([aSession()]);
    const { fleet, store } = window;
    store.failWith('disk full');
    const batch = [event(1, started), event(2, exited(3))];
    await assert.rejects(fleet.applyRunnerEvents(id, batch), notPersisted);
    assert.equal(fleet.get(id).status, 'failed');
    await assert.rejects(fleet.applyRunnerEvents(id, batch), notPersisted);
    store.failWith(undefined);
    await fleet.applyRunnerEvents(id, batch);
    assert.equal(store.rows.get(id)?.status, 'failed');
    const before = store.writes.length;
    await fleet.applyRunnerEvents(id, batch);
    assert.equal(store.writes.length, before, 'saved is saved');
    assert.equal((await fleet.history(id)).length, 2, 'and told once');
  });

  it('a repeat of events whose first write is still failing is rejected with it', async () => {
    window = await FakeWindow.open([aSession()]);
    const { fleet, store } = window;
    store.hold();
    const first = fleet.applyRunnerEvents(id, [event(1, started)]);
    const repeat = fleet.applyRunnerEvents(id, [event(1, started)]);
    store.failWith('disk full');
    store.release();
    const [a, b] = await Promise.allSettled([first, repeat]);
    assert.deepEqual([a.status, b.status], ['rejected', 'rejected']);
  });

  it('a later write that succeeds carries the earlier one', async () => {
    window = await FakeWindow.open([aSession()]);
    const { fleet, store } = window;
    store.failWith('disk full');
    await assert.rejects(fleet.applyRunnerEvents(id, [event(1, started)]), notPersisted);
    store.failWith(undefined);
    await fleet.applyRunnerEvents(id, [event(1, started), event(2, exited(0))]);
    const { length } = store.writes;
    await fleet.applyRunnerEvents(id, [event(1, started)]);
    assert.equal(store.writes.length, length);
    assert.deepEqual([store.rows.get(id)?.status, store.rows.get(id)?.agent?.pid], ['completed', 11]);
  });

  it('S10: a disk that fails does not fail what a person asked: it is done, shown, and logged', async () => {
    window = await FakeWindow.open([aSession(), aSession({ id: sessionId(2), status: 'failed' })]);
    const { fleet, store, logger } = window;
    store.failWith('read only');
    await fleet.register({ id: sessionId(3), name: 'new', driver: 'scripted', spec: { policy: 'ask', cwd: '/work' }, tokenHash: 'h', attempt: 1 });
    await fleet.requestStop(id, undefined);
    await fleet.record(id, 'x', 'user', {});
    await fleet.cancelled(id, undefined);
    await fleet.applyTitle(sessionId(3), 'x');
    await fleet.clear([sessionId(2)]);
    assert.deepEqual(fleet.sessions.map((session) => session.status), ['cancelled', 'provisioning']);
    assert.equal(logger.complaints.length, 5);
  });

  it('a listener that changes the session again cannot make its write overtake the one it heard of', async () => {
    window = await FakeWindow.open([aSession({ status: 'provisioning' })]);
    const { fleet, store } = window;
    fleet.onDidChange(({ changed }) => {
      if (changed[0]?.status === 'running' && changed[0].stopRequest === undefined) void fleet.requestStop(id, 'at once');
    });
    await fleet.applyRunnerEvents(id, [event(1, started)]);
    assert.equal(fleet.get(id).stopRequest?.reason, 'at once');
    assert.deepEqual(store.rows.get(id), fleet.get(id));
    assert.deepEqual(store.writes.map((write) => write.session?.historySeq), [1, 2]);
  });

  it('S12: history is numbered without gaps over all that happens', async () => {
    window = await FakeWindow.open([aSession({ status: 'provisioning' })]);
    const { fleet } = window;
    await fleet.applyRunnerEvents(id, [event(1, started), event(2, { kind: 'stopping', signal: 'SIGINT' })]);
    await fleet.requestStop(id, 'enough');
    await fleet.record(id, 'interrupted', 'user', {});
    await fleet.applyRunnerEvents(id, [event(3, exited(0)), event(4, exited(0))]);
    const history = await fleet.history(id);
    assert.deepEqual(history.map((line) => line.seq), [1, 2, 3, 4, 5, 6]);
    assert.equal(fleet.get(id).historySeq, 6);
    assert.deepEqual((await fleet.history(id, { afterSeq: 4, limit: 1 })).map((line) => line.seq), [5]);
  });
});
