import type { SqlValue } from 'sql.js';
import type {
  CompletionEntry,
  HistoryEntry,
  HistorySearch,
  SessionCounts,
  SessionQuery,
  SessionSummary,
  StoredAuditEntry,
} from '../../core/ports.ts';
import type { Session, SessionStatus } from '../../core/session.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { RecordReader } from './bodies.ts';
import type { Marks } from './marks.ts';
import type { Runs } from './runs.ts';
import { place } from './schema.ts';
import { mayBeInId, partsOf, searchWords, unfoldCapitals } from './searchText.ts';
import { completionFrom, historyFrom, knownStatuses, parseJson, sessionFrom, statusFrom } from './sessionBody.ts';
import { heldColumns, type SessionCache } from './sessionCache.ts';
import { numberOf, textOf, type Statements } from './statements.ts';

/** How many lines of history are read from the journal at once. */
const historyPage = 500;

/** Rule S14; see the search for the plus. */
const newestFirst = '+last_activity_at DESC, started_at DESC, id';

/** What the bodies of sessions in the list said. */
export interface SessionsRead {
  readonly sessions: readonly Session[];
  /** Rows that could not be read and were left out. */
  readonly skipped: number;
}

/** Everything `SessionStore` reads. Plain values; synchronous. The promises of `SessionStore` about order and limits hold here. */
export class Queries {
  readonly #sql: Statements;
  readonly #sessions: SessionCache;
  readonly #marks: Marks;
  readonly #runs: Runs;
  #missingBodies = 0;

  constructor(sql: Statements, sessions: SessionCache, marks: Marks, runs: Runs) {
    this.#sql = sql;
    this.#sessions = sessions;
    this.#marks = marks;
    this.#runs = runs;
  }

  /** How many records of the journal were asked for so far and are damaged or gone. */
  get missingBodies(): number {
    return this.#missingBodies;
  }

  /** All sessions of the fleet, newest activity first. */
  sessionsInList(): SessionsRead {
    return this.query({});
  }

  /** Order S14: newest activity first, then newest start (creation, if not started), then id. The limit counts sessions that can be read. */
  query(query: SessionQuery): SessionsRead {
    const { where, values } = conditions(query);
    const limit = limitOf(query.limit, Infinity);
    const sessions: Session[] = [];
    let skipped = 0;
    const sql = `SELECT ${heldColumns} WHERE evicted = ${place.listed}${where} ORDER BY last_activity_at DESC, started_at DESC, id`;
    this.#sql.each(sql, values, (row) => {
      const session = this.#sessions.read(this.#sessions.keep(row));
      if (session === undefined) skipped++;
      else sessions.push(session);
      return sessions.length < limit;
    });
    this.#sessions.shrink();
    return { sessions, skipped };
  }

  /** These sessions as far as they are in the list and can be read. */
  listed(ids: Iterable<string>): readonly Session[] {
    const sessions: Session[] = [];
    for (const id of ids) {
      const held = this.#sessions.find(id);
      const session = held?.place === place.listed ? this.#sessions.read(held) : undefined;
      if (session !== undefined) sessions.push(session);
    }
    this.#sessions.shrink();
    return sessions;
  }

  /** One session, evicted or not; `undefined` also if it cannot be read. */
  load(sessionId: string, records: RecordReader): Session | undefined {
    const held = this.#sessions.find(sessionId);
    this.#sessions.shrink();
    if (held === undefined || held.place === place.stub) return undefined;
    if (held.place === place.listed) return this.#sessions.read(held);
    const record = held.bodyQ === null ? undefined : this.#read([held.bodyQ], records).get(held.bodyQ);
    return record?.k === 'evict' && record.s === sessionId ? sessionFrom(sessionId, held.status, record.b) : undefined;
  }

  /** Newest activity first. Every word must be in the id or in what `wordsOf` made of the session. */
  search(search: HistorySearch): readonly SessionSummary[] {
    const { where, values } = conditions(search);
    const parts = [`evicted < ${place.stub}${where}`];
    for (const [condition, bound] of [['last_activity_at >= ?', search.since], ['last_activity_at <= ?', search.until]] as const) {
      if (bound === undefined) continue;
      parts.push(condition);
      values.push(bound);
    }
    for (const word of searchWords(search.text)) {
      const inId = mayBeInId(word);
      parts.push(inId ? '(instr(words, ?) OR instr(id, ?))' : 'instr(words, ?)');
      values.push(word, ...(inId ? [word] : []));
    }
    const limit = limitOf(search.limit, 100);
    values.push(limit === Infinity ? -1 : limit);
    // One scan of the table, newest rows first: most are then older than the best ones so far, which spares sorting them. The plus keeps
    // SQLite from walking an index and fetching every row by itself.
    const found = `SELECT sno FROM (SELECT sno, last_activity_at, started_at, id FROM sessions WHERE ${parts.join(' AND ')} ORDER BY sno DESC LIMIT -1)
      ORDER BY ${newestFirst} LIMIT ?`;
    const rows = this.#sql.all(
      `SELECT id, words, capitals, status, created_at, completed_at, last_activity_at, evicted FROM sessions WHERE sno IN (${found}) ORDER BY ${newestFirst}`,
      values,
    );
    return rows.map(summaryFrom);
  }

  counts(): SessionCounts {
    const byStatus: Partial<Record<SessionStatus, number>> = {};
    for (const [raw, n] of this.#sessions.listed) {
      const status = statusFrom(raw);
      byStatus[status] = (byStatus[status] ?? 0) + n;
    }
    return { byStatus, evicted: this.#sessions.evicted };
  }

  /** Oldest first; lines whose record is damaged or gone are left out and do not count against the limit. */
  history(sessionId: string, options: { afterSeq?: number; limit?: number }, records: RecordReader): readonly HistoryEntry[] {
    const held = this.#sessions.find(sessionId);
    const entries: HistoryEntry[] = [];
    if (held === undefined) return entries;
    const limit = limitOf(options.limit, Infinity);
    let after = options.afterSeq ?? 0;
    while (entries.length < limit) {
      const page = Math.min(historyPage, limit - entries.length);
      const rows = this.#runs.after(held.sno, after, page);
      const found = this.#read(rows.map(([, q]) => q), records);
      for (const [seq, q] of rows) {
        after = seq;
        const entry = historyEntry(found.get(q), sessionId, seq);
        if (entry !== undefined) entries.push(entry);
      }
      if (rows.length < page) break;
    }
    return entries;
  }

  /** Oldest first; the newest `limit` if it is given. Every word of `text` must be in one of the columns' texts. */
  auditTrail(options: { afterSeq?: number; limit?: number; text?: string } = {}): readonly StoredAuditEntry[] {
    const words = searchWords(options.text);
    const limit = limitOf(options.limit, Infinity);
    const entries: StoredAuditEntry[] = [];
    const sql = 'SELECT seq, at, actor, action, target, result, detail FROM audit WHERE seq > ? ORDER BY seq DESC';
    this.#sql.each(sql, [options.afterSeq ?? 0], (row) => {
      const text = words.length === 0 ? '' : row.slice(2).map(textOf).join('\n').toLowerCase();
      if (words.every((word) => text.includes(word))) entries.push(auditFrom(row));
      return entries.length < limit;
    });
    return entries.reverse();
  }

  /** Oldest first. */
  completions(options: { afterSeq: number; limit?: number }): readonly CompletionEntry[] {
    const limit = limitOf(options.limit, Infinity);
    const entries: CompletionEntry[] = [];
    const sql = 'SELECT seq, session_id, kind, name, outcome, at FROM completions WHERE seq > ? ORDER BY seq';
    this.#sql.each(sql, [options.afterSeq], ([seq, sessionId, kind, name, outcome, at]) => {
      const entry = completionFrom({ seq, sessionId, kind, name, outcome: parseJson(outcome), at });
      if (entry !== undefined) entries.push(entry);
      return entries.length < limit;
    });
    return entries;
  }

  #read(numbers: readonly number[], records: RecordReader): ReadonlyMap<number, JournalRecord> {
    const read = records.read(numbers, this.#marks);
    this.#missingBodies += read.missing;
    return read.records;
  }
}

