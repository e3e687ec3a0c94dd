import type { AuditEntry, HistoryEntry } from '../../../src/core/ports.ts';
import type { Session } from '../../../src/core/session.ts';

/** One call of the store that changes something. */
export type Change =
  | { readonly k: 'put'; readonly how: 'new' | 'update' | 'end'; readonly s: Session; readonly h: readonly HistoryEntry[] }
  | { readonly k: 'evict'; readonly ss: readonly Session[] }
  | { readonly k: 'del'; readonly ids: readonly string[] }
  | { readonly k: 'audit'; readonly e: AuditEntry };

/** A line of the diary that a writing process keeps in a file of its own, where a kill cannot reach it. Times are nanoseconds since boot. */
export type DiaryLine =
  /** It opened the registry, or became the owner. */
  | { readonly open: { readonly role: 'owner' | 'reader'; readonly skipped: number; readonly restored: boolean; readonly sessions: number } }
  /** Is about to ask for it. */
  | { readonly ask: number; readonly at: number; readonly change: Change }
  /** The call returned: safe from a kill. */
  | { readonly ret: number; readonly at: number }
  /** The promise resolved: safe from a loss of power. */
  | { readonly ack: number }
  /** The promise rejected. */
  | { readonly fail: number; readonly code: string }
  | { readonly problem: string };

/** How many records a change makes; each of them may be the last that was written. */
export function recordsOf(change: Change): number {
  return change.k === 'evict' ? change.ss.length : 1;
}
