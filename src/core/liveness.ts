import type { ActivityKind, Liveness, ProcessIdentity, Session } from './session.ts';

/** A busy agent that gave no sign for so long is shown as stale, seconds (heddle's lease, seed row V3): what the setting may say. */
export const leaseSeconds = { default: 300, min: 30, max: 3600 } as const;

/** The setting's lease in milliseconds, brought into its range. */
export function leaseMsOf(seconds: number): number {
  if (Number.isNaN(seconds)) return leaseSeconds.default * 1000;
  return Math.min(leaseSeconds.max, Math.max(leaseSeconds.min, seconds)) * 1000;
}

/** Begins the reason with which a session is terminated whose processes are proven dead. */
export const lostReason = 'its processes are gone and nobody saw how they ended';

/** What the system says about one pid, now. */
export interface PidEvidence {
  /** `denied`: the pid exists, but belongs to somebody whose processes we may not look at (EPERM). */
  readonly presence: 'present' | 'denied' | 'missing' | 'unknown';
  /** Start time of whoever has the pid now, in the unit of `ProcessIdentity.startTime`. */
  readonly startTime?: string;
}

/**
 * The verdict about one process (heddle's, corrected; seed rows V1, V2): the only place where it is decided. The boot id decides before
 * the pid: after a reboot a pid belongs to somebody else. A pid alone proves nothing, so one without comparable start times is unknown;
 * being refused (EPERM) means that it exists.
 */
export function processVerdict(identity: ProcessIdentity, evidence: PidEvidence, bootId: string | undefined): Liveness {
  // Such a pid means a group of processes, or nothing.
  if (!Number.isSafeInteger(identity.pid) || identity.pid <= 0) return 'unknown';
  if (identity.bootId !== undefined && bootId !== undefined && identity.bootId !== bootId) return 'dead';
  if (evidence.presence === 'unknown') return 'unknown';
  if (evidence.presence === 'missing') return 'dead';
  if (identity.startTime !== undefined && evidence.startTime !== undefined) return identity.startTime === evidence.startTime ? 'alive' : 'dead';
  return evidence.presence === 'denied' ? 'alive' : 'unknown';
}

/** Whether the session's processes live on another machine (remote, container, WSL). Rows of older versions name none: they are ours. */
export function isForeign(session: Session, host: string | undefined): boolean {
  return session.host !== undefined && host !== undefined && session.host !== host;
}

/** An agent that waits, for a person or for better times, may wait for ever (seed row V8). */
const waiting: ReadonlySet<ActivityKind> = new Set<ActivityKind>(['idle', 'needs_permission', 'needs_answer', 'blocked']);

/** Whether silence of this session would be suspicious: it runs, is alive, and does not say that it waits. */
export function isExpectedToSpeak(session: Session, liveness: Liveness): boolean {
  return session.status === 'running' && liveness === 'alive' && !(session.signal !== undefined && waiting.has(session.signal.activity));
}
