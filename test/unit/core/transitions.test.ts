import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import type { SessionStatus } from '../../../src/core/session.ts';
import { allStatuses, canTransition, lifecycleTable, transition, type LifecycleAction } from '../../../src/core/transitions.ts';

/** The lifecycle of meerkat, written out once more: per action what each active status becomes. Everything else is refused. */
const wanted: Record<LifecycleAction, Partial<Record<SessionStatus, SessionStatus>>> = {
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

describe('lifecycle table (L1, L2, L3)', () => {
  it('L1: knows ten statuses and the actions of the table, no more', () => {
    assert.equal(allStatuses.length, 10);
    assert.deepEqual(Object.keys(lifecycleTable).sort(), [...actions].sort());
  });

  for (const status of allStatuses) {
    for (const action of actions) {
      const to = wanted[action][status];
      if (to !== undefined) {
        it(`L1: ${status} -> ${action} is ${to}`, () => {
          assert.equal(canTransition(status, action), true);
          assert.equal(transition('agent-x', status, action), to);
        });
      } else {
        const row = ['provisioning', 'running', 'retiring'].includes(status) ? 'L2' : 'L3';
        it(`${row}: ${status} -> ${action} is refused as InvalidTransition`, () => {
          assert.equal(canTransition(status, action), false);
          assert.throws(
            () => transition('agent-x', status, action),
            (error) => {
              assert.ok(isFleetError(error, 'InvalidTransition'));
              assert.deepEqual(error.details, { id: 'agent-x', status, action });
              assert.equal(error.message, `Invalid lifecycle transition for agent-x: ${status} -> ${action}.`);
              return true;
            },
          );
        });
      }
    }
  }
});
