import type { Liveness, ProcessIdentity } from '../../core/session.ts';

/** What the system says about one pid, now. */
export interface ProcessEvidence {
  /** The machine's present boot id, where there is one. */
  readonly bootId?: string;
  /** `denied`: the pid exists, but belongs to somebody whose processes we may not look at. */
  readonly presence: 'present' | 'denied' | 'missing' | 'unknown';
  /** Start time of whoever has the pid now, in the unit of `ProcessIdentity.startTime`. */
  readonly startTime?: string;
}

/**
 * Whether the recorded process is the one that the evidence speaks of (heddle's verdict, corrected).
 * The boot id is compared first: after a reboot every recorded process is gone, whatever its pid and start time say.
 * A pid alone proves nothing, so a present pid without comparable start times is `unknown`;
 * being refused (EPERM) means that it exists and counts as alive.
 */
export function livenessOf(identity: ProcessIdentity | undefined, evidence: ProcessEvidence): Liveness {
  if (identity === undefined) return 'unknown';
  if (identity.bootId !== undefined && evidence.bootId !== undefined && identity.bootId !== evidence.bootId) return 'dead';
  if (evidence.presence === 'missing') return 'dead';
  if (evidence.presence === 'unknown') return 'unknown';
  if (identity.startTime !== undefined && evidence.startTime !== undefined) {
    return identity.startTime === evidence.startTime ? 'alive' : 'dead';
  }
  return evidence.presence === 'denied' ? 'alive' : 'unknown';
}
