import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Clock } from '../../../src/base/ports.ts';
import { LeaseJudge } from '../../../src/core/leaseJudge.ts';
import type { Session } from '../../../src/core/session.ts';
import { aSession } from '../../fakes/sessions.ts';
import { FakeTime } from '../../fakes/time.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const lease = 5 * minute;

/** A machine that sleeps: its clocks jump and no timer runs. */
class Machine implements Clock {
  readonly time = new FakeTime();
  #wall = 0;
  #monotonic = 0;

  now(): number {
    return this.time.now() + this.#wall;
  }

  monotonic(): number {
    return this.time.monotonic() + this.#monotonic;
  }

  /** `monotonic: 'runs'` as on Windows, `'stands'` as on Linux and macOS. */
  sleep(ms: number, monotonic: 'runs' | 'stands'): void {
    this.#wall += ms;
    if (monotonic === 'runs') this.#monotonic += ms;
  }

  setClock(ms: number): void {
    this.#wall += ms;
  }
}

const working = (patch: Partial<Session> = {}): Session => aSession({ signal: { activity: 'working', source: 'hook', at: 1 }, ...patch });

describe('core/leaseJudge', () => {
  let machine: Machine;
  let judge: LeaseJudge;
  let leaseMs: number;
  const isStale = (session = working()): boolean => judge.isStale(session, 'alive');

  beforeEach(() => {
    machine = new Machine();
    leaseMs = lease;
    judge = new LeaseJudge({ clock: machine, timers: machine.time, leaseMs: () => leaseMs });
    assert.equal(isStale(), false);
  });
  afterEach(() => {
    judge.dispose();
    assert.equal(machine.time.pending, 0);
  });

  it('V3 silent for 5 minutes: not yet stale; a second later: stale, and nothing else happens to it', async () => {
    await machine.time.advance(lease);
    assert.equal(isStale(), false);
    await machine.time.advance(second);
    assert.equal(isStale(), true);
    assert.equal(working().status, 'running');
  });

  it('V3 output renews the lease', async () => {
    await machine.time.advance(4 * minute);
    judge.renew(working().id);
    await machine.time.advance(4 * minute);
    assert.equal(isStale(), false);
    await machine.time.advance(minute + second);
    assert.equal(isStale(), true);
    judge.renew(working().id);
    assert.equal(isStale(), false);
  });

  it('V3 what is new in the record renews the lease, also while its times stand still after the clock was set back', async () => {
    for (const patch of [{ lastRunnerSeq: 1 }, { signal: { activity: 'working', source: 'hook', at: 2 } as const }, { progress: { count: 1, at: 1 } }, { lastActivityAt: 9 }]) {
      await machine.time.advance(lease + second);
      assert.equal(isStale(), true);
      assert.equal(isStale(working(patch)), false);
      assert.equal(isStale(), false);
    }
  });

  it('V3 being looked at renews nothing (CodeWhale defect 5)', async () => {
    for (let n = 0; n < 31; n++) {
      isStale();
      await machine.time.advance(10 * second);
    }
    assert.equal(isStale(), true);
  });

  it('V3 the setting counts at once', async () => {
    await machine.time.advance(40 * second);
    assert.equal(isStale(), false);
    leaseMs = 30 * second;
    assert.equal(isStale(), true);
  });

  it('V3 expired and dead is dead, expired and unknown is unknown: neither is stale', async () => {
    await machine.time.advance(lease + second);
    assert.deepEqual([judge.isStale(working(), 'dead'), judge.isStale(working(), 'unknown')], [false, false]);
  });

  it('V8 a silent live agent at its prompt is idle for an hour, not stale and not done', async () => {
    const idle = working({ signal: { activity: 'idle', source: 'hook', at: 1 } });
    for (let n = 0; n < 60; n++) {
      await machine.time.advance(minute);
      assert.equal(isStale(idle), false);
    }
    assert.equal(idle.status, 'running');
  });

  it('V8 work that begins after a rest has a whole lease', async () => {
    isStale(working({ signal: { activity: 'needs_answer', source: 'hook', at: 1 } }));
    await machine.time.advance(hour);
    isStale(working({ signal: { activity: 'needs_answer', source: 'hook', at: 1 } }));
    assert.equal(isStale(), false);
    await machine.time.advance(lease);
    assert.equal(isStale(), false);
  });

  for (const monotonic of ['stands', 'runs'] as const) {
    it(`V9 a sleep of 8 hours (monotonic clock ${monotonic}) is no silence: one whole lease before it is judged`, async () => {
      await machine.time.advance(4 * minute + 50 * second);
      machine.sleep(8 * hour, monotonic);
      assert.equal(isStale(), false);
      await machine.time.advance(lease);
      assert.equal(isStale(), false);
      await machine.time.advance(second);
      assert.equal(isStale(), true);
    });

    it(`V9 who was stale before the sleep (monotonic clock ${monotonic}) still is`, async () => {
      await machine.time.advance(lease + 10 * second);
      machine.sleep(8 * hour, monotonic);
      assert.equal(isStale(), true);
    });

    it(`V9 a sleep shorter than the lease (monotonic clock ${monotonic}) makes nobody stale by itself`, async () => {
      leaseMs = hour;
      await machine.time.advance(20 * minute);
      machine.sleep(50 * minute, monotonic);
      assert.equal(isStale(), false);
      await machine.time.advance(39 * minute);
      assert.equal(isStale(), false);
    });
  }

  it('V9 a sleep during which the clock was set back is a sleep, too', async () => {
    await machine.time.advance(4 * minute + 50 * second);
    machine.sleep(8 * hour, 'runs');
    machine.setClock(-8 * hour);
    assert.equal(isStale(), false);
    await machine.time.advance(lease);
    assert.equal(isStale(), false);
  });

  it('V9 a clock set forward or back by 10 minutes makes nobody stale, and hides nobody for ever', async () => {
    for (const ms of [10 * minute, -10 * minute, -10 * minute, 10 * minute]) {
      judge.renew(working().id);
      await machine.time.advance(minute);
      machine.setClock(ms);
      assert.equal(isStale(), false);
      await machine.time.advance(lease);
      await machine.time.advance(second);
      assert.equal(isStale(), true);
      judge.renew(working().id);
    }
  });

  it('V5 what was stored is no evidence of silence: after a reload everyone has a whole lease', async () => {
    const old = working({ id: 'agent-old', lastActivityAt: 0 });
    assert.equal(isStale(old), false);
    await machine.time.advance(lease);
    assert.equal(isStale(old), false);
    await machine.time.advance(second);
    assert.equal(isStale(old), true);
    judge.forget(old.id);
    assert.equal(isStale(old), false);
  });

  it('V9 however clocks jump: nobody is stale who was not awake and silent for the whole lease', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(3 * minute) }),
      fc.record({ kind: fc.constantFrom('runs' as const, 'stands' as const), ms: fc.nat(9 * hour) }),
      fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: -hour, max: hour }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const world = new Machine();
        const own = new LeaseJudge({ clock: world, timers: world.time, leaseMs: () => lease });
        own.isStale(working(), 'alive');
        let silent = 0;
        let jumps = 0;
        for (const { kind, ms } of steps) {
          if (kind === 'pass') {
            await world.time.advance(ms);
            silent += ms;
          } else {
            if (kind === 'set') world.setClock(ms);
            else world.sleep(ms, kind);
            jumps++;
          }
          // A sleep counts as the 30 seconds at most within which nobody would notice it.
          if (own.isStale(working(), 'alive')) assert.equal(silent + jumps * 30 * second > lease, true);
        }
        own.dispose();
      }),
      { numRuns: 30 },
    );
  });
});
