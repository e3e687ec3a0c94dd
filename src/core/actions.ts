import { isActive, isTerminal, type Session } from './session.ts';

/** What a person can do to a session. */
export type SessionAction =
  | 'prompt'
  | 'reveal'
  | 'interrupt'
  | 'complete'
  | 'cancel'
  | 'restart'
  | 'inspect'
  | 'openArtifact'
  | 'clear';

/** What this window knows beside the session itself. */
export interface SessionSurroundings {
  /** This window holds the session's terminal. */
  readonly hasTerminal: boolean;
  /** This window may change the registry (it is the owner and the workspace is trusted). */
  readonly canChange: boolean;
  /** The agent's own events say when it is ready and what it took (`AgentDriver.provesPrompts`). Absent: they do not. */
  readonly provesPrompts?: boolean;
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
  if (session.status === 'running' && around.hasTerminal && !isEnding) {
    if (!isAsking(session) && !isUnready(session, around)) actions.add('prompt');
    if (session.signal?.activity !== 'idle') actions.add('interrupt');
  }
  if (session.status === 'running' || session.status === 'retiring') actions.add('complete');
  if (isActive(session.status) && !isEnding) actions.add('cancel');
  if (restartable.has(session.status)) actions.add('restart');
  if (isTerminal(session.status)) actions.add('clear');
  return actions;
}

/** A question is open: whatever is typed would answer it. */
export function isAsking({ status, signal }: Session): boolean {
  return status === 'running' && (signal?.activity === 'needs_permission' || signal?.activity === 'needs_answer');
}

/** It could say that it is ready and has not: what is typed may land in a start-up dialog. */
export function isUnready({ status, signal }: Session, around: Pick<SessionSurroundings, 'provesPrompts'>): boolean {
  return status === 'running' && around.provesPrompts === true && signal?.activity === 'starting' && signal.source === 'process';
}
