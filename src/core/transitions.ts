import { FleetError } from '../base/errors.ts';
import { activeStatuses, terminalStatuses, type ActiveStatus, type SessionStatus } from './session.ts';

/**
 * The lifecycle table (meerkat ops lifecycle, with its wrong action names corrected).
 * `to: 'same'` marks calls that are allowed only in some statuses but change none.
 */
export type LifecycleAction =
  | 'provisioning_succeeded'
  | 'provisioning_failed'
  | 'abort_provisioning'
  | 'peer_ready'
  | 'report_progress'
  | 'complete_operation'
  | 'fail_operation'
  | 'cancel_operation'
  | 'request_retire'
  | 'mark_retired'
  | 'terminate_owner';

interface Rule {
  readonly from: readonly ActiveStatus[];
  readonly to: SessionStatus | 'same';
}

export const lifecycleTable: Readonly<Record<LifecycleAction, Rule>> = {
  provisioning_succeeded: { from: ['provisioning'], to: 'running' },
  provisioning_failed: { from: ['provisioning'], to: 'failed' },
  abort_provisioning: { from: ['provisioning'], to: 'aborted' },
  peer_ready: { from: ['running', 'retiring'], to: 'same' },
  report_progress: { from: ['running', 'retiring'], to: 'same' },
  complete_operation: { from: ['running', 'retiring'], to: 'completed' },
  fail_operation: { from: ['provisioning', 'running', 'retiring'], to: 'failed' },
  cancel_operation: { from: ['provisioning', 'running', 'retiring'], to: 'cancelled' },
  request_retire: { from: ['running'], to: 'retiring' },
  mark_retired: { from: ['running', 'retiring'], to: 'retired' },
  terminate_owner: { from: ['provisioning', 'running', 'retiring'], to: 'terminated' },
};

export const allStatuses: readonly SessionStatus[] = [...activeStatuses, ...terminalStatuses, 'unknown'];

/** Whether `action` is allowed from `status`. */
export function canTransition(status: SessionStatus, action: LifecycleAction): boolean {
  return (lifecycleTable[action].from as readonly SessionStatus[]).includes(status);
}

/**
 * The status after `action`.
 * @throws FleetError `InvalidTransition` when the table does not allow it. Terminal is final.
 */
export function transition(id: string, status: SessionStatus, action: LifecycleAction): SessionStatus {
  if (!canTransition(status, action)) throw invalidTransition(id, status, action);
  const { to } = lifecycleTable[action];
  return to === 'same' ? status : to;
}

function invalidTransition(id: string, status: SessionStatus, action: LifecycleAction): FleetError<'InvalidTransition'> {
  return new FleetError('InvalidTransition', `Invalid lifecycle transition for ${id}: ${status} -> ${action}.`, {
    details: { id, status, action },
  });
}
