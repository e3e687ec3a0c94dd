import assert from 'node:assert/strict';
import { FleetError } from '../../../src/base/errors.ts';
import { PendingWrite, PendingWrites, type WriteEffect } from '../../../src/storage/pendingWrites.ts';
import { entry, session } from '../../contract/storage/support/sessions.ts';

const write = (effect: WriteEffect): PendingWrite => new PendingWrite((q, t) => ({ q, t, k: 'del', s: [] }), effect);
const refused = new FleetError('NotPersisted', 'The disk is full.');

describe('PendingWrites', () => {
  const [a, b] = [session('a'), session('b')];

  it('S10: shows sessions and history as they are with what waits', () => {
    const pending = new PendingWrites();
    assert.deepEqual(pending.over([a]), [a]);
    const later = { ...a, name: 'later' };
    for (const effect of [{ put: later, history: [entry('a', 2)] }, { put: b, history: [entry('b', 1)] }, { evicted: b }, { put: a }] satisfies WriteEffect[]) pending.push(write(effect));
    assert.deepEqual(pending.over([{ ...a, name: 'old' }, b]), [a]);
    assert.deepEqual([pending.find('a'), pending.find('b'), pending.find('c')], [a, b, undefined]);
    assert.deepEqual(pending.history('a'), { lines: [entry('a', 2)], anew: false });
    assert.equal(pending.evictions, 1);
    pending.push(write({ forgotten: ['a', 'b'] }));
    assert.deepEqual([pending.over([a, b]), pending.find('a'), pending.find('b')], [[], 'forgotten', 'forgotten']);
    pending.push(write({ put: a, history: [entry('a', 1)] }));
    assert.deepEqual(pending.history('a'), { lines: [entry('a', 1)], anew: true });
  });

  it('S10: what the system refuses stays with all behind it, what can never be written goes', () => {
    const pending = new PendingWrites();
    const writes = [write({}), write({}), write({}), write({})];
    for (const each of writes) pending.push(each);
    const seen: number[] = [];
    assert.throws(() => pending.settle((each) => {
      const at = writes.indexOf(each);
      seen.push(at);
      if (at === 1) throw new FleetError('InvalidSession', 'no');
      if (at === 2) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    }), /ENOSPC/);
    assert.deepEqual(seen, [0, 1, 2]);
    const first = write({});
    pending.unshift([first]);
    const left: number[] = [];
    pending.settle((each) => void left.push(writes.indexOf(each)));
    assert.deepEqual([left, pending.size], [[-1, 2, 3], 0]);
  });

  it('S10: who waits is told once, and a dropped write says why', async () => {
    const pending = new PendingWrites();
    const [first, second] = [write({}), write({})];
    pending.push(first);
    pending.failAll(refused);
    pending.push(second);
    assert.equal(pending.drop(new FleetError('NotOwner', 'no')), 2);
    await assert.rejects(first.done, { code: 'NotPersisted' });
    await assert.rejects(second.done, { code: 'NotOwner' });
    const third = write({});
    third.succeed();
    third.fail(refused);
    await third.done;
    const fourth = write({});
    fourth.fail(refused);
    fourth.succeed();
    await assert.rejects(fourth.done, { code: 'NotPersisted' });
  });
});