function conditions(query: { readonly status?: readonly SessionStatus[]; readonly parentId?: string }): { readonly where: string; readonly values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  if (query.parentId !== undefined) {
    parts.push('parent_id = ?');
    values.push(query.parentId);
  }
  if (query.status !== undefined) {
    const marks = (list: readonly string[]): string => list.map(() => '?').join(', ');
    const strange = query.status.includes('unknown');
    parts.push(`(status IN (${marks(query.status)})${strange ? ` OR status NOT IN (${marks(knownStatuses)})` : ''})`);
    values.push(...query.status, ...(strange ? knownStatuses : []));
  }
  return { where: parts.map((part) => ` AND ${part}`).join(''), values };
}

/** 0 or less: all (S14). */
function limitOf(limit: number | undefined, otherwise: number): number {
  if (limit === undefined) return otherwise;
  return limit <= 0 ? Infinity : limit;
}

function summaryFrom(row: readonly SqlValue[]): SessionSummary {
  const [id, words, capitals, status, createdAt, completedAt, lastActivityAt, evicted] = row;
  const { name, driver, cwd, prompt } = partsOf(unfoldCapitals(textOf(words), typeof capitals === 'string' ? capitals : null));
  return {
    id: textOf(id),
    name,
    driver,
    status: statusFrom(textOf(status)),
    cwd,
    ...(prompt === '' ? {} : { prompt }),
    createdAt: numberOf(createdAt),
    ...(typeof completedAt === 'number' ? { completedAt } : {}),
    lastActivityAt: numberOf(lastActivityAt),
    evicted: evicted === place.evicted,
  };
}

function auditFrom(row: readonly SqlValue[]): StoredAuditEntry {
  const [seq, at, actor, action, target, result, detail] = row;
  return {
    seq: numberOf(seq),
    at: numberOf(at),
    actor: textOf(actor),
    action: textOf(action),
    ...(typeof target === 'string' ? { target } : {}),
    result: textOf(result),
    ...(typeof detail === 'string' ? { detail } : {}),
  };
}

/** The line of history with this number in a record, if it is one. */
function historyEntry(record: JournalRecord | undefined, sessionId: string, seq: number): HistoryEntry | undefined {
  if (record?.k !== 'put' || record.s !== sessionId) return undefined;
  const line = record.h?.find((each) => each[0] === seq);
  return line === undefined ? undefined : historyFrom({ sessionId, seq, at: line[1], kind: line[2], actor: line[3], data: line[4] });
}
