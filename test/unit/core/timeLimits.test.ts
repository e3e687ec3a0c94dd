import assert from 'node:assert/strict';
import type { Session } from '../../../src/core/session.ts';
import { TimeLimits } from '../../../src/core/timeLimits.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited, started, wallStart } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow, type Surroundings } from '../../fakes/window.ts';

const id = sessionId(1);
const minute = 60_000;
const reason = 'timed out after 10 min';

describe('time limits', () => {
  let window: FakeWindow;
  let limits: TimeLimits;
  let limit = 10;
  let asleep = 0;
  let stopped: string[] = [];

  async function open(sessions: readonly Session[], around: Surroundings = {}): Promise<void> {
    window = new FakeWindow({ store: new MemoryStore(sessions), ...around });
    const { fleet, controller, time, logger } = window;
    const clock = { now: () => time.now(), monotonic: () => time.monotonic() + asleep };
    const stop = (one: string, why: string): Promise<void> => {
      stopped.push(`${one}: ${why}`);
      return controller.timeOut(one, why);
    };
    limits = new TimeLimits({ fleet, stop, limitMinutes: () => limit, clock, timers: time, logger });
    await fleet.open();
  }

  /** A session that begins now, in a terminal whose runner answers. */
  async function begin(): Promise<void> {
    await open([aSession({ status: 'provisioning' })]);
    window.runners.connect(id);
    await window.fleet.applyRunnerEvents(id, [event(1, started)]);
  }

  beforeEach(() => {
    [limit, asleep, stopped] = [10, 0, []];
  });
  afterEach(() => {
    limits.dispose();
    assert.equal(window.logger.lines.some((line) => line.includes('failed')), false);
    window.dispose();
  });

  it('L17: at its limit, not before, it is stopped by the ladder, once; then it has failed, and says why', async () => {
    await begin();
    await window.time.advance(10 * minute - 1);
    assert.deepEqual([stopped, window.fleet.get(id).stopRequest], [[], undefined]);
    await window.time.advance(1);
    assert.deepEqual([stopped, window.runners.stops(id)], [[`${id}: ${reason}`], [{ from: 'SIGINT', graceMs: 750 }]]);
    assert.deepEqual(window.fleet.get(id).stopRequest, { at: window.time.now(), reason, cause: 'timeout' });
    assert.equal(window.fleet.get(id).status, 'running');
    await window.time.advance(30 * minute);
    await window.fleet.applyRunnerEvents(id, [event(2, exited(null, { signal: 'SIGTERM', cause: 'stopped' }))]);
    assert.deepEqual([window.fleet.get(id).status, window.fleet.get(id).outcome, stopped.length], ['failed', { type: 'failed', error: reason }, 1]);
    const notes = (await window.fleet.history(id)).map(({ kind, actor }) => `${kind} by ${actor}`);
    assert.deepEqual(notes, ['started by runner', 'stopRequested by fleet', 'exited by runner']);
  });

  it('L17: an agent that begins between two looks has all its time', async () => {
    await open([aSession({ status: 'provisioning' })]);
    window.runners.connect(id);
    await window.time.advance(3_000);
    await window.fleet.applyRunnerEvents(id, [event(1, started)]);
    await window.time.advance(10 * minute - 1);
    assert.deepEqual(stopped, []);
    await window.time.advance(5_000);
    assert.equal(stopped.length, 1);
  });

  it('L17: an agent that ends with code 0 while it is stopped has timed out as well', async () => {
    await begin();
    await window.time.advance(10 * minute);
    await window.fleet.applyRunnerEvents(id, [event(2, exited(0))]);
    assert.deepEqual(window.fleet.get(id).outcome, { type: 'failed', error: reason });
  });

  it('L17: nobody can stop it, and its process is proven gone later: failed, not cancelled', async () => {
    const { runner, agent } = started as Extract<typeof started, { kind: 'started' }>;
    await open([aSession({ runner, agent, startedAt: wallStart - 60 * minute })]);
    window.machine.canLook = false;
    await window.time.advance(minute);
    assert.equal(window.fleet.get(id).status, 'running');
    window.machine.canLook = true;
    await window.time.advance(minute);
    assert.deepEqual(window.fleet.get(id).outcome, { type: 'failed', error: reason });
  });

  it('L17: it never had a process: failed on the spot', async () => {
    await open([aSession({ startedAt: wallStart })]);
    await window.time.advance(10 * minute);
    assert.deepEqual(window.fleet.get(id).outcome, { type: 'failed', error: reason });
    assert.deepEqual((await window.fleet.history(id)).map(({ kind, actor }) => `${kind} by ${actor}`), ['stopRequested by fleet', 'failed by fleet']);
  });

  for (const none of [0, -1, Number.NaN]) {
    it(`L17: a limit of ${none} is none`, async () => {
      limit = none;
      await begin();
      await window.time.advance(1000 * minute);
      assert.deepEqual(stopped, []);
    });
  }

  it('L17: the setting counts at once, and all the time that the agent ran', async () => {
    limit = 0;
    await begin();
    await window.time.advance(20 * minute);
    limit = 10;
    await window.time.advance(5_000);
    assert.equal(stopped.length, 1);
  });

  it('L17: a suspend does not count, nor a wall clock set forward', async () => {
    await begin();
    await window.time.advance(5 * minute);
    asleep += 480 * minute;
    window.time.setWall(window.time.now() + 480 * minute);
    await window.time.advance(5 * minute - 1);
    assert.deepEqual(stopped, []);
    await window.time.advance(5_001);
    assert.equal(stopped.length, 1);
  });

  const reloads: readonly [what: string, ranFor: number, left: number][] = [
    ['the rest of its time', 7 * minute, 3 * minute],
    ['30 seconds at least', 100 * minute, 30_000],
    ['30 seconds, not less, when almost nothing is left', 10 * minute - 1, 30_000],
    ['no more than its time, when the clock was set back', -100 * minute, 10 * minute],
  ];
  for (const [what, ranFor, left] of reloads) {
    it(`L17: after a reload it has ${what}`, async () => {
      await open([aSession({ startedAt: wallStart - ranFor })]);
      await window.time.advance(left - 1);
      assert.deepEqual(stopped, []);
      await window.time.advance(1);
      assert.equal(stopped.length, 1);
    });
  }

  it('L17: what is being ended, external or in another window’s hands is left alone, and so is what has ended', async () => {
    const old = { startedAt: wallStart - 100 * minute };
    const ended = allStatuses.slice(3).map((status, n) => aSession({ id: sessionId(10 + n), status, ...old }));
    await open([aSession({ ...old, stopRequest: { at: 1 } }), aSession({ id: sessionId(2), name: 'b', channel: 'external', ...old }), ...ended]);
    await window.time.advance(20 * minute);
    assert.deepEqual(stopped, []);
    limits.dispose();
    window.dispose();
    const store = new MemoryStore([aSession(old)]);
    store.role = 'reader';
    await open([], { store });
    await window.time.advance(20 * minute);
    assert.deepEqual(stopped, []);
    store.becomeOwner();
    await window.time.advance(5_000);
    assert.deepEqual([stopped.length, window.fleet.get(id).outcome?.type], [1, 'failed']);
  });

  it('L17: a retiring agent has a limit, too, and one that a person cancels is cancelled', async () => {
    await open([aSession({ status: 'retiring', retireRequest: { at: 1 }, startedAt: wallStart }), aSession({ id: sessionId(2), name: 'b', startedAt: wallStart })]);
    await window.controller.cancel(sessionId(2), 'enough');
    await window.time.advance(10 * minute);
    await settle();
    assert.deepEqual([window.fleet.get(id).status, window.fleet.get(sessionId(2)).status], ['failed', 'cancelled']);
  });
});
