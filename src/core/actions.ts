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
}

/** Statuses from which a new attempt makes sense (seed row L15): it did not do what it was asked. */
const restartable: ReadonlySet<string> = new Set(['failed', 'aborted', 'cancelled', 'terminated', 'unknown']);

/**
 * The actions that are valid for a session now: the one table behind menus, pickers and the
 * refusals of commands. Source: meerkat ops lifecycle (which call is allowed from which status).
 */
export function validActions(session: Session, around: SessionSurroundings): ReadonlySet<SessionAction> {
  const actions = new Set<SessionAction>(['inspect']);
  if (session.artifacts.length > 0) actions.add('openArtifact');
  if (around.hasTerminal) actions.add('reveal');
  if (!around.canChange) return actions;
  const kind = session.signal?.activity;
  if (session.status === 'running') {
    if (around.hasTerminal && kind !== 'needs_permission' && kind !== 'needs_answer') actions.add('prompt');
    if (around.hasTerminal) actions.add('interrupt');
  }
  if (session.status === 'running' || session.status === 'retiring') actions.add('complete');
  if (isActive(session.status)) actions.add('cancel');
  if (restartable.has(session.status)) actions.add('restart');
  if (isTerminal(session.status)) actions.add('clear');
  return actions;
}
