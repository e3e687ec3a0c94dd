import { oneLine } from '../base/text.ts';
import type { HistoryEntry } from './ports.ts';
import { isActive, type Session } from './session.ts';
import type { Note } from './sessionReducer.ts';

/** A place of which an agent asked for context (heddle context queries, seed row A13). */
export interface ContextQuery {
  readonly path: string;
  readonly scope?: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const kind = 'contextQuery';
const maxPath = 1024;
const maxScope = 200;

/**
 * The history line of a query, for `FleetService` to keep. `undefined` when the session has ended or the query names no path:
 * such a query is ignored without an error (heddle log_context_query).
 */
export function contextQueryNote(session: Session, query: ContextQuery): Note | undefined {
  const path = oneLine(query.path, maxPath);
  if (!isActive(session.status) || path === '') return undefined;
  const scope = oneLine(query.scope ?? '', maxScope);
  return { kind, actor: 'agent', at: query.at, data: { path, ...(scope === '' ? {} : { scope }) } };
}

/** The queries that a history holds, in its order. Lines of other kinds and unreadable ones are left out. */
export function contextQueriesOf(history: readonly HistoryEntry[]): readonly ContextQuery[] {
  return history.flatMap((entry) => {
    if (entry.kind !== kind || typeof entry.data !== 'object' || entry.data === null) return [];
    const { path, scope } = entry.data as { path?: unknown; scope?: unknown };
    if (typeof path !== 'string') return [];
    return [{ path, at: entry.at, ...(typeof scope === 'string' ? { scope } : {}) }];
  });
}
