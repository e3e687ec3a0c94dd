import { isActive, isTerminal, type Liveness, type Session } from './session.ts';

/** What a person can do to a session. */
export type SessionAction =
  | 'prompt'
  | 'reveal'
  | 'interrupt'
  | 'complete'
  | 'cancel'
  | 'retire'
  | 'release'
  | 'restart'
  | 'inspect'
  | 'openArtifact'
  | 'clear';

/** What this window knows beside the session itself. */
export interface SessionSurroundings {
  /** This window holds the session's terminal. */
  readonly hasTerminal: boolean;
  /** Another window that can be reached holds it. Absent: none does. */
  readonly elsewhere?: boolean;
  /** This window may change the fleet (it owns the registry or can ask the owner, and the workspace is trusted). */
  readonly canChange: boolean;
  /** The agent's own events say when it is ready and what it took (`AgentDriver.provesPrompts`). Absent: they do not. */
  readonly provesPrompts?: boolean;
  /** The verdict about its processes. Absent: nobody looked. */
  readonly liveness?: Liveness;
}

/** Statuses from which a new attempt makes sense (seed row L15): it did not do what it was asked. */
const restartable: ReadonlySet<string> = new Set(['failed', 'aborted', 'cancelled', 'terminated', 'unknown']);

/**
 * The actions that are valid for a session now: the one table behind menus, pickers and the
 * refusals of commands. Source: meerkat ops lifecycle (which call is allowed from which status).
 */
export function validActions(session: Session, around: SessionSurroundings): ReadonlySet<SessionAction> {
  const actions = new Set<SessionAction>(['inspect']);
  // Also without a reported file: git finds what shell commands changed.
  if (session.startedAt !== undefined || session.artifacts.length > 0) actions.add('openArtifact');
  if (around.hasTerminal) actions.add('reveal');
  if (!around.canChange) return actions;
  const isEnding = session.stopRequest !== undefined;
  if (session.status === 'running' && isReachable(around) && !isEnding) {
    if (!isAsking(session) && !isUnready(session, around)) actions.add('prompt');
    if (session.signal?.activity !== 'idle') actions.add('interrupt');
  }
  if (session.status === 'running' || session.status === 'retiring') actions.add('complete');
  if (isActive(session.status) && !isEnding) actions.add('cancel');
  if (session.status === 'running' && !isEnding) actions.add('retire');
  // A start that nobody can judge is given up by a cancel.
  if ((session.status === 'running' || session.status === 'retiring') && around.liveness === 'unknown') actions.add('release');
  if (restartable.has(session.status)) actions.add('restart');
  if (isClearable(session)) actions.add('clear');
  return actions;
}

/** Whether it may leave the list for good. Of a row that cannot be read nobody knows whether its agent runs, unless it was imported. */
export function isClearable({ status, channel }: Session): boolean {
  return isTerminal(status) || (status === 'unknown' && channel === 'external');
}

/** Something can be typed into its terminal, here or in another window. */
export function isReachable(around: Pick<SessionSurroundings, 'hasTerminal' | 'elsewhere'>): boolean {
  return around.hasTerminal || around.elsewhere === true;
}

/** A question is open: whatever is typed would answer it. */
export function isAsking({ status, signal }: Session): boolean {
  return status === 'running' && (signal?.activity === 'needs_permission' || signal?.activity === 'needs_answer');
}

/** It could say that it is ready and has not: what is typed may land in a start-up dialog. */
export function isUnready({ status, signal }: Session, around: Pick<SessionSurroundings, 'provesPrompts'>): boolean {
  return status === 'running' && around.provesPrompts === true && signal?.activity === 'starting' && signal.source === 'process';
}
