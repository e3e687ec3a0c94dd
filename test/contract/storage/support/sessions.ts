import type { AuditEntry, HistoryEntry, SessionChange } from '../../../../src/core/ports.ts';
import type { Session } from '../../../../src/core/session.ts';

/** A running session; `more` overrides. */
export function session(id: string, more: Partial<Session> = {}): Session {
  return {
    id,
    name: id,
    driver: 'claude',
    spec: { prompt: 'do it', policy: 'ask', cwd: '/work' },
    attempt: 1,
    status: 'running',
    lastRunnerSeq: 0,
    artifacts: [],
    historySeq: 0,
    skipped: 0,
    createdAt: 1_700_000_000_000,
    startedAt: 1_700_000_000_100,
    lastActivityAt: 1_700_000_000_200,
    ...more,
  };
}

export function entry(sessionId: string, seq: number, data: unknown = { n: seq }): HistoryEntry {
  return { sessionId, seq, at: 1_700_000_000_000 + seq, kind: 'signal', actor: 'agent', data };
}

/** A session with `lines` lines of history, numbered from 1. */
export function change(id: string, more: Partial<Session> = {}, lines = 1): SessionChange {
  return { session: session(id, { historySeq: lines, ...more }), history: Array.from({ length: lines }, (_, index) => entry(id, index + 1)) };
}

/** The next change of a session: one more line of history. */
export function further(before: Session, more: Partial<Session> = {}, data?: unknown): SessionChange {
  const historySeq = before.historySeq + 1;
  return { session: { ...before, ...more, historySeq }, history: [entry(before.id, historySeq, data ?? { n: historySeq })] };
}

/** The end of a session, with its number in the completion feed. */
export function ended(before: Session, feedSeq: number, completedAt = 1_700_000_001_000 + feedSeq): SessionChange {
  return further(before, { status: 'completed', outcome: { type: 'completed', by: 'exit' }, completedAt, lastActivityAt: completedAt, feedSeq });
}

export function audited(action: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return { at: 1_700_000_000_000, actor: 'user', action, result: 'ok', ...more };
}
