import { FleetError } from '../base/errors.ts';
import { selectSessions } from '../core/lookups.ts';
import type { HistoryEntry, SessionChange, SessionQuery } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { JournalRecord } from './journal/record.ts';
import { patchOf } from './journal/sessionPatch.ts';
import { PendingWrite, type PendingWrites, type WriteEffect } from './pendingWrites.ts';

/** The sessions in the list, in memory: what a change is checked against, and what its record is the difference to. */
export class SessionBook {
  /** As the journal has them. */
  readonly #journalled = new Map<string, Session>();
  /** With all that was asked for since. */
  readonly #asked = new Map<string, Session>();

  has(sessionId: string): boolean {
    return this.#asked.has(sessionId);
  }

  /** As asked for. */
  get(sessionId: string): Session | undefined {
    return this.#asked.get(sessionId);
  }

  /** As asked for; newest first. */
  select(query: SessionQuery = {}): readonly Session[] {
    return selectSessions([...this.#asked.values()], query);
  }

  /** What was read from the journal, and what waits to be written to it. */
  begin(sessions: readonly Session[], pending: PendingWrites): void {
    this.#journalled.clear();
    this.#asked.clear();
    for (const session of sessions) this.#journalled.set(session.id, session);
    for (const session of pending.over(sessions)) this.#asked.set(session.id, session);
  }

  noteAsked(effect: WriteEffect): void {
    note(this.#asked, effect);
  }

  noteJournalled(effect: WriteEffect): void {
    note(this.#journalled, effect);
  }

  /** @throws FleetError `HistoryExists`. */
  checkHistory({ session, history }: SessionChange): void {
    let last = this.#asked.get(session.id)?.historySeq ?? 0;
    for (const { sessionId, seq } of history) {
      if (sessionId !== session.id || seq <= last || seq > session.historySeq) {
        throw new FleetError('HistoryExists', `History number ${seq} of ${session.id} is out of order.`, { details: { id: session.id, seq } });
      }
      last = seq;
    }
  }

  /** The record of a session as it is now; `whole`: it holds all of it, so that it can be read without those before it. */
  put(q: number, t: number, session: Session, history: readonly HistoryEntry[], whole: boolean): JournalRecord {
    const { p, full } = patchOf(whole ? undefined : this.#journalled.get(session.id), session);
    return { q, t, k: 'put', s: session.id, p, ...(full ? { f: 1 as const } : {}), ...linesOf(history) };
  }

  /**
   * What must be written again when the journal is gone: the sessions in the list, whole, and what else of the changes that no disk was
   * known to have. The older history is lost.
   */
  startOver(unsettled: readonly PendingWrite[]): readonly PendingWrite[] {
    const again = [...this.#journalled.values()].map((session) => new PendingWrite((q, t) => this.put(q, t, session, [], true), { put: session }));
    for (const write of unsettled) {
      const { put, history = [], forgotten } = write.effect;
      if (forgotten !== undefined) continue;
      if (put === undefined) again.push(new PendingWrite(write.record, write.effect));
      else if (history.length > 0 && this.#journalled.has(put.id)) again.push(new PendingWrite((q, t) => ({ q, t, k: 'put', s: put.id, p: {}, ...linesOf(history) }), { history }));
    }
    this.#journalled.clear();
    return again;
  }
}

function note(sessions: Map<string, Session>, { put, evicted, forgotten }: WriteEffect): void {
  if (put !== undefined) sessions.set(put.id, put);
  if (evicted !== undefined) sessions.delete(evicted.id);
  for (const id of forgotten ?? []) sessions.delete(id);
}

function linesOf(history: readonly HistoryEntry[]) {
  if (history.length === 0) return {};
  return { h: history.map(({ seq, at, kind, actor, data }) => [seq, Math.round(at), kind, actor, data ?? null] as const) };
}
