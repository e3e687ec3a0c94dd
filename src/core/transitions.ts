import { FleetError } from '../base/errors.ts';
import { alreadyRegistered, notFound } from './errors.ts';
import { activeStatuses, terminalStatuses, type ActiveStatus, type SessionStatus } from './session.ts';

/** What can be done to a registered session (meerkat ops lifecycle). */
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

/**
 * The lifecycle table (meerkat ops lifecycle, with its wrong action name corrected: `provisioning_failed` says so when it is refused).
 * `to: 'same'` marks calls that are allowed only in some statuses but change none. A child agent's `peer_ready` has checks of its own
 * that come first.
 */
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

/** All actions, in the order of a session's life. */
export const lifecycleActions = Object.keys(lifecycleTable) as readonly LifecycleAction[];

/** A status, or `absent`: the registry has no such session (meerkat). Never stored. */
export type RegistryStatus = SessionStatus | 'absent';

export const allStatuses: readonly SessionStatus[] = [...activeStatuses, ...terminalStatuses, 'unknown'];

/** Whether `action` is allowed from `status`. */
export function canTransition(status: RegistryStatus, action: LifecycleAction): boolean {
  return (lifecycleTable[action].from as readonly RegistryStatus[]).includes(status);
}

/**
 * The status after `action`.
 * @throws FleetError `NotFound` when the session is absent; `InvalidTransition` when the table does not allow it. Terminal is final.
 */
export function transition(id: string, status: RegistryStatus, action: LifecycleAction): SessionStatus {
  if (status === 'absent') throw notFound(id);
  if (!canTransition(status, action)) throw invalidTransition(id, status, action);
  const { to } = lifecycleTable[action];
  return to === 'same' ? status : to;
}

/**
 * The status of a session that is registered. Whoever asks checks the limit after this (meerkat: duplicate first).
 * @throws FleetError `AlreadyRegistered` unless it is absent.
 */
export function registration(id: string, status: RegistryStatus): 'provisioning' {
  if (status !== 'absent') throw alreadyRegistered(id);
  return 'provisioning';
}

function invalidTransition(id: string, status: SessionStatus, action: LifecycleAction): FleetError<'InvalidTransition'> {
  return new FleetError('InvalidTransition', `Invalid lifecycle transition for ${id}: ${status} -> ${action}.`, {
    details: { id, status, action },
  });
}
