import { isDeepStrictEqual } from 'node:util';
import type { AuditEntry, CompletionEntry, HistoryEntry } from '../../../src/core/ports.ts';
import { isTerminal, type Session } from '../../../src/core/session.ts';
import { recordsOf, type Change } from './change.ts';
import type { Found } from './found.ts';
import type { Tally } from './tally.ts';

export interface CompareOptions {
  /** Compaction may have dropped history of sessions that ended, and evicted sessions. */
  readonly mayDrop?: boolean;
  /** Only these sessions' histories and bodies are read; absent: all. */
  readonly only?: ReadonlySet<string>;
  /** For messages. */
  readonly where: string;
}

/** What the registry must hold, in the simplest way. */
export class Model {
  readonly listed = new Map<string, Session>();
  readonly evicted = new Map<string, Session>();
  readonly history = new Map<string, HistoryEntry[]>();
  readonly feed = new Map<number, Omit<CompletionEntry, 'seq'>>();
  audit: AuditEntry[] = [];
  feedSeq = 0;
  /** Records so far: the number of the newest one. */
  records = 0;

  /** @param records applies only so many of the change's records. */
  apply(change: Change, records = recordsOf(change)): void {
    this.records += records;
    if (records === 0) return;
    switch (change.k) {
      case 'put': {
        const { s, h } = change;
        this.listed.set(s.id, s);
        this.#historyOf(s.id).push(...h);
        if (s.feedSeq !== undefined && s.outcome !== undefined && !this.feed.has(s.feedSeq)) {
          this.feed.set(s.feedSeq, { sessionId: s.id, kind: s.kind ?? 'agent', name: s.name, outcome: s.outcome, at: s.completedAt ?? 0 });
          this.feedSeq = Math.max(this.feedSeq, s.feedSeq);
        }
        return;
      }
      case 'evict':
        for (const session of change.ss.slice(0, records)) {
          this.listed.delete(session.id);
          this.evicted.set(session.id, session);
        }
        return;
      case 'del':
        for (const id of change.ids) this.#forget(id);
        return;
      case 'audit':
        this.audit.push(change.e);
    }
  }

  #historyOf(id: string): HistoryEntry[] {
    let entries = this.history.get(id);
    if (entries === undefined) this.history.set(id, (entries = []));
    return entries;
  }

  #forget(id: string): void {
    this.listed.delete(id);
    this.evicted.delete(id);
    this.history.delete(id);
    for (const [seq, { sessionId }] of this.feed) if (sessionId === id) this.feed.delete(seq);
  }

  /** Compares with what was found and counts every difference. */
  compare(found: Found, tally: Tally, { mayDrop = false, only, where }: CompareOptions): void {
    const lost = (what: string): void => tally.found('lost', `${where}: ${what}`);
    const invented = (what: string): void => tally.found('invented', `${where}: ${what}`);
    const dropped = new Set<string>();
    for (const id of found.listed.keys()) if (found.evicted.has(id)) tally.found('twoStates', `${where}: ${id} is in the list and evicted`);
    if (found.counted !== found.listed.size + found.evicted.size) tally.found('twoStates', `${where}: ${found.counted} sessions are counted`);
    for (const [id, session] of this.listed) {
      const there = found.listed.get(id);
      if (there === undefined) lost(`${id} is not in the list`);
      else if (!isDeepStrictEqual(there, session)) invented(`${id} is ${JSON.stringify(there)} instead of ${JSON.stringify(session)}`);
    }
    for (const id of found.listed.keys()) if (!this.listed.has(id)) invented(`${id} is in the list`);
    for (const id of found.evicted) if (!this.evicted.has(id)) invented(`${id} is evicted`);
    for (const [id, session] of this.evicted) {
      if (!found.evicted.has(id)) {
        if (!mayDrop) lost(`the evicted ${id}`);
        dropped.add(id);
      } else if (only?.has(id) !== false && !isDeepStrictEqual(found.load(id), session)) lost(`the body of the evicted ${id}`);
    }
    for (const [id, entries] of this.history) {
      if (dropped.has(id) || only?.has(id) === false) continue;
      const there = found.history(id);
      const session = this.listed.get(id) ?? this.evicted.get(id);
      const shortened = mayDrop && session !== undefined && (isTerminal(session.status) || this.evicted.has(id));
      const expected = shortened ? entries.slice(entries.length - there.length) : entries;
      if (there.length < expected.length) lost(`${expected.length - there.length} lines of the history of ${id}`);
      else if (!isDeepStrictEqual(there, expected)) invented(`the history of ${id}`);
    }
    this.#compareLedgers(found, dropped, lost, invented);
  }

  #compareLedgers(found: Found, dropped: ReadonlySet<string>, lost: (what: string) => void, invented: (what: string) => void): void {
    const audit = found.audit.map(({ seq: _seq, ...entry }) => entry);
    if (audit.length < this.audit.length) lost(`${this.audit.length - audit.length} lines of the audit`);
    else if (!isDeepStrictEqual(audit, this.audit)) invented('lines of the audit');
    const feed = new Map(found.feed.map(({ seq, ...entry }) => [seq, entry]));
    const oldest = this.feedSeq - 1_024;
    for (const [seq, entry] of this.feed) {
      if (seq <= oldest || dropped.has(entry.sessionId)) continue;
      if (!feed.has(seq)) lost(`number ${seq} of the feed`);
      else if (!isDeepStrictEqual(feed.get(seq), entry)) invented(`number ${seq} of the feed`);
    }
    for (const seq of feed.keys()) if (!this.feed.has(seq)) invented(`number ${seq} of the feed`);
    if (found.feedSeq !== this.feedSeq) lost(`the feed ends at ${found.feedSeq} instead of ${this.feedSeq}`);
  }
}
