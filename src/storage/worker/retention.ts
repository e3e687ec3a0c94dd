import { isTerminal, type Session, type SessionStatus } from '../../core/session.ts';
import { lineOf, type EvictRecord, type HistoryLine, type JournalRecord, type PutRecord } from '../journal/record.ts';
import type { RecordReader } from '../projection/bodies.ts';
import type { Projection } from '../projection/projection.ts';
import { place } from '../projection/schema.ts';
import { heldColumns } from '../projection/sessionCache.ts';

/** CRC, space, closing brace and line feed. */
const lineFrame = 11;

/** What is to be dropped; bytes and counts. */
export interface Budget {
  readonly events: number;
  readonly eventBytes: number;
  readonly evictedBytes: number;
  /** Sessions that were forgotten within the records that were seen. Those that are gone and not among them are forgotten later. */
  readonly forgotten: ReadonlySet<string>;
  /** Evicted sessions of which the completion feed tells something else than they were in the end. */
  readonly renamed: ReadonlySet<string>;
}

/** What is known of a session from the moment on at which its first record is met: its later changes are in the records behind the base. */
interface Info {
  /** `verbatim`: every change of it stays, because what it was at some point matters and not only what it is now. */
  readonly where: 'listed' | 'evicted' | 'stub' | 'gone' | 'verbatim';
  /** Nothing more will happen to it: its history may be dropped. */
  readonly ended: boolean;
  /** The record that holds an evicted session. */
  readonly bodyQ: number | undefined;
  /** JSON of the whole session, until its full record is written. */
  full: string | undefined;
}

/**
 * Decides line by line what a base keeps. Give it every record in the order of the journal. It reads the sessions from the projection,
 * which may be ahead of the records.
 */
export class Keeper {
  readonly #projection: Projection;
  readonly #records: RecordReader;
  readonly #upTo: number;
  readonly #infos = new Map<string, Info>();
  readonly #firstAudit: number;
  readonly #droppedHistory = new Map<string, number>();
  readonly #droppedSessions = new Set<string>();
  #droppedEvents = 0;
  readonly #forgotten = new Set<string>();
  /** Lines of the completion feed that are kept, as `nameInFeed` makes them, by session. */
  readonly #feed: ReadonlyMap<string, string>;
  #budget = { events: 0, eventBytes: 0, evictedBytes: 0 };
  readonly #renamed = new Set<string>();
  /** What only a first pass over all records can tell. */
  #known: Pick<Budget, 'forgotten' | 'renamed'> | undefined;
  readonly #seen = { bytes: 0, events: 0, endedEvents: 0, endedBytes: 0 };

  /** @param upTo the last record that the base covers. */
  constructor(projection: Projection, records: RecordReader, upTo: number) {
    this.#projection = projection;
    this.#records = records;
    this.#upTo = upTo;
    this.#firstAudit = Number(projection.rows('SELECT min(seq) FROM audit')[0]?.[0] ?? Infinity);
    const rows = projection.rows('SELECT session_id, name, kind, outcome FROM completions');
    this.#feed = new Map(rows.map(([id, name, kind, outcome]) => [String(id), nameInFeed(name, kind, JSON.parse(String(outcome)))]));
  }

