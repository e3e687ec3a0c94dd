import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { isFleetError } from '../../../src/base/errors.ts';
import type { Session, SessionOutcome } from '../../../src/core/session.ts';
import { WaitAll } from '../../../src/core/waitAll.ts';
import { aSession } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';

const done: SessionOutcome = { type: 'completed', by: 'exit' };
const failed: SessionOutcome = { type: 'failed', error: 'exit 2', exitCode: 2 };

/** Sessions a, b, c as they are now, and a wait over them. */
function fleet(...sessions: readonly Partial<Session>[]) {
  const rows = new Map(sessions.map((patch) => aSession(patch)).map((session) => [session.id, session]));
  let requests = 0;
  const wait = new WaitAll({ find: (id) => rows.get(id), newRequestId: () => `wait-${++requests}` });
  return { rows, wait };
}

function running(...ids: readonly string[]) {
  return fleet(...ids.map((id) => ({ id })));
}

/** Whether and how a promise has settled by now. */
async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'resolved' | 'rejected'> {
  let state: 'pending' | 'resolved' | 'rejected' = 'pending';
  promise.then(
    () => (state = 'resolved'),
    () => (state = 'rejected'),
  );
  await settle();
  return state;
}

function throwsCode(run: () => unknown, code: string, details: Record<string, unknown>): void {
  assert.throws(run, (error) => {
    assert.ok(isFleetError(error, code), `${String(error)} is not ${code}`);
    assert.deepEqual(error.details, details);
    return true;
  });
}

