import type { Liveness, Session } from './session.ts';

/** A busy agent that gave no sign for so long is shown as stale, milliseconds (heddle's lease, seed row V3). */
export const staleAfterMs = 5 * 60_000;

/**
 * Whether a session is alive but suspiciously silent: it says that it is busy, and neither a signal nor any output
 * came for `staleAfterMs`. An agent that waits (idle, asking, blocked) may wait for ever.
 */
export function isStale(session: Session, liveness: Liveness, lastOutputAt: number | undefined, now: number): boolean {
  if (session.status !== 'running' || liveness !== 'alive') return false;
  const kind = session.signal?.activity;
  if (kind === 'idle' || kind === 'needs_permission' || kind === 'needs_answer' || kind === 'blocked') return false;
  const evidence = Math.max(session.lastActivityAt, session.signal?.at ?? 0, lastOutputAt ?? 0);
  return now - evidence > staleAfterMs;
}