  /** What has to go so that the records seen so far fit. */
  budget(keepBytes: number, keepEvents: number): Budget {
    const { bytes, events, endedEvents, endedBytes } = this.#seen;
    const excess = Math.max(0, bytes - keepBytes);
    const dropEvents = Math.min(endedEvents, Math.max(0, events - keepEvents));
    const eventBytes = Math.min(endedBytes, excess);
    return { events: dropEvents, eventBytes, evictedBytes: excess - eventBytes, forgotten: this.#forgotten, renamed: this.#renamed };
  }

  /** From the next record on, drops so much. */
  drop(budget: Budget): void {
    const { events, eventBytes, evictedBytes } = budget;
    this.#budget = { events, eventBytes, evictedBytes };
    this.#known = budget;
  }

  dropped(): { readonly droppedHistory: ReadonlyMap<string, number>; readonly droppedSessions: readonly string[]; readonly droppedEvents: number } {
    return { droppedHistory: this.#droppedHistory, droppedSessions: [...this.#droppedSessions], droppedEvents: this.#droppedEvents };
  }

  /** The line that the base has for this record; `undefined`: none. */
  keep(record: JournalRecord): Buffer | undefined {
    const line = this.#line(record);
    this.#seen.bytes += line?.length ?? 0;
    return line;
  }

  #line(record: JournalRecord): Buffer | undefined {
    switch (record.k) {
      case 'put':
        return this.#put(record, record.h ?? []);
      case 'evict': {
        const info = this.#info(record.s);
        if (info.where === 'verbatim') return lineOf(JSON.stringify(record));
        if (info.where === 'listed') return this.#put(record, []);
        if (info.where !== 'evicted' || info.bodyQ !== record.q) return undefined;
        const line = lineOf(JSON.stringify(record));
        const told = this.#feed.get(record.s);
        if (told !== undefined && told !== nameInFeed(record.b.name, record.b.kind ?? 'agent', record.b.outcome)) this.#renamed.add(record.s);
        if (this.#budget.evictedBytes <= 0 || this.#known?.renamed.has(record.s) === true) return line;
        this.#budget.evictedBytes -= line.length;
        this.#droppedSessions.add(record.s);
        return undefined;
      }
      case 'del':
        return this.#del(record.q, record.t, record.s);
      case 'audit':
        return record.q >= this.#firstAudit ? lineOf(JSON.stringify(record)) : undefined;
    }
  }

  #put(record: PutRecord | EvictRecord, history: readonly HistoryLine[]): Buffer | undefined {
    const { q, t, s: id } = record;
    const info = this.#info(id);
    if (info.where === 'gone' || this.#droppedSessions.has(id)) return undefined;
    let { full } = info;
    let whole = full !== undefined;
    info.full = undefined;
    // The feed tells what a session was when it ended: the record of its end stays, although it was evicted later.
    const ended = info.where === 'evicted' && this.#known?.renamed.has(id) === true && record.k === 'put' && record.f === 1 && record.p.feedSeq !== undefined;
    if (record.k === 'put' && (ended || info.where === 'verbatim')) {
      full = JSON.stringify(record.p);
      whole = record.f === 1;
    }
    const head = `{"q":${q},"t":${t},"k":"put","s":${JSON.stringify(id)},"p":${full ?? '{}'}${whole ? ',"f":1' : ''}`;
    const tail = history.length === 0 ? '' : `,"h":${JSON.stringify(history)}`;
    const kept = tail !== '' && !this.#drops(id, info, history, tail.length + (full === undefined ? head.length + lineFrame : 0));
    return full === undefined && !kept ? undefined : lineOf(`${head}${kept ? tail : ''}}`);
  }

  /** Whether lines of history go, which saves so many bytes. */
  #drops(id: string, info: Info, history: readonly HistoryLine[], bytes: number): boolean {
    this.#seen.events += history.length;
    if (!info.ended) return false;
    this.#seen.endedEvents += history.length;
    this.#seen.endedBytes += bytes;
    if (this.#budget.events <= 0 && this.#budget.eventBytes <= 0) return false;
    this.#budget.events -= history.length;
    this.#budget.eventBytes -= bytes;
    this.#droppedEvents += history.length;
    const highest = history.reduce((most, [seq]) => Math.max(most, seq), 0);
    this.#droppedHistory.set(id, Math.max(highest, this.#droppedHistory.get(id) ?? 0));
    return true;
  }

  /** Only sessions that are there again, under the same id, still need it: what was before must not come back. */
  #del(q: number, t: number, ids: readonly string[]): Buffer | undefined {
    for (const id of ids) this.#forgotten.add(id);
    const again = ids.filter((id) => this.#infos.has(id) && this.#info(id).where !== 'gone');
    if (again.length === 0) return undefined;
    for (const id of again) this.#infos.delete(id);
    return lineOf(JSON.stringify({ q, t, k: 'del', s: again }));
  }

  #info(id: string): Info {
    let info = this.#infos.get(id);
    if (info === undefined) {
      info = this.#look(id);
      this.#infos.set(id, info);
    }
    return info;
  }

  #look(id: string): Info {
    const [row] = this.#projection.rows(`SELECT ${heldColumns} WHERE id = ?`, [id]);
    const none = { bodyQ: undefined, full: undefined };
    if (row === undefined) return { where: this.#known?.forgotten.has(id) === false ? 'verbatim' : 'gone', ended: true, ...none };
    const [, , evicted, status, bodyQ, body] = row;
    if (evicted === place.stub) return { where: 'stub', ended: true, ...none };
    if (evicted === place.listed) {
      const full = typeof body === 'string' ? `{"status":${JSON.stringify(status)},${body.slice(1)}` : undefined;
      return this.#listed(id, isTerminal(status as SessionStatus), full);
    }
    if (typeof bodyQ === 'number' && bodyQ <= this.#upTo) return { where: 'evicted', ended: true, bodyQ, full: undefined };
    // It was evicted behind the base: until then the records there change a session that must be known.
    const session = this.#projection.queries.load(id, this.#records);
    return this.#listed(id, true, session === undefined ? undefined : JSON.stringify(session));
  }

  #listed(id: string, ended: boolean, full: string | undefined): Info {
    const told = this.#feed.get(id);
    if (told !== undefined && full !== undefined) {
      const { name, kind, outcome } = JSON.parse(full) as Session;
      if (told !== nameInFeed(name, kind ?? 'agent', outcome)) return { where: 'verbatim', ended, bodyQ: undefined, full: undefined };
    }
    return { where: 'listed', ended, bodyQ: undefined, full };
  }
}

/** What the feed tells of a session that may be different later. */
function nameInFeed(name: unknown, kind: unknown, outcome: unknown): string {
  return JSON.stringify([name, kind, outcome]);
}
