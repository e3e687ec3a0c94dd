import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import { nullLogger } from '../../../src/base/ports.ts';
import { SnapshotSaver } from '../../../src/storage/snapshotSaver.ts';
import { FakeTime, settle } from '../../fakes/time.ts';

describe('SnapshotSaver', () => {
  function setUp(): { time: FakeTime; saver: SnapshotSaver; saves: Deferred<number>[]; reasons: (string | undefined)[] } {
    const time = new FakeTime();
    const saves: Deferred<number>[] = [];
    const reasons: (string | undefined)[] = [];
    const saver = new SnapshotSaver({
      clock: time,
      timers: time,
      logger: nullLogger,
      folder: '/f',
      save: () => {
        const save = new Deferred<number>();
        saves.push(save);
        return save.promise;
      },
      attempted: (reason) => void reasons.push(reason),
    });
    return { time, saver, saves, reasons };
  }

  /** The state of a promise as it goes along. */
  function follow(promise: Promise<void>): { state: string } {
    const seen = { state: 'waiting' };
    promise.then(
      () => {
        seen.state = 'saved';
      },
      (error: unknown) => {
        seen.state = isFleetError(error) ? error.code : 'error';
      },
    );
    return seen;
  }

  function fail(save: Deferred<number> | undefined, code: string): void {
    save?.reject(Object.assign(new Error(code), { code }));
  }

  it('S2: changes within 25 ms share a save, and each is told when it is in place', async () => {
    const { time, saver, saves } = setUp();
    const first = follow(saver.changed());
    await time.advance(24);
    const second = follow(saver.changed());
    assert.equal(saves.length, 0);
    await time.advance(1);
    assert.equal(saves.length, 1);
    assert.equal(first.state, 'waiting');
    saves[0]?.resolve(0);
    await settle();
    assert.deepEqual([first.state, second.state, time.pending], ['saved', 'saved', 0]);
  });

  it('S2: never two saves at once; a change during a save goes into the next', async () => {
    const { time, saver, saves } = setUp();
    const first = follow(saver.changed());
    await time.advance(25);
    const second = follow(saver.changed());
    await time.advance(5_000);
    assert.equal(saves.length, 1);
    saves[0]?.resolve(0);
    await settle();
    assert.deepEqual([first.state, second.state], ['saved', 'waiting']);
    await time.advance(25);
    assert.equal(saves.length, 2);
    saves[1]?.resolve(0);
    await settle();
    assert.equal(second.state, 'saved');
  });

  it('saving takes at most a fifth of the thread, and no change waits longer than a second for its save', async () => {
    const { time, saver, saves } = setUp();
    for (const [blockedMs, delay] of [
      [40, 160],
      [900, 1_000],
      [1, 25],
    ] as const) {
      const before = saves.length;
      follow(saver.changed());
      await time.advance(1_000);
      saves[before]?.resolve(blockedMs);
      await settle();
      follow(saver.changed());
      await time.advance(delay - 1);
      assert.equal(saves.length, before + 1);
      await time.advance(1);
      assert.equal(saves.length, before + 2);
      saves[before + 1]?.resolve(0);
      await settle();
    }
  });

  it('S10: a failed save rejects its changes and is tried again after 1, 2, 4 … 30 s; more changes do not make it slower', async () => {
    const { time, saver, saves, reasons } = setUp();
    const first = follow(saver.changed());
    await time.advance(25);
    fail(saves[0], 'ENOSPC');
    await settle();
    assert.deepEqual([first.state, reasons], ['NotPersisted', ['The disk is full.']]);
    for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
      const before = saves.length;
      await time.advance(pause * 1_000 - 500);
      assert.equal(saves.length, before, `after ${pause} s`);
      const more = follow(saver.changed());
      await time.advance(25);
      assert.equal(saves.length, before + 1);
      fail(saves[before], 'ENOSPC');
      await settle();
      assert.equal(more.state, 'NotPersisted');
      await time.advance(475);
      assert.equal(saves.length, before + 2, `after ${pause} s`);
      fail(saves[before + 1], 'ENOSPC');
      await settle();
    }
    const last = saves.length;
    await time.advance(30_000);
    saves[last]?.resolve(0);
    await settle();
    assert.equal(reasons.at(-1), undefined);
    assert.equal(time.pending, 0);
    saver.dispose();
  });

  it('an answer that no retry can change is handed on, and ends the retries', async () => {
    const { time, saver, saves, reasons } = setUp();
    const first = follow(saver.changed());
    await time.advance(25);
    saves[0]?.reject(new FleetError('NotOwner', 'Another window manages this fleet.'));
    await settle();
    assert.deepEqual([first.state, reasons, time.pending], ['NotOwner', [undefined], 0]);
  });

  it('flush saves at once, after the save under way, and never rejects', async () => {
    const { time, saver, saves } = setUp();
    await saver.flush();
    assert.equal(saves.length, 0);
    const first = follow(saver.changed());
    await time.advance(25);
    const second = follow(saver.changed());
    const flushed = follow(saver.flush());
    saves[0]?.resolve(0);
    await settle();
    assert.equal(saves.length, 2);
    fail(saves[1], 'EROFS');
    await settle();
    assert.deepEqual([first.state, second.state, flushed.state], ['saved', 'NotPersisted', 'saved']);
    const third = follow(saver.changed());
    saver.dispose();
    await settle();
    assert.deepEqual([third.state, time.pending], ['NotPersisted', 0]);
  });
});