describe('wait for all', () => {
  it('L12 outcomes come in the order of the request, with the proof, whatever ended first', async () => {
    const { wait } = running('a', 'b', 'c');
    const { waitRequestId, result } = wait.begin(['c', 'a', 'b']);
    assert.equal(waitRequestId, 'wait-1');
    assert.equal(wait.activeRequestId, 'wait-1');
    wait.settle('b', done);
    wait.settle('c', failed);
    assert.equal(await stateOf(result), 'pending');
    wait.settle('a', { type: 'retired' });
    assert.deepEqual(await result, {
      outcomes: [['c', failed], ['a', { type: 'retired' }], ['b', done]],
      satisfied: { waitRequestId: 'wait-1', sessionIds: ['c', 'a', 'b'] },
    });
    assert.equal(wait.activeRequestId, undefined);
  });

  it('L12 nothing to wait for is satisfied at once', async () => {
    const { wait } = running();
    const { result } = wait.begin([]);
    assert.equal(wait.activeRequestId, undefined);
    assert.deepEqual(await result, { outcomes: [], satisfied: { waitRequestId: 'wait-1', sessionIds: [] } });
  });

  it('L12 all of them ended: satisfied at once, and the next wait may begin', async () => {
    const { wait } = fleet({ id: 'a', status: 'completed', outcome: done }, { id: 'b', status: 'failed', outcome: failed });
    const first = wait.begin(['b', 'a']);
    const second = wait.begin(['a']);
    assert.deepEqual((await first.result).outcomes, [['b', failed], ['a', done]]);
    assert.deepEqual((await second.result).satisfied, { waitRequestId: 'wait-2', sessionIds: ['a'] });
  });

  it('L12 begins when it is called: what ends in the same step, before anybody awaits, counts', async () => {
    const { rows, wait } = running('a');
    const result = wait.waitAll(['a']);
    wait.settle('a', done);
    wait.drop('a');
    rows.delete('a');
    assert.deepEqual((await result).outcomes, [['a', done]]);
  });

  it('L12 evict a tracked op while waiting: still resolves', async () => {
    const { rows, wait } = fleet({ id: 'a', status: 'completed', outcome: done }, { id: 'b' }, { id: 'c' });
    const { result } = wait.begin(['a', 'b', 'c']);
    for (const id of ['a', 'b', 'c']) {
      wait.settle(id, id === 'a' ? done : failed);
      rows.delete(id);
      wait.drop(id);
    }
    assert.deepEqual((await result).outcomes, [['a', done], ['b', failed], ['c', failed]]);
    assert.equal(wait.activeRequestId, undefined);
  });

  it('L12 an id that was evicted and registered again does not change the outcome that was seen', async () => {
    const { wait } = running('a', 'b');
    const { result } = wait.begin(['a', 'b']);
    wait.settle('a', done);
    wait.drop('a');
    wait.settle('a', failed);
    wait.settle('b', done);
    assert.deepEqual((await result).outcomes, [['a', done], ['b', done]]);
  });

  it('L2 order of checks: WaitAlreadyActive, DuplicateWaitOperation, NotFound', async () => {
    const { wait } = running('a');
    throwsCode(() => wait.begin(['x', 'a', 'x']), 'DuplicateWaitOperation', { id: 'x' });
    throwsCode(() => wait.begin(['a', 'x', 'y']), 'NotFound', { id: 'x' });
    assert.equal(wait.activeRequestId, undefined, 'a refused wait is not under way');
    const { result } = wait.begin(['a']);
    throwsCode(() => wait.begin(['x', 'x']), 'WaitAlreadyActive', { waitRequestId: 'wait-1' });
    throwsCode(() => wait.begin([]), 'WaitAlreadyActive', { waitRequestId: 'wait-1' });
    await assert.rejects(wait.waitAll(['a']), (error) => isFleetError(error, 'WaitAlreadyActive'));
    wait.settle('a', done);
    assert.equal(await stateOf(result), 'resolved');
  });

  it('L12 cancelWait: the wait rejects, the next may begin; anything else is WaitNotActive', async () => {
    const { wait } = running('a');
    throwsCode(() => wait.cancelWait('wait-1'), 'WaitNotActive', { waitRequestId: 'wait-1' });
    const { waitRequestId, result } = wait.begin(['a']);
    throwsCode(() => wait.cancelWait('wait-9'), 'WaitNotActive', { waitRequestId: 'wait-9' });
    wait.cancelWait(waitRequestId);
    await assert.rejects(result, (error) => {
      assert.ok(isFleetError(error, 'WaitCancelled'));
      assert.deepEqual(error.details, { waitRequestId });
      return true;
    });
    throwsCode(() => wait.cancelWait(waitRequestId), 'WaitNotActive', { waitRequestId });
    const next = wait.begin(['a']);
    wait.settle('a', done);
    assert.equal(await stateOf(next.result), 'resolved');
  });

  it('L12 abortable: the reason is kept, the next wait may begin, a late abort harms nobody', async () => {
    const { wait } = running('a');
    const abort = new AbortController();
    const first = wait.begin(['a'], abort.signal);
    const reason = new Error('tired');
    abort.abort(reason);
    await assert.rejects(first.result, (error) => isFleetError(error, 'WaitCancelled') && error.cause === reason);
    const late = new AbortController();
    const second = wait.begin(['a'], late.signal);
    wait.settle('a', done);
    const third = wait.begin(['a']);
    late.abort();
    assert.equal(await stateOf(second.result), 'resolved');
    assert.equal(await stateOf(third.result), 'pending', 'the abort of the second is not the third’s');
    wait.dispose();
    assert.equal(await stateOf(third.result), 'rejected');
  });

  it('L12 however a wait ends, it no longer listens to its signal', async () => {
    const { wait } = running('a');
    const { signal } = new AbortController();
    for (const end of [() => wait.settle('a', done), () => wait.cancelWait(wait.activeRequestId ?? ''), () => wait.drop('a'), () => wait.dispose()]) {
      const { result } = wait.begin(['a'], signal);
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      end();
      assert.notEqual(await stateOf(result), 'pending');
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    }
    await wait.begin([], signal).result;
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    const abort = new AbortController();
    wait.begin(['a'], abort.signal);
    abort.abort();
    assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
  });

  it('L12 a signal that is aborted already: rejected after the checks, and nothing is under way', async () => {
    const { wait } = running('a');
    throwsCode(() => wait.begin(['x'], AbortSignal.abort()), 'NotFound', { id: 'x' });
    await assert.rejects(wait.waitAll(['a'], AbortSignal.abort()), (error) => isFleetError(error, 'WaitCancelled'));
    assert.equal(wait.activeRequestId, undefined);
  });

  it('L2 an unreadable row that is cleared while it is waited for: Internal, and the next wait may begin', async () => {
    const { rows, wait } = fleet({ id: 'a' }, { id: 'u', status: 'unknown' });
    const { result } = wait.begin(['a', 'u']);
    rows.delete('u');
    wait.drop('u');
    await assert.rejects(result, (error) => {
      assert.ok(isFleetError(error, 'Internal'));
      assert.equal(error.details.id, 'u');
      return true;
    });
    assert.equal(wait.activeRequestId, undefined);
  });

  it('L2 an ended session without an outcome: Internal, not a wait for ever', async () => {
    const { wait } = fleet({ id: 'a' }, { id: 'u', status: 'failed' });
    await assert.rejects(wait.waitAll(['a', 'u']), (error) => isFleetError(error, 'Internal'));
    assert.equal(wait.activeRequestId, undefined);
  });

  it('others that end or go are none of its business', async () => {
    const { wait } = running('a', 'b');
    wait.settle('a', done);
    wait.drop('a');
    const { result } = wait.begin(['b']);
    wait.settle('a', done);
    wait.drop('a');
    assert.equal(await stateOf(result), 'pending');
    wait.dispose();
    wait.dispose();
  });
});
