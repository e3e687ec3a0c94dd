import type { Session, SessionStatus, Signal } from '../../../src/core/session.ts';
import type { SessionView } from '../../../src/presentation/sessionView.ts';

export const second = 1000;
export const minute = 60 * second;
export const now = 100 * minute;

/** A running session of four minutes; every part can be replaced. */
export function session(over: Partial<Session> = {}): Session {
  return {
    id: 'agent-a',
    name: 'login-flow',
    driver: 'claude',
    spec: { policy: 'ask', cwd: '/work/app' },
    attempt: 1,
    status: 'running',
    lastRunnerSeq: 0,
    historySeq: 0,
    artifacts: [],
    skipped: 0,
    createdAt: now - 4 * minute,
    lastActivityAt: now,
    ...over,
  };
}

export function view(over: Partial<Session> = {}, around: Partial<Omit<SessionView, 'session'>> = {}): SessionView {
  return { session: session(over), driverLabel: 'Claude Code', liveness: 'alive', stale: false, hasTerminal: true, elsewhere: false, canChange: true, ...around };
}

export function signal(activity: Signal['activity'], detail?: string, over: Partial<Signal> = {}): Signal {
  return { activity, ...(detail === undefined ? {} : { detail }), source: 'hook', at: now - 4 * second, ...over };
}

/** A session with a short id and name, for trees. */
export function member(id: string, over: Partial<Session> = {}, around: Partial<Omit<SessionView, 'session'>> = {}): SessionView {
  return view({ id, name: id, ...over }, around);
}

export function ended(status: SessionStatus, completedAt = now): Partial<Session> {
  return { status, completedAt };
}
