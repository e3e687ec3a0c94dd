import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { FleetError } from '../../../src/base/errors.ts';
import { worktreeTaken } from '../../../src/core/lookupErrors.ts';
import { aSession } from '../../fakes/sessions.ts';
import { codeOf, World, writer } from './reservationWorld.ts';

describe('core/reservations: reserving', () => {
  it('T6 a free worktree is reserved: rows past their time are pruned first, then the new row stands', async () => {
    const world = new World();
    assert.equal(await world.reserve(), 'reserved mine');
    assert.deepEqual(world.fleet.log, ['evict', 'register mine in /w/a']);
  });

  it('T6 two spawns on one path: the second is told the first; kill the first: reserved', async () => {
    const world = new World();
    assert.equal(await world.reserve('/w/a', 'first'), 'reserved first');
    assert.equal(await world.reserve('/w/a', 'second'), 'liveOwner first');
    world.fleet.change('first', { status: 'running', agent: { pid: 5, startTime: 't5', bootId: 'b' } });
    world.living.add(5);
    assert.equal(await world.reserve('/w/a', 'second'), 'liveOwner first');
    world.living.delete(5);
    assert.equal(await world.reserve('/w/a', 'second'), 'reserved second');
    assert.deepEqual(world.statuses(), { first: 'terminated', second: 'provisioning' });
  });

  it('T6 two at the same moment: one gets it, the other is told who', async () => {
    const world = new World();
    assert.deepEqual(await Promise.all([world.reserve('/w/a', 'first'), world.reserve('/link', 'second')]), ['reserved first', 'liveOwner first']);
    assert.equal(world.fleet.rows.size, 1);
  });

  it('T6 many at the same moment on a dead owner: it ends once, one gets the worktree', async () => {
    const world = new World().dead('old', 5);
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => world.reserve('/w/a', `s${n}`)));
    assert.deepEqual(outcomes, ['reserved s0', ...Array<string>(19).fill('liveOwner s0')]);
    assert.equal(world.fleet.log.filter((line) => line === 'terminated old').length, 1);
  });

  it('T6 another worktree is another matter', async () => {
    const world = new World().live('other', 5, { worktree: '/w/b' }).dead('gone', 6, { worktree: '/w/c' });
    assert.equal(await world.reserve(), 'reserved mine');
    assert.deepEqual([world.looked, world.statuses()['gone']], [[], 'running']);
  });

  it('T6 of two owners (a damaged record) the dead one ends, the live one keeps it', async () => {
    const world = new World().dead('d', 5, { lastActivityAt: 9e12 }).live('l', 6);
    assert.equal(await world.reserve(), 'liveOwner l');
    assert.deepEqual(world.statuses(), { d: 'terminated', l: 'running' });
  });

  it('T6 a start that fails reserves nothing, and the lock is free again', async () => {
    const world = new World();
    assert.equal(await codeOf(world.reservations.tryReserve('/w/a', () => Promise.reject(new Error('no plan')))), 'Error: no plan');
    world.fleet.registerFault = new FleetError('MaxConcurrentExceeded', 'full');
    assert.equal(await codeOf(world.reserve()), 'MaxConcurrentExceeded');
    world.fleet.registerFault = undefined;
    assert.equal(await codeOf(world.reserve('/gone')), 'Error: ENOENT');
    assert.equal(await world.reserve(), 'reserved mine');
  });

  it('T6 a dead owner that cannot be ended keeps its worktree', async () => {
    const world = new World().dead('d', 5);
    world.fleet.terminated = () => Promise.reject(new FleetError('NotOwner', 'another window'));
    assert.deepEqual([await codeOf(world.reserve()), world.statuses()], ['NotOwner', { d: 'running' }]);
  });

  it('T6 a worktree of somebody else that is no longer on the disk is no obstacle', async () => {
    const world = new World().live('old', 5, { worktree: '/gone' });
    assert.equal(await world.reserve(), 'reserved mine');
  });

  it('T6 pruning that fails stands in nobody’s way', async () => {
    const world = new World();
    world.fleet.evictFault = new Error('disk');
    assert.equal(await world.reserve(), 'reserved mine');
    assert.deepEqual(world.logger.lines, ['warn sessions past their time could not be evicted']);
  });

  it('T6 the new row holds the real path, whatever its maker says', async () => {
    const world = new World();
    const { session } = await world.reservations.tryReserve('/link', (path) => ({ id: 'mine', spec: { policy: 'ask', cwd: path }, worktree: '/other' }));
    assert.deepEqual([session.worktree, session.spec.cwd], ['/w/a', '/w/a']);
  });

  it('T6 the error for those who would rather throw names the owner', () => {
    const error = worktreeTaken(writer('o', 1, { name: 'docs' }));
    assert.deepEqual([error.code, error.details, error.message.includes('“docs” works in /w/a already')], ['LiveOwner', { sessionId: 'o', name: 'docs', status: 'running', worktree: '/w/a' }, true]);
  });

  it('S13 a path over a link finds the row, also one that has become a link since', async () => {
    const world = new World().live('old', 5);
    assert.deepEqual((await world.reservations.owners('/link')).map(({ id }) => id), ['old']);
    assert.equal(await world.reserve('/link'), 'liveOwner old');
    world.links.set('/w/a', '/moved');
    assert.equal(await world.reserve('/moved'), 'liveOwner old');
  });
});

