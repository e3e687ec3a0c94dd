import assert from 'node:assert/strict';
import { FleetError } from '../../../src/base/errors.ts';
import type { StoreHealth } from '../../../src/core/ports.ts';
import { DiskHealth } from '../../../src/storage/diskHealth.ts';
import { FakeTime } from '../../fakes/time.ts';

describe('DiskHealth', () => {
  function setUp(): { time: FakeTime; health: DiskHealth; retries: number[]; states: StoreHealth[]; warnings: string[] } {
    const time = new FakeTime();
    const retries: number[] = [];
    const states: StoreHealth[] = [];
    const warnings: string[] = [];
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: quiet, warn: (message: string) => void warnings.push(message), error: quiet };
    const health = new DiskHealth({ folder: '/f', timers: time, logger, retry: () => void retries.push(time.monotonic()) });
    health.onDidChange((state) => states.push(state));
    return { time, health, retries, states, warnings };
  }

  const full = Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });

  it('S10: says why in words, once, and tries again with pauses that grow to half a minute', async () => {
    const { time, health, retries, states, warnings } = setUp();
    for (let n = 0; n < 5; n++) health.failed(full);
    assert.deepEqual(states, [{ persisted: false, reason: 'The disk is full.' }]);
    assert.equal(warnings.length, 1);
    assert.match(health.notPersisted().message, /could not be saved: The disk is full\./);
    const pauses: number[] = [];
    for (let n = 0; n < 8; n++) {
      assert.equal(health.isWaiting, true);
      const since = time.monotonic();
      for (let second = 0; second < 40 && retries.length === n; second++) await time.advance(1_000);
      pauses.push((retries[n] ?? 0) - since);
      health.failed(full);
    }
    assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    health.recovered();
    assert.deepEqual([health.state, health.isWaiting], [{ persisted: true }, false]);
    health.failed(new FleetError('EngineFailed', 'The engine is damaged.'));
    assert.deepEqual(health.state, { persisted: false, reason: 'The engine is damaged.' });
    await time.advance(1_000);
    assert.equal(retries.length, 9, 'the pause is short again');
    health.dispose();
  });

  it('S10: nothing happens after its end', async () => {
    const { time, health, retries, states } = setUp();
    health.failed(full);
    health.dispose();
    health.failed(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await time.advance(60_000);
    assert.deepEqual([retries.length, states.length], [0, 1]);
  });
});
