import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import type { SessionOutcome } from '../../../src/core/session.ts';
import { SessionWatchers } from '../../../src/core/watchers.ts';
import { aSession } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';

const done: SessionOutcome = { type: 'completed', by: 'exit', summary: '4 files' };
const running = aSession();
const ended = aSession({ status: 'completed', outcome: done });

describe('watchers', () => {
  it('L12 several watchers of one session get its outcome, and nobody before it ended', async () => {
    const watchers = new SessionWatchers();
    const told: string[] = [];
    const first = watchers.watch(running);
    const second = watchers.watch(aSession({ status: 'provisioning' }));
    const third = watchers.watch(aSession({ status: 'retiring' }));
    for (const watch of [first, second, third]) void watch.outcome.then((outcome) => told.push(outcome.type));
    await settle();
    assert.deepEqual(told, []);
    watchers.settle(running.id, done);
    assert.deepEqual(await Promise.all([first.outcome, second.outcome, third.outcome]), [done, done, done]);
    assert.deepEqual(told, ['completed', 'completed', 'completed']);
  });

  for (const outcome of [
    done,
    { type: 'failed', error: 'exit 2' },
    { type: 'aborted', reason: 'window closed' },
    { type: 'cancelled' },
    { type: 'retired' },
    { type: 'terminated', reason: 'enough' },
  ] satisfies SessionOutcome[]) {
    it(`L12 a late watcher of a session that is ${outcome.type} is told at once`, async () => {
      assert.deepEqual(await new SessionWatchers().watch(aSession({ status: outcome.type, outcome })).outcome, outcome);
    });
  }

  it('L12 a watch whose session is forgotten rejects with WatchDropped, never with a made-up outcome', async () => {
    const watchers = new SessionWatchers();
    const watch = watchers.watch(aSession({ status: 'unknown' }));
    watchers.drop(running.id);
    await assert.rejects(watch.outcome, (error) => {
      assert.ok(isFleetError(error, 'WatchDropped'));
      assert.deepEqual(error.details, { id: running.id });
      return true;
    });
  });

  it('L12 an error of the caller takes the place of WatchDropped', async () => {
    const watchers = new SessionWatchers();
    const watch = watchers.watch(running);
    watchers.drop(running.id, new Error('refused'));
    await assert.rejects(watch.outcome, /refused/);
  });

  it('L12 a dropped watch that nobody waits for is no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const watchers = new SessionWatchers();
      watchers.watch(running);
      watchers.dispose();
      await settle();
      assert.deepEqual(unhandled, []);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('L12 the count rises with each watcher, late ones too, stays after the end, and is gone with the session', async () => {
    const watchers = new SessionWatchers();
    assert.equal(watchers.watcherCount(running.id), 0);
    watchers.watch(running);
    watchers.watch(running);
    assert.equal(watchers.watcherCount(running.id), 2);
    watchers.settle(running.id, done);
    await watchers.watch(ended).outcome;
    assert.equal(watchers.watcherCount(running.id), 3);
    watchers.drop(running.id);
    assert.equal(watchers.watcherCount(running.id), 0);
  });

  it('S9 settle, then drop: the watchers have the outcome', async () => {
    const watchers = new SessionWatchers();
    const watch = watchers.watch(running);
    watchers.settle(running.id, done);
    watchers.drop(running.id);
    assert.deepEqual(await watch.outcome, done);
  });

  it('L12 an id that is registered again after its eviction is a new session', async () => {
    const watchers = new SessionWatchers();
    watchers.watch(running);
    watchers.settle(running.id, done);
    watchers.drop(running.id);
    const again = watchers.watch(running);
    assert.equal(watchers.watcherCount(running.id), 1);
    watchers.settle(running.id, { type: 'retired' });
    assert.deepEqual(await again.outcome, { type: 'retired' });
  });

  it('L3 the first outcome stands', async () => {
    const watchers = new SessionWatchers();
    const watch = watchers.watch(running);
    watchers.settle(running.id, done);
    watchers.settle(running.id, { type: 'retired' });
    assert.deepEqual(await watch.outcome, done);
  });

  it('settling or dropping what nobody watches does nothing', () => {
    const watchers = new SessionWatchers();
    watchers.settle('agent-x', done);
    watchers.drop('agent-x');
    assert.equal(watchers.watcherCount('agent-x'), 0);
  });

  it('L2 an ended session without an outcome is an Internal error, not a wait for ever', async () => {
    await assert.rejects(new SessionWatchers().watch(aSession({ status: 'failed' })).outcome, (error) => isFleetError(error, 'Internal'));
  });
});
