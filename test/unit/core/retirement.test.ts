import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toDisposable, type Disposable } from '../../../src/base/disposable.ts';
import type { Clock, Timers } from '../../../src/base/ports.ts';
import { Retirements } from '../../../src/core/retirement.ts';
import type { Session } from '../../../src/core/session.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { aSession } from '../../fakes/sessions.ts';
import { FakeTime } from '../../fakes/time.ts';

const minute = 60_000;

interface Pending {
  readonly due: number;
  readonly run: () => void;
  readonly timer: Disposable;
}

/**
 * A machine that can sleep: its wall clock jumps. On some platforms the monotonic clock counts the sleep, too; timers that became due
 * in the meantime run at once when it wakes.
 */
class Machine implements Clock, Timers {
  readonly time = new FakeTime();
  readonly #pending = new Set<Pending>();
  #slept = 0;

  now(): number {
    return this.time.now();
  }

  monotonic(): number {
    return this.time.monotonic() + this.#slept;
  }

  after(ms: number, run: () => void): Disposable {
    const runOnce = (): void => {
      this.#pending.delete(entry);
      run();
    };
    const entry: Pending = { due: this.monotonic() + ms, run: runOnce, timer: this.time.after(ms, runOnce) };
    this.#pending.add(entry);
    return toDisposable(() => {
      this.#pending.delete(entry);
      entry.timer.dispose();
    });
  }

  every(): Disposable {
    throw new Error('not needed');
  }