describe('core/reservations: what proves nothing', () => {
  it('V4 no process known: it keeps its worktree and is not reaped', async () => {
    const world = new World(aSession({ id: 'starting', status: 'provisioning', worktree: '/w/a' }));
    assert.equal(await world.reserve(), 'liveOwner starting');
    assert.equal(await world.reservations.reap('all'), 0);
  });

  it('V4 another host: not even looked at; survives reap and blocks its worktree', async () => {
    const world = new World().dead('far', 5, { host: 'container' });
    assert.equal(await world.reserve(), 'liveOwner far');
    assert.equal(await world.reservations.reap('all'), 0);
    assert.deepEqual([world.looked, world.statuses()], [[], { far: 'running' }]);
  });

  it('V4 a look that fails is no evidence', async () => {
    const world = new World().dead('d', 5);
    world.duringLook = () => Promise.reject(new Error('EIO'));
    assert.equal(await world.reserve(), 'liveOwner d');
    assert.deepEqual(world.logger.lines, ['warn the processes of d could not be looked at']);
  });

  it('V4 what was seen of an old process does not end a session that has a new one', async () => {
    const restarted = (): World => {
      const world = new World().dead('d', 5);
      world.duringLook = () => world.fleet.change('d', { agent: { pid: 6, startTime: 't6', bootId: 'b' } });
      return world;
    };
    assert.equal(await restarted().reserve(), 'liveOwner d');
    assert.equal(await restarted().reservations.reap('all'), 0);
  });

  it('V4 a person releases what nobody can judge; then the worktree is free', async () => {
    const world = new World().dead('far', 5, { host: 'container' });
    await world.reservations.release('far');
    await world.reservations.release('far');
    assert.deepEqual(world.fleet.rows.get('far')?.outcome, { type: 'terminated', reason: 'a person released it; whether its processes still run is not known' });
    assert.equal(await world.reserve(), 'reserved mine');
  });

  it('V4 what is proven alive is not released; what is proven dead ends as such; an unknown id is an error', async () => {
    const world = new World().live('l', 5).dead('d', 6);
    assert.deepEqual([await codeOf(world.reservations.release('l')), await codeOf(world.reservations.release('x'))], ['OwnerAlive', 'NotFound']);
    await world.reservations.release('d');
    assert.deepEqual([world.statuses()['l'], world.fleet.rows.get('d')?.outcome], [
      'running', { type: 'terminated', reason: 'its processes are gone and nobody saw how they ended; exit code unknown' },
    ]);
  });

  it('V4 one that has just said who it is, is not released', async () => {
    const world = new World(aSession({ id: 's', status: 'provisioning', worktree: '/w/a' }));
    world.duringLook = () => world.fleet.change('s', { agent: { pid: 6, startTime: 't6', bootId: 'b' } });
    assert.equal(await codeOf(world.reservations.release('s')), 'OwnerAlive');
  });
});

