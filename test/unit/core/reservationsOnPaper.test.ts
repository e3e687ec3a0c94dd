import assert from 'node:assert/strict';
import { aSession } from '../../fakes/sessions.ts';
import { codeOf, World } from './reservationWorld.ts';

describe('core/reservations: who has ended on paper only', () => {
  const stop = { stopRequest: { at: 1 } };

  for (const status of ['completed', 'retired', 'terminated'] as const) {
    it(`T6 ${status} while its agent runs: it keeps the worktree until the agent is proven dead`, async () => {
      const world = new World().live('done', 5, { status, ...stop });
      assert.equal(await world.reserve(), 'liveOwner done');
      assert.equal(await world.reserve('/link'), 'liveOwner done');
      world.living.delete(5);
      assert.equal(await world.reserve(), 'reserved mine');
      assert.deepEqual([world.statuses()['done'], world.fleet.log.includes('terminated done')], [status, false], 'its own end stands');
    });
  }

  it('T6 retired, or terminated at its deadline, without a stop of ours: as long as its agent is proven alive', async () => {
    for (const status of ['retired', 'terminated'] as const) {
      const world = new World().live('old', 5, { status, retireRequest: { at: 1 } });
      assert.equal(await world.reserve(), 'liveOwner old');
      world.living.delete(5);
      assert.equal(await world.reserve(), 'reserved mine');
    }
  });

  it('T6 completed, and nobody can tell about its agent: it keeps the worktree until a person releases it', async () => {
    const world = new World().dead('far', 5, { status: 'completed', host: 'container', ...stop });
    assert.equal(await world.reserve(), 'liveOwner far');
    await world.reservations.release('far');
    assert.deepEqual([await world.reserve(), world.statuses()['far']], ['reserved mine', 'completed']);
  });

  it('T6 completed, its agent proven alive: it is not released', async () => {
    const world = new World().live('done', 5, { status: 'completed', ...stop });
    assert.equal(await codeOf(world.reservations.release('done')), 'OwnerAlive');
  });

  it('T6 completed during the look: it still holds the worktree', async () => {
    const world = new World(aSession({ id: 's', worktree: '/w/a' }));
    world.duringLook = () => world.fleet.change('s', { status: 'completed', ...stop });
    assert.equal(await world.reserve(), 'liveOwner s');
  });

  it('T6 ends that were seen free the worktree at once; who was released while a stop was asked for, too', async () => {
    const world = new World().live('a', 5, { status: 'completed' }).live('b', 6, { status: 'cancelled', ...stop }).live('c', 7, { status: 'failed', ...stop }).dead('far', 8, { host: 'container', ...stop });
    await world.reservations.release('far');
    assert.equal(await world.reserve(), 'reserved mine');
  });

  it('T6, V6 they are not reaped, and not counted as owners of record', async () => {
    const world = new World().dead('done', 5, { status: 'completed', ...stop });
    assert.deepEqual([await world.reservations.reap({ worktree: '/w/a' }), await world.reservations.owners('/w/a')], [0, []]);
  });
});