  sleep(ms: number, counts: 'monotonic clock counts it' | 'monotonic clock stands'): void {
    this.time.setWall(this.time.now() + ms);
    if (counts === 'monotonic clock stands') return;
    this.#slept += ms;
    for (const entry of [...this.#pending].filter(({ due }) => due <= this.monotonic())) {
      entry.timer.dispose();
      entry.run();
    }
  }
}

function setUp(machine = new Machine()) {
  const ended: string[] = [];
  const reasons: string[] = [];
  const retirements = new Retirements({
    clock: machine,
    timers: machine,
    terminate: (id, reason) => {
      ended.push(id);
      reasons.push(reason);
    },
  });
  return { machine, retirements, ended, reasons };
}

function retiring(clock: Clock, ms: number, patch: Partial<Session> = {}): Session {
  const at = clock.now();
  return aSession({ id: 'agent-a', status: 'retiring', retireRequest: { at, deadline: at + ms }, ...patch });
}

describe('retirement', () => {
  for (const ms of [1, 1000, 4_999, 5_000, 5_001, 10 * minute]) {
    it(`L9 a deadline of ${ms} ms: terminated then, not before, once, with a reason`, async () => {
      const { machine, retirements, ended, reasons } = setUp();
      const session = retiring(machine, ms);
      retirements.request(session);
      await machine.time.advance(ms - 1);
      assert.deepEqual(ended, []);
      await machine.time.advance(1);
      assert.deepEqual(ended, ['agent-a']);
      assert.match(reasons[0] ?? '', /did not retire/);
      retirements.watch([session]);
      await machine.time.advance(60 * minute);
      assert.deepEqual(ended, ['agent-a']);
      assert.equal(machine.time.pending, 0);
    });
  }

  it('L9 without a deadline: never', async () => {
    const { machine, retirements, ended } = setUp();
    const session = aSession({ status: 'retiring', retireRequest: { at: machine.now() } });
    retirements.request(session);
    retirements.watch([session, aSession({ id: 'agent-b', status: 'retiring' })]);
    await machine.time.advance(99 * minute);
    assert.deepEqual(ended, []);
    assert.equal(machine.time.pending, 0);
  });

  it('L9 what is announced in between (watch with every change) does not move the deadline', async () => {
    const { machine, retirements, ended } = setUp();
    const session = retiring(machine, minute);
    retirements.request(session);
    for (let second = 0; second < 59; second++) {
      await machine.time.advance(1000);
      retirements.watch([{ ...session, lastActivityAt: machine.now() }]);
    }
    assert.deepEqual(ended, []);
    assert.equal(retirements.remainingMs('agent-a'), 5_000);
    await machine.time.advance(1000);
    assert.deepEqual(ended, ['agent-a']);
    assert.equal(retirements.remainingMs('agent-a'), undefined);
  });

  for (const status of allStatuses.filter((one) => one !== 'retiring')) {
    it(`L9 a session that is ${status} is not terminated by its old deadline`, async () => {
      const { machine, retirements, ended } = setUp();
      const session = retiring(machine, minute);
      retirements.request(session);
      retirements.watch([{ ...session, status }]);
      assert.equal(machine.time.pending, 0);
      await machine.time.advance(10 * minute);
      assert.deepEqual(ended, []);
    });
  }

  it('L9 forgotten, cleared or disposed: no timer is left', () => {
    for (const end of ['forget', 'clear', 'dispose'] as const) {
      const { machine, retirements } = setUp();
      retirements.request(retiring(machine, minute));
      assert.equal(machine.time.pending, 1);
      if (end === 'forget') retirements.forget('agent-a');
      else retirements[end]();
      assert.equal(machine.time.pending, 0);
    }
  });

  describe('restart', () => {
    it('L9 goes on with the deadline', async () => {
      const { machine, retirements, ended } = setUp();
      const session = retiring(machine, 10 * minute);
      await machine.time.advance(4 * minute);
      retirements.watch([session]);
      await machine.time.advance(6 * minute - 1);
      assert.deepEqual(ended, []);
      await machine.time.advance(1);
      assert.deepEqual(ended, ['agent-a']);
    });

    for (const late of [0, 1, 8 * 60 * minute]) {
      it(`L9 the deadline passed ${late} ms ago while nobody ran: 30 s of grace, then terminated`, async () => {
        const { machine, retirements, ended } = setUp();
        const session = retiring(machine, minute);
        await machine.time.advance(minute + late);
        retirements.watch([session]);
        await machine.time.advance(29_999);
        assert.deepEqual(ended, []);
        await machine.time.advance(1);
        assert.deepEqual(ended, ['agent-a']);
      });
    }

    it('L9 the wall clock was set back by a year meanwhile: not more than was asked for', async () => {
      const { machine, retirements, ended } = setUp();
      const session = retiring(machine, 10 * minute);
      machine.time.setWall(machine.now() - 365 * 24 * 60 * minute);
      retirements.watch([session]);
      await machine.time.advance(10 * minute);
      assert.deepEqual(ended, ['agent-a']);
    });

    it('L9 another window took over, and this one gets it back', async () => {
      const { machine, retirements, ended } = setUp();
      const session = retiring(machine, 10 * minute);
      retirements.request(session);
      retirements.clear();
      await machine.time.advance(11 * minute);
      assert.deepEqual(ended, []);
      retirements.watch([session]);
      await machine.time.advance(30_000);
      assert.deepEqual(ended, ['agent-a']);
    });
  });

  describe('sleep and clock jumps', () => {
    it('V9 the wall clock jumps by a day either way: nothing happens early or late', async () => {
      for (const jump of [-1, 1]) {
        const { machine, retirements, ended } = setUp();
        const session = retiring(machine, 2 * minute);
        retirements.request(session);
        await machine.time.advance(minute);
        machine.time.setWall(machine.now() + jump * 24 * 60 * minute);
        retirements.watch([session]);
        await machine.time.advance(minute - 1);
        assert.deepEqual(ended, []);
        await machine.time.advance(1);
        assert.deepEqual(ended, ['agent-a']);
      }
    });

    for (const counts of ['monotonic clock counts it', 'monotonic clock stands'] as const) {
      it(`V9 a night of sleep does not use up the time that the agent had (${counts})`, async () => {
        const { machine, retirements, ended } = setUp();
        retirements.request(retiring(machine, 2 * minute));
        await machine.time.advance(80_000);
        machine.sleep(8 * 60 * minute, counts);
        await machine.time.advance(39_999);
        assert.deepEqual(ended, []);
        await machine.time.advance(1 + 5_000);
        assert.deepEqual(ended, ['agent-a']);
      });
    }

    it('V9 asleep in the last second: the agent gets that piece of time again', async () => {
      const { machine, retirements, ended } = setUp();
      retirements.request(retiring(machine, 10_000));
      await machine.time.advance(9_000);
      machine.sleep(8 * 60 * minute, 'monotonic clock counts it');
      await machine.time.advance(4_999);
      assert.deepEqual(ended, []);
      await machine.time.advance(1);
      assert.deepEqual(ended, ['agent-a']);
    });

    it('V9 naps that cannot be told from a busy machine count as one piece at most', () => {
      const { machine, retirements, ended } = setUp();
      retirements.request(retiring(machine, 20_000));
      for (const remaining of [15_000, 10_000, 5_000]) {
        machine.sleep(6_900, 'monotonic clock counts it');
        assert.equal(retirements.remainingMs('agent-a'), remaining);
      }
      machine.sleep(7_000, 'monotonic clock counts it');
      assert.equal(retirements.remainingMs('agent-a'), 5_000);
      assert.deepEqual(ended, []);
    });

    it('V9 however it sleeps: never before the awake time is over (of a nap up to 5 s may count), nor later than one piece per sleep', async () => {
      const nap = fc.record({ awake: fc.integer({ min: 0, max: 40_000 }), sleep: fc.integer({ min: 0, max: 60_000 }), counts: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 120_000 }), fc.array(nap, { maxLength: 6 }), async (ms, naps) => {
          const { machine, retirements, ended } = setUp();
          retirements.request(retiring(machine, ms));
          let had = 0;
          for (const { awake, sleep, counts } of naps) {
            await machine.time.advance(awake);
            had += awake;
            if (had < ms) assert.deepEqual(ended, [], `terminated after ${had} of ${ms} ms`);
            machine.sleep(sleep, counts ? 'monotonic clock counts it' : 'monotonic clock stands');
            if (counts) had += Math.min(sleep, 5_000);
            if (had < ms) assert.deepEqual(ended, [], `terminated by a sleep after ${had} of ${ms} ms`);
          }
          await machine.time.advance(ms + 5_000 * naps.length);
          assert.deepEqual(ended, ['agent-a']);
          retirements.dispose();
        }),
        { numRuns: 60 },
      );
    });
  });
});