describe('core/reservations: reaping', () => {
  it('V6 two dead and one unknown: 2', async () => {
    const world = new World(aSession({ id: 'u' })).dead('a', 5).dead('b', 6, { worktree: '/w/b' }).live('l', 7, { worktree: '/w/c' });
    assert.equal(await world.reservations.reap('all'), 2);
    assert.deepEqual(world.statuses(), { u: 'running', a: 'terminated', b: 'terminated', l: 'running' });
  });

  it('V6 one worktree only', async () => {
    const world = new World().dead('a', 5).dead('b', 6, { worktree: '/w/b' });
    assert.equal(await world.reservations.reap({ worktree: '/link' }), 1);
    assert.deepEqual(world.statuses(), { a: 'terminated', b: 'running' });
  });

  it('V5 two owners, one dead: only its rows change, and a second run changes nothing', async () => {
    const world = new World().dead('a', 5).dead('a2', 5, { worktree: '/w/x' }).live('b', 6, { worktree: '/w/b' });
    assert.equal(await world.reservations.reap('all'), 2);
    const log = [...world.fleet.log];
    assert.equal(await world.reservations.reap('all'), 0);
    assert.deepEqual([world.fleet.log, world.statuses()['b']], [log, 'running']);
  });

  it('V5 what a dead session left behind is read before it is called lost', async () => {
    const world = new World().dead('a', 5).dead('b', 6);
    world.lastWords = async (id) => {
      await Promise.resolve();
      if (id === 'b') throw new Error('EIO');
      world.fleet.change(id, { status: 'failed', outcome: { type: 'failed', error: 'exited with code 3', exitCode: 3 } });
    };
    assert.equal(await world.reservations.reap('all'), 2);
    assert.deepEqual([world.statuses(), world.logger.lines], [{ a: 'failed', b: 'terminated' }, ['warn what b left behind could not be read']]);
  });

  it('V5 one that ends by itself in the same moment keeps its own end', async () => {
    const world = new World().dead('a', 5);
    const { fleet } = world;
    const terminated = fleet.terminated.bind(fleet);
    fleet.terminated = async (id, reason) => {
      fleet.change(id, { status: 'completed' });
      await terminated(id, reason);
    };
    assert.equal(await world.reserve(), 'reserved mine');
    assert.equal(world.statuses()['a'], 'completed');
  });

  it('V7 what is reaped is told before the command ends: nothing waits for a poll', async () => {
    const world = new World().dead('a', 5);
    const reaped = world.reservations.reap('all').then((count) => `${count} ${world.fleet.log.join()}`);
    assert.equal(await reaped, '1 terminated a');
  });

  it('V10 the close of the terminal was lost and the process is gone: a new spawn is allowed', async () => {
    const world = new World().live('old', 5);
    assert.equal(await world.reserve(), 'liveOwner old');
    world.living.delete(5);
    assert.equal(await world.reserve(), 'reserved mine');
    assert.equal(world.statuses()['old'], 'terminated');
  });

  it('V10 the pid went to somebody else: that does not keep the worktree', async () => {
    const world = new World().dead('old', 5, { agent: { pid: 5, startTime: 'before', bootId: 'b' } });
    world.living.add(5);
    assert.equal(await world.reserve(), 'reserved mine');
  });
});

describe('core/reservations: find or create', () => {
  const find = async (world: World): Promise<string> => {
    const { session, created } = await world.reservations.findOrCreate(({ actorKey }) => actorKey === 'k', () => ({ id: `made-${world.fleet.rows.size}`, actorKey: 'k' }));
    return `${created ? 'created' : 'found'} ${session.id}`;
  };

  it('S13 a live match is found, the newest first; ended ones are passed over', async () => {
    const world = new World().live('old', 5, { actorKey: 'k', lastActivityAt: 1 }).live('new', 6, { actorKey: 'k' }).dead('ended', 7, { actorKey: 'k', status: 'completed' });
    assert.equal(await find(world), 'found new');
  });

  it('S13 a dead match gives a new row (heddle defect 5), and ends', async () => {
    const world = new World().dead('d', 5, { actorKey: 'k' });
    assert.equal(await find(world), 'created made-1');
    assert.equal(world.statuses()['d'], 'terminated');
  });

  it('S13 an unknown match is found: nobody proved its death', async () => {
    assert.equal(await find(new World(aSession({ id: 'u', actorKey: 'k' }))), 'found u');
  });

  it('S13 two at the same moment make one row, also against a reservation', async () => {
    const world = new World();
    const gate = new Deferred<void>();
    const first = world.reservations.tryReserve('/w/a', async () => {
      await gate.promise;
      return { id: 'r', actorKey: 'k' };
    });
    const both = Promise.all([find(world), find(world)]);
    gate.resolve();
    assert.deepEqual([(await first).type, await both], ['reserved', ['found r', 'found r']]);
  });
});
