import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import { alreadyPeerReady, alreadyRegistered, duplicateWaitOperation, internal, invalidPeer, maxConcurrentExceeded, nameTaken, notFound, peerNotExpected, refused, unsupported, waitAlreadyActive, waitCancelled, waitNotActive, watchDropped } from '../../../src/core/errors.ts';
import { isActive, isTerminal, type SessionStatus } from '../../../src/core/session.ts';
import { allStatuses, canTransition, lifecycleActions, lifecycleTable, registration, transition, type LifecycleAction, type RegistryStatus } from '../../../src/core/transitions.ts';
import { aSession } from '../../fakes/sessions.ts';

/** The lifecycle of meerkat, written out once more: per action what each active status becomes. Everything else is refused. */
const wanted: Record<LifecycleAction, Partial<Record<RegistryStatus, SessionStatus>>> = {
  provisioning_succeeded: { provisioning: 'running' },
  provisioning_failed: { provisioning: 'failed' },
  abort_provisioning: { provisioning: 'aborted' },
  peer_ready: { running: 'running', retiring: 'retiring' },
  report_progress: { running: 'running', retiring: 'retiring' },
  complete_operation: { running: 'completed', retiring: 'completed' },
  fail_operation: { provisioning: 'failed', running: 'failed', retiring: 'failed' },
  cancel_operation: { provisioning: 'cancelled', running: 'cancelled', retiring: 'cancelled' },
  request_retire: { running: 'retiring' },
  mark_retired: { running: 'retired', retiring: 'retired' },
  terminate_owner: { provisioning: 'terminated', running: 'terminated', retiring: 'terminated' },
};
const actions = Object.keys(wanted) as LifecycleAction[];

function throwsExactly(run: () => unknown, code: string, details: Record<string, unknown>, message: string): void {
  assert.throws(run, (error) => {
    assert.ok(isFleetError(error, code), `${String(error)} is not ${code}`);
    assert.deepEqual(error.details, details);
    assert.equal(error.message, message);
    return true;
  });
}

describe('lifecycle table', () => {
  it('L1 knows ten statuses and the actions of the table, no more', () => {
    assert.equal(allStatuses.length, 10);
    assert.equal(new Set(allStatuses).size, 10);
    assert.deepEqual(lifecycleActions, actions);
    assert.deepEqual(Object.keys(lifecycleTable), actions);
  });

  it('L1 each status is active, terminal, or cannot be read', () => {
    for (const status of allStatuses) {
      assert.equal([isActive(status), isTerminal(status), status === 'unknown'].filter(Boolean).length, 1, status);
    }
  });

  for (const status of [...allStatuses, 'absent'] as const) {
    for (const action of actions) {
      const to = wanted[action][status];
      if (to !== undefined) {
        it(`L1 ${status} -> ${action} is ${to}`, () => {
          assert.equal(canTransition(status, action), true);
          assert.equal(transition('agent-x', status, action), to);
        });
      } else if (status === 'absent') {
        it(`L2 absent -> ${action} is refused as NotFound`, () => {
          assert.equal(canTransition(status, action), false);
          throwsExactly(() => transition('agent-x', status, action), 'NotFound', { id: 'agent-x' }, 'There is no session agent-x. It may have been cleared.');
        });
      } else {
        const row = isTerminal(status) ? 'L3' : 'L2';
        it(`${row} ${status} -> ${action} is refused as InvalidTransition`, () => {
          assert.equal(canTransition(status, action), false);
          const message = `Invalid lifecycle transition for agent-x: ${status} -> ${action}.`;
          throwsExactly(() => transition('agent-x', status, action), 'InvalidTransition', { id: 'agent-x', status, action }, message);
        });
      }
    }
    it(`L2 ${status} -> register is ${status === 'absent' ? 'provisioning' : 'refused as AlreadyRegistered'}`, () => {
      if (status === 'absent') assert.equal(registration('agent-x', status), 'provisioning');
      else throwsExactly(() => registration('agent-x', status), 'AlreadyRegistered', { id: 'agent-x' }, 'A session agent-x is registered already.');
    });
  }
});

describe('errors', () => {
  const session = aSession({ id: 'agent-x', status: 'failed' });
  const cause = new Error('why');
  const cases = [
    [alreadyRegistered('agent-x'), 'AlreadyRegistered', { id: 'agent-x' }],
    [notFound('agent-x'), 'NotFound', { id: 'agent-x' }],
    [maxConcurrentExceeded(3, 4), 'MaxConcurrentExceeded', { limit: 3, active: 4 }],
    [nameTaken('docs'), 'NameTaken', { name: 'docs' }],
    [refused(session, 'takes no prompt', 'it has ended.'), 'Refused', { id: 'agent-x', status: 'failed' }],
    [peerNotExpected('agent-x', 'agent'), 'PeerNotExpected', { id: 'agent-x', kind: 'agent' }],
    [alreadyPeerReady('agent-x'), 'AlreadyPeerReady', { id: 'agent-x' }],
    [invalidPeer('agent-x', 'it is empty'), 'InvalidPeer', { id: 'agent-x', why: 'it is empty' }],
    [waitAlreadyActive('wait-1'), 'WaitAlreadyActive', { waitRequestId: 'wait-1' }],
    [duplicateWaitOperation('agent-x'), 'DuplicateWaitOperation', { id: 'agent-x' }],
    [waitNotActive('wait-1'), 'WaitNotActive', { waitRequestId: 'wait-1' }],
    [waitCancelled({ waitRequestId: 'wait-1' }, cause), 'WaitCancelled', { waitRequestId: 'wait-1' }],
    [watchDropped('agent-x', cause), 'WatchDropped', { id: 'agent-x' }],
    [unsupported('completion feeds'), 'Unsupported', { what: 'completion feeds' }],
    [internal('a number is out of order', { seq: 3 }), 'Internal', { what: 'a number is out of order', seq: 3 }],
  ] as const;

  for (const [error, code, details] of cases) {
    it(`L2 ${code}: code, fields, and one sentence or two for people`, () => {
      assert.ok(isFleetError(error, code));
      assert.deepEqual(error.details, details);
      assert.match(error.message, /^[A-Z0-9“].*\.$/);
      assert.ok(!/undefined|\[object/.test(error.message), error.message);
    });
  }

  it('L2 a cause is kept', () => {
    assert.equal(watchDropped('agent-x', cause).cause, cause);
    assert.equal(waitCancelled({ afterSeq: 1 }, cause).cause, cause);
    assert.ok(!('cause' in watchDropped('agent-x')));
  });
});
