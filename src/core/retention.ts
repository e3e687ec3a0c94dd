import { isActive, type Session, type SessionOutcome } from './session.ts';

/** How many ended sessions stay in the list (meerkat DEFAULT_MAX_COMPLETED). */
export const defaultMaxFinished = 256;
/** How long they stay (heddle terminal TTL): 7 days, in milliseconds. */
export const defaultMaxAgeMs = 7 * 24 * 60 * 60_000;

export interface RetentionLimits {
  /** Newest ended sessions to keep; 0 = no limit. */
  readonly maxFinished: number;
  /** Milliseconds since the end; 0 = no limit. */
  readonly maxAgeMs: number;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * What is to be done after a step, in this order (seed row S9): tell every end to watchers and feed, then evict. Meerkat evicted
 * first, so that watchers of a session that was evicted in the step of its end never heard of it (M1).
 */
export interface EvictionPlan {
  readonly settle: readonly { readonly session: Session; readonly outcome: SessionOutcome }[];
  readonly evict: readonly Session[];
}

/**
 * The sessions that leave the list, oldest end first (seed row S8). By count (meerkat): all but the newest `maxFinished`, in the order
 * in which they ended. By age (heddle, `<=`): those whose end is `maxAgeMs` ago or longer. Active ones never leave; nor do those that
 * were completed while their agent is still to be ended, or are started again soon. Rows that cannot be read leave by age only, and only if their end is known.
 */
export function evictable(sessions: readonly Session[], limits: RetentionLimits): readonly Session[] {
  const ended = sessions.filter((session) => !isActive(session.status)).sort(byCompletion);
  const counted = ended.filter((session) => session.status !== 'unknown');
  const tooMany = new Set(limits.maxFinished > 0 ? counted.slice(0, Math.max(0, counted.length - limits.maxFinished)) : []);
  return ended.filter((session) => !isStillNeeded(session) && (tooMany.has(session) || isTooOld(session, limits)));
}

/** What follows from a step after which the fleet is `sessions`, of which `ended` have just ended. */
export function evictionPlan(sessions: readonly Session[], ended: readonly Session[], limits: RetentionLimits): EvictionPlan {
  const settle = [...ended].sort(byCompletion).flatMap((session) => (session.outcome === undefined ? [] : [{ session, outcome: session.outcome }]));
  return { settle, evict: evictable(sessions, limits) };
}

/** Order of completion: number in the feed (rows older than the feed have none and come first), then time of the end, then id. */
export function byCompletion(a: Session, b: Session): number {
  return (a.feedSeq ?? 0) - (b.feedSeq ?? 0) || endOf(a) - endOf(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

function isTooOld(session: Session, { maxAgeMs, now }: RetentionLimits): boolean {
  if (maxAgeMs <= 0 || (session.status === 'unknown' && session.completedAt === undefined)) return false;
  return endOf(session) <= now - maxAgeMs;
}

/** Ends that a person or a deadline wrote, not the exit of the agent. */
const endedOnPaper: ReadonlySet<string> = new Set(['completed', 'retired', 'terminated']);

/** It ended on paper, and its agent, which is ours, is not proven gone yet: somebody must still find it. Or it is started again soon. */
export function isStillNeeded({ status, channel, retryAt, stopRequest }: Session): boolean {
  return retryAt !== undefined || (endedOnPaper.has(status) && stopRequest !== undefined && channel !== 'external');
}

function endOf(session: Session): number {
  return session.completedAt ?? session.startedAt ?? session.createdAt;
}
