import { processVerdict, type PidEvidence } from '../../core/liveness.ts';
import type { Liveness, ProcessIdentity } from '../../core/session.ts';

/** What the system says about one pid, now. */
export interface ProcessEvidence extends PidEvidence {
  /** The machine's present boot id, where there is one. */
  readonly bootId?: string;
}

/** Whether the recorded process is the one that the evidence speaks of. Nothing recorded: unknown. */
export function livenessOf(identity: ProcessIdentity | undefined, evidence: ProcessEvidence): Liveness {
  return identity === undefined ? 'unknown' : processVerdict(identity, evidence, evidence.bootId);
}
