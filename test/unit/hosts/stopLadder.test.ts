import assert from 'node:assert/strict';
import { nullLogger } from '../../../src/base/ports.ts';
import type { ProcessRow } from '../../../src/hosts/local/processTable.ts';
import { ladderSignals, StopLadder, type LadderTree } from '../../../src/hosts/local/stopLadder.ts';
import { FakeTime, settle } from '../../fakes/time.ts';

interface Setup {
  readonly time: FakeTime;
  readonly ladder: StopLadder;
  /** `SIGINT@0` … in the order they were announced. */
  readonly said: string[];
  readonly alive: Set<number>;
}

/** A tree of processes each of which ends at the named signals. */
function setUp(endsAt: Readonly<Record<number, readonly string[]>>): Setup {
  const time = new FakeTime();
  const alive = new Set(Object.keys(endsAt).map(Number));
  const said: string[] = [];
  const tree: LadderTree = {
    members: () => Promise.resolve([...alive].map((pid): ProcessRow => ({ pid, parentPid: 1, startTime: 't' }))),
    signal: (members, signal) => {
      for (const { pid } of members) if (endsAt[pid]?.includes(signal) === true) alive.delete(pid);
      return Promise.resolve({ signalled: members.map(({ pid }) => pid), gone: [], refused: [] });
    },
  };
  const onSignal = (signal: string): void => void said.push(`${signal}@${time.monotonic()}`);
  const ladder = new StopLadder({ tree, platform: 'linux', clock: time, timers: time, logger: nullLogger, onSignal });
  return { time, ladder, said, alive };
}

describe('stop ladder', () => {
  it('has one step only on Windows', () => {
    assert.deepEqual(ladderSignals('SIGINT', 'win32'), ['SIGKILL']);
    assert.deepEqual(ladderSignals('SIGINT', 'darwin'), ['SIGINT', 'SIGTERM', 'SIGKILL']);
    assert.deepEqual(ladderSignals('SIGTERM', 'linux'), ['SIGTERM', 'SIGKILL']);
    assert.deepEqual(ladderSignals('SIGHUP', 'linux'), ['SIGHUP', 'SIGTERM', 'SIGKILL']);
  });

  it('ends with the first signal when that is enough', async () => {
    const { ladder, said, time } = setUp({ 1: ['SIGINT'] });
    assert.deepEqual(await ladder.begin('SIGINT', 750), []);
    assert.deepEqual(said, ['SIGINT@0']);
    assert.equal(time.pending, 0);
  });

  it('climbs by the grace', async () => {
    const { ladder, said, time } = setUp({ 1: ['SIGKILL'] });
    const end = ladder.begin('SIGINT', 750);
    await time.advance(5000);
    assert.deepEqual(await end, []);
    assert.deepEqual(said, ['SIGINT@0', 'SIGTERM@750', 'SIGKILL@1500']);
  });

  it('is not over while a grandchild lives', async () => {
    const { ladder, said, time, alive } = setUp({ 1: ['SIGTERM'], 2: ['SIGKILL'] });
    const end = ladder.begin('SIGTERM', 100);
    await time.advance(3000);
    assert.deepEqual(await end, []);
    assert.deepEqual(said, ['SIGTERM@0', 'SIGKILL@100']);
    assert.equal(alive.size, 0);
  });

  it('names those who outlive SIGKILL', async () => {
    const { ladder, time } = setUp({ 1: ['SIGINT'], 9: [] });
    const end = ladder.begin('SIGTERM', 100);
    await time.advance(5000);
    assert.deepEqual(await end, [1, 9]);
  });

  it('has nothing to do when nobody is left', async () => {
    const { ladder, said } = setUp({});
    assert.deepEqual(await ladder.begin('SIGINT', 750), []);
    assert.deepEqual(said, []);
  });

  it('is hurried, never slowed down, by a second request', async () => {
    const { ladder, said, time } = setUp({ 1: ['SIGKILL'] });
    const end = ladder.begin('SIGINT', 10_000);
    await time.advance(100);
    assert.equal(ladder.begin('SIGTERM', 60_000), end);
    await settle();
    assert.deepEqual(said, ['SIGINT@0', 'SIGTERM@100']);
    assert.equal(ladder.begin('SIGTERM', 500), end);
    await time.advance(3000);
    assert.deepEqual(await end, []);
    assert.deepEqual(said, ['SIGINT@0', 'SIGTERM@100', 'SIGKILL@600']);
  });

  it('looks at once when it is nudged', async () => {
    const { ladder, time, alive } = setUp({ 1: [] });
    const end = ladder.begin('SIGINT', 750);
    await settle();
    alive.clear();
    ladder.nudge();
    await settle();
    assert.deepEqual(await end, []);
    assert.equal(time.monotonic(), 0);
  });
});
