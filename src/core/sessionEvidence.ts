import { isForeign } from './liveness.ts';
import type { ProcessProbe } from './ports.ts';
import type { Liveness, Session } from './session.ts';

/** What is known of the processes of a session. */
export interface SessionEvidence {
  readonly runner: Liveness;
  readonly agent: Liveness;
  /** About both together: one that lives is enough; only who is recorded can be proven dead. */
  readonly verdict: Liveness;
}

/**
 * Looks at the processes of a session. Without a recorded process there is no evidence: unknown (seed rows V2, V4). `host` is the name of
 * this machine: pids of another one mean nothing here. Absent: the caller has seen to that.
 */
export async function lookAt(probe: ProcessProbe, session: Session, host?: string): Promise<SessionEvidence> {
  if (isForeign(session, host)) return { runner: 'unknown', agent: 'unknown', verdict: 'unknown' };
  const runner = await probe.liveness(session.runner);
  const agent = await probe.liveness(session.agent);
  return { runner, agent, verdict: verdictOf(session, runner, agent) };
}

function verdictOf(session: Session, runner: Liveness, agent: Liveness): Liveness {
  if (runner === 'alive' || agent === 'alive') return 'alive';
  const recorded = [...(session.runner === undefined ? [] : [runner]), ...(session.agent === undefined ? [] : [agent])];
  // A runner that is not known may still be about to write the end.
  if (session.runner === undefined && session.channel !== 'external') return 'unknown';
  return recorded.length > 0 && recorded.every((each) => each === 'dead') ? 'dead' : 'unknown';
}
