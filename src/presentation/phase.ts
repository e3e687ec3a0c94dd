import { isTerminal, type ActivityKind, type TerminalStatus } from '../core/session.ts';
import type { SessionView } from './sessionView.ts';

/** What is shown of a session: its status, refined by activity, liveness and our own wish to end it. */
export type Phase =
  | 'starting'
  | 'working'
  | 'modelWait'
  | 'runningTool'
  | 'needsPermission'
  | 'needsAnswer'
  | 'blocked'
  | 'idle'
  | 'noSignal'
  | 'stale'
  | 'cannotTell'
  | 'gone'
  | 'ending'
  | 'retiring'
  | TerminalStatus
  | 'unreadable';

/** The groups of the tree, most urgent first. */
export type GroupId = 'attention' | 'active' | 'finished';
export const groupIds: readonly GroupId[] = ['attention', 'active', 'finished'];

const activityPhases: Readonly<Record<ActivityKind, Phase>> = {
  starting: 'starting',
  working: 'working',
  model_wait: 'modelWait',
  running_tool: 'runningTool',
  needs_permission: 'needsPermission',
  needs_answer: 'needsAnswer',
  idle: 'idle',
  blocked: 'blocked',
};

const needy: ReadonlySet<Phase> = new Set<Phase>(['needsPermission', 'needsAnswer', 'blocked']);

/**
 * The phase of a session. A request to end it hides an open question (the person has decided), and so does
 * a dead process. An open question outlasts missing evidence: after a reload it is still the best that is known.
 */
export function phaseOf(view: SessionView): Phase {
  const { session } = view;
  if (isTerminal(session.status)) return session.status;
  if (session.status === 'unknown') return 'unreadable';
  if (session.stopRequest !== undefined) return 'ending';
  if (session.status !== 'provisioning' && view.liveness === 'dead') return 'gone';
  const told = session.signal === undefined ? undefined : activityPhases[session.signal.activity];
  if (told !== undefined && needy.has(told)) return told;
  if (session.status === 'retiring') return 'retiring';
  if (session.status === 'provisioning') return 'starting';
  if (view.liveness === 'unknown') return 'cannotTell';
  if (view.stale) return 'stale';
  return told ?? 'noSignal';
}

/** Whether a person must do something before the session can go on. */
export function needsYou(view: SessionView): boolean {
  return needy.has(phaseOf(view));
}

/** The group that a session's own state calls for. A row that cannot be read counts as finished: nothing can be done with it but look. */
export function groupOf(view: SessionView): GroupId {
  if (isTerminal(view.session.status) || view.session.status === 'unknown') return 'finished';
  return needsYou(view) ? 'attention' : 'active';
}
