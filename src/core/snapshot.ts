import { isTerminal, kindOf, type PeerHandle, type Session, type SessionKind, type SessionOutcome, type SessionStatus } from './session.ts';

/** What is told of a session to those who look at it: tree, hover, inspect document (meerkat lifecycle snapshot, seed row L14). */
export interface SessionSnapshot {
  readonly id: string;
  readonly kind: SessionKind;
  readonly displayName: string;
  readonly status: SessionStatus;
  readonly peerReady: boolean;
  readonly progressCount: number;
  readonly watcherCount: number;
  readonly terminalOutcome?: SessionOutcome;
  /** The agent's own conversation id. */
  readonly childSessionId?: string;
  readonly peerHandle?: PeerHandle;
  /** Epoch milliseconds. */
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly completedAtMs?: number;
  /** Milliseconds from creation to end by the monotonic clock; absent while active. */
  readonly elapsedMs?: number;
}

/** The session as it is now. What says how it ended is absent until it has. */
export function snapshotOf(session: Session, watcherCount = 0): SessionSnapshot {
  const ended = isTerminal(session.status);
  return {
    id: session.id,
    kind: kindOf(session),
    displayName: session.name,
    status: session.status,
    peerReady: session.peer !== undefined,
    progressCount: session.progress?.count ?? 0,
    watcherCount,
    ...(ended && session.outcome !== undefined ? { terminalOutcome: session.outcome } : {}),
    ...(session.conversationId === undefined ? {} : { childSessionId: session.conversationId }),
    ...(session.peer === undefined ? {} : { peerHandle: session.peer }),
    createdAtMs: session.createdAt,
    ...(session.startedAt === undefined ? {} : { startedAtMs: session.startedAt }),
    ...(ended && session.completedAt !== undefined ? { completedAtMs: session.completedAt } : {}),
    ...(ended && session.elapsedMs !== undefined ? { elapsedMs: Math.max(0, Math.round(session.elapsedMs)) } : {}),
  };
}

/** An outcome in meerkat's JSON. */
export type MeerkatOutcome =
  | {
      readonly outcome_type: 'completed';
      readonly id: string;
      readonly content: string;
      readonly is_error: false;
      readonly duration_ms: number;
      readonly tokens_used: number;
    }
  | { readonly outcome_type: 'failed'; readonly error: string }
  | { readonly outcome_type: 'aborted' | 'cancelled'; readonly reason: string | null }
  | { readonly outcome_type: 'retired' }
  | { readonly outcome_type: 'terminated'; readonly reason: string };

/** A snapshot in meerkat's JSON. `null` and absence are told apart as meerkat does it. */
export interface MeerkatSnapshot {
  readonly id: string;
  readonly kind: 'mob_member_child' | 'background_tool_op';
  readonly display_name: string;
  readonly status: Exclude<SessionStatus, 'unknown'> | 'absent';
  readonly peer_ready: boolean;
  readonly progress_count: number;
  readonly watcher_count: number;
  readonly terminal_outcome: MeerkatOutcome | null;
  readonly child_session_id: string | null;
  readonly peer_handle?: { readonly peer_name: string; readonly trusted_peer: { readonly name: string; readonly peer_id: string; readonly address: string } };
  readonly created_at_ms: number;
  readonly started_at_ms?: number;
  readonly completed_at_ms?: number;
  readonly elapsed_ms?: number;
}

/**
 * The session for readers of meerkat's format. It knows two kinds: what is not handed over to a peer is a `background_tool_op`; and no
 * unreadable status: that one is `absent`. A peer's id is the session's.
 */
export function meerkatSnapshot(session: Session, watcherCount = 0): MeerkatSnapshot {
  const snapshot = snapshotOf(session, watcherCount);
  const { peerHandle: peer, terminalOutcome } = snapshot;
  return {
    id: snapshot.id,
    kind: snapshot.kind === 'child_agent' ? 'mob_member_child' : 'background_tool_op',
    display_name: snapshot.displayName,
    status: snapshot.status === 'unknown' ? 'absent' : snapshot.status,
    peer_ready: snapshot.peerReady,
    progress_count: snapshot.progressCount,
    watcher_count: snapshot.watcherCount,
    terminal_outcome: terminalOutcome === undefined ? null : meerkatOutcome(session, terminalOutcome),
    child_session_id: snapshot.childSessionId ?? null,
    ...(peer === undefined ? {} : { peer_handle: { peer_name: peer.name, trusted_peer: { name: peer.name, peer_id: session.id, address: peer.address } } }),
    created_at_ms: snapshot.createdAtMs,
    ...(snapshot.startedAtMs === undefined ? {} : { started_at_ms: snapshot.startedAtMs }),
    ...(snapshot.completedAtMs === undefined ? {} : { completed_at_ms: snapshot.completedAtMs }),
    ...(snapshot.elapsedMs === undefined ? {} : { elapsed_ms: snapshot.elapsedMs }),
  };
}

/** How the session ended, in meerkat's JSON. The duration is monotonic where it is known, tokens are input and output together. */
export function meerkatOutcome(session: Session, outcome: SessionOutcome): MeerkatOutcome {
  switch (outcome.type) {
    case 'completed':
      return {
        outcome_type: 'completed',
        id: session.id,
        content: outcome.summary ?? '',
        is_error: false,
        duration_ms: durationOf(session),
        tokens_used: (session.usage?.inputTokens ?? 0) + (session.usage?.outputTokens ?? 0),
      };
    case 'failed':
      return { outcome_type: 'failed', error: outcome.error };
    case 'aborted':
    case 'cancelled':
      return { outcome_type: outcome.type, reason: outcome.reason ?? null };
    case 'retired':
      return { outcome_type: 'retired' };
    case 'terminated':
      return { outcome_type: 'terminated', reason: outcome.reason };
  }
}

function durationOf({ elapsedMs, createdAt, completedAt = createdAt }: Session): number {
  return Math.max(0, Math.round(elapsedMs ?? completedAt - createdAt));
}
