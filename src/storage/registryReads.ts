import type {
  CompletionEntry, HistoryEntry, HistorySearch, SessionCounts, SessionQuery, SessionSummary, StoredAuditEntry,
} from '../core/ports.ts';
import type { Session, SessionStatus } from '../core/session.ts';
import type { PendingWrites } from './pendingWrites.ts';
import type { RegistryTenure } from './registryTenure.ts';
import type { SessionBook } from './sessionBook.ts';
import type { WorkerMethods } from './worker/contract.ts';

/** What the audit can be asked for. */
export interface AuditQuery {
  readonly afterSeq?: number;
  readonly limit?: number;
  /** Part of any column. */
  readonly text?: string;
}

/** Questions to the registry: answered by the worker, and by what is only in memory while the disk does not take it. */
export class RegistryReads {
  readonly #tenure: RegistryTenure;
  readonly #book: SessionBook;
  readonly #pending: PendingWrites;

  constructor(tenure: RegistryTenure, book: SessionBook, pending: PendingWrites) {
    this.#tenure = tenure;
    this.#book = book;
    this.#pending = pending;
  }

  async query(query: SessionQuery): Promise<readonly Session[]> {
    return this.#isBehind ? this.#book.select(query) : ((await this.#ask('query', { query })) ?? []);
  }

  async load(sessionId: string): Promise<Session | undefined> {
    const waiting = this.#pending.find(sessionId) ?? (this.#isBehind ? this.#book.get(sessionId) : undefined);
    if (waiting === undefined) return this.#ask('load', { sessionId });
    return waiting === 'forgotten' ? undefined : waiting;
  }

  async search(search: HistorySearch): Promise<readonly SessionSummary[]> {
    return (await this.#ask('search', { search })) ?? [];
  }

  async counts(): Promise<SessionCounts> {
    const behind = this.#isBehind ? { sessions: this.#book.select(), evictions: this.#pending.evictions } : undefined;
    const stored = (await this.#ask('counts', {})) ?? { byStatus: {}, evicted: 0 };
    if (behind === undefined) return stored;
    const byStatus: Partial<Record<SessionStatus, number>> = {};
    for (const { status } of behind.sessions) byStatus[status] = (byStatus[status] ?? 0) + 1;
    return { byStatus, evicted: stored.evicted + behind.evictions };
  }

  async history(sessionId: string, { afterSeq = 0, limit = 0 }: { afterSeq?: number; limit?: number }): Promise<readonly HistoryEntry[]> {
    const { lines, anew } = this.#pending.history(sessionId);
    const stored = anew ? [] : ((await this.#ask('history', { sessionId, afterSeq, limit })) ?? []);
    // What waited when the question was put may have been written meanwhile.
    const last = stored.at(-1)?.seq ?? afterSeq;
    const all = [...stored, ...lines.filter(({ seq }) => seq > last)];
    return limit === 0 ? all : all.slice(0, limit);
  }

  async auditTrail(query: AuditQuery): Promise<readonly StoredAuditEntry[]> {
    return (await this.#ask('auditTrail', query)) ?? [];
  }

  async completions(query: { afterSeq: number; limit?: number }): Promise<readonly CompletionEntry[]> {
    return (await this.#ask('completions', query)) ?? [];
  }

  /** Whether the worker does not know all that was asked for. */
  get #isBehind(): boolean {
    const { journal, role } = this.#tenure;
    return this.#pending.size > 0 || (journal === undefined && (role === 'owner' || role === 'candidate'));
  }

  async #ask<M extends keyof WorkerMethods>(method: M, params: Omit<WorkerMethods[M]['params'], 'upTo'>): Promise<WorkerMethods[M]['result'] | undefined> {
    const { worker, lastQ, newerVersion } = this.#tenure;
    if (worker === undefined || newerVersion !== undefined) return undefined;
    return worker.call(method, { ...params, upTo: lastQ });
  }
}
