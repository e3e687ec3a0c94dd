import assert from 'node:assert/strict';
import { TitleSettler, titleHoldMs } from '../../../src/core/titleSettler.ts';
import { FakeTime } from '../../fakes/time.ts';

function settler(time: FakeTime): { push: (title: string, session?: string) => void; applied: string[]; times: number[]; dispose: () => void } {
  const applied: string[] = [];
  const times: number[] = [];
  const it = new TitleSettler({ timers: time, clock: time, saysIdle: (_id, title) => title === 'idle', apply: (id, title, at) => (times.push(at), applied.push(`${id}:${title}`)) });
  return { push: (title, session = 'a') => it.push(session, title), applied, times, dispose: () => it.dispose() };
}

describe('core/titleSettler', () => {
  it('lets a title through at once that says work or asks', () => {
    const { push, applied, dispose } = settler(new FakeTime());
    push('working');
    assert.deepEqual(applied, ['a:working']);
    dispose();
  });

  it('holds "idle" until it has stood', async () => {
    const time = new FakeTime();
    const { push, applied, dispose } = settler(time);
    push('idle');
    await time.advance(titleHoldMs - 1);
    assert.deepEqual(applied, []);
    await time.advance(1);
    assert.deepEqual(applied, ['a:idle']);
    dispose();
  });

  it('lets "idle" stand although the agent says it again and again', async () => {
    const time = new FakeTime();
    const { push, applied, dispose } = settler(time);
    for (let at = 0; at < titleHoldMs; at += 100) {
      push('idle');
      await time.advance(100);
    }
    assert.deepEqual(applied, ['a:idle']);
    dispose();
  });

  it('says since when a title stands, not when its time was up', async () => {
    const time = new FakeTime();
    const { push, times, dispose } = settler(time);
    const since = time.now();
    push('idle');
    await time.advance(titleHoldMs);
    assert.deepEqual(times, [since]);
    dispose();
  });

  it('forgets a held "idle" when another title comes', async () => {
    const time = new FakeTime();
    const { push, applied, dispose } = settler(time);
    push('idle');
    push('working');
    await time.advance(10 * titleHoldMs);
    assert.deepEqual(applied, ['a:working']);
    dispose();
  });

  it('keeps sessions apart, and lets go of what it holds', async () => {
    const time = new FakeTime();
    const { push, applied, dispose } = settler(time);
    push('idle', 'a');
    push('working', 'b');
    dispose();
    await time.advance(titleHoldMs);
    assert.deepEqual(applied, ['b:working']);
    assert.equal(time.pending, 0);
  });
});
