import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { Liveness, Session } from '../core/session.ts';

/** A session with what this window knows about it: all that is needed to show it. */
export interface SessionView {
  readonly session: Session;
  /** The agent's name as its makers write it. */
  readonly driverLabel: string;
  readonly liveness: Liveness;
  /** Its process is alive, but no signal came for too long. */
  readonly stale: boolean;
  /** This window holds the session's terminal. */
  readonly hasTerminal: boolean;
  /** Another window that can be reached holds it, and this one does not. */
  readonly elsewhere: boolean;
  /** The agent's own events say when it is ready and that it took a prompt. */
  readonly provesPrompts?: boolean;
  /** This window may change the fleet, by itself or through the window that owns the registry. */
  readonly canChange: boolean;
  /** The newest one, while the runner is connected. */
  readonly heartbeat?: RunnerHeartbeat;
}

/** Where the span of a session begins: at the start of its process, or at the order to start it. */
export function startOf(view: SessionView): number {
  return view.session.startedAt ?? view.session.createdAt;
}

/** How long a session has run, or ran. */
export function elapsedOf(view: SessionView, now: number): number {
  const end = view.session.completedAt ?? now;
  return Math.max(0, end - startOf(view));
}
