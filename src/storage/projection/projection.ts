import type { Database, SqlJsStatic, SqlValue } from 'sql.js';
import { messageOf } from '../../base/errors.ts';
import type { JournalRecord, PutRecord } from '../journal/record.ts';
import { Ledgers } from './ledgers.ts';
import { Marks, type Mark } from './marks.ts';
import { isId, isLoose, merged, withoutNulls } from './patches.ts';
import { Queries } from './queries.ts';
import { Runs } from './runs.ts';
import { connectionSql, indexSql, place, schemaVersion, tableSql } from './schema.ts';
import { looseOf } from './searchText.ts';
import { SessionCache, type Held } from './sessionCache.ts';
import { Statements, textOf } from './statements.ts';

/** A record of the journal with the place where it was read. */
export interface JournalEntry {
  readonly record: JournalRecord;
  /** File name of the segment, without its folder. */
  readonly segment: string;
  /** Where its line starts, and how long it is; bytes. */
  readonly offset: number;
  readonly length: number;
}

type BatchOptions = Readonly<{ sparse: boolean; unknownKinds: readonly number[]; hold: boolean }>;

const strange = 'a change of a session that is not known';

/** Held sessions above this are written in any case. */
const mostHeld = 1_500;

/** What a batch did. */
export interface Applied {
  /** How many records were new. */
  readonly applied: number;
  /** Ids of sessions that were added to the list or changed in it, as far as they are still there. */
  readonly changed: readonly string[];
  /** Ids of sessions that left the list. */
  readonly removed: readonly string[];
}

/** What is dropped and where the rest is from now on, after a compaction. */
export interface Compacted {
  /** The base covers all records up to this number. */
  readonly upTo: number;
  /** Marks into the base's segments. */
  readonly marks: Iterable<Mark>;
  /** Of these sessions the history up to `throughSeq` is gone. */
  readonly droppedHistory?: Iterable<{ readonly id: string; readonly throughSeq: number }>;
  /** Sessions that are gone altogether. */
  readonly droppedSessions?: Iterable<string>;
}

/** Numbers that are in the table `meta` of an image only; between two exports they live here. */
interface Progress {
  lastQ: number;
  skipped: number;
  lost: number;
  feedSeq: number;
}

/**
 * The registry as it follows from the journal, in an SQLite database in memory. The journal is the truth: this can always be
 * thrown away and made again. Applying is idempotent by `q` and total: a record that does not fit is kept in the table `poison`
 * and counted. All methods are synchronous; they belong into a worker's thread. Reading is in `queries`.
 */
export class Projection {
  readonly #database: Database;
  readonly #sql: Statements;
  readonly #sessions: SessionCache;
  readonly #progress: Progress;
  readonly #ledgers: Ledgers;
  #changed = new Set<string>();
  #removed = new Set<string>();
  readonly #runs: Runs;
  readonly #queries: Queries;
  readonly marks: Marks;
  #held = false;
  /** How far the journal was read: bytes of a segment (file name). Kept in images, so that what was passed is not read, and counted, again. */
  readTo: { readonly segment: string; readonly offset: number } | undefined;

  /**
   * @param image an SQLite image of this schema version; absent: an empty registry. sql.js goes on using a Buffer's memory as its own: who
   *   passes a Buffer gives it away and saves a copy; any other array is copied.
   * @param now epoch milliseconds; kept as the time when an empty registry was made.
   * @throws if the image is not one of this version; nothing is left open then.
   */
  constructor(engine: SqlJsStatic, image: Uint8Array | undefined, now: number) {
    this.#database = new engine.Database(image);
    this.#sql = new Statements(this.#database);
    try {
      this.#database.run(connectionSql);
      if (image === undefined) {
        this.#database.run(tableSql + indexSql);
        this.#setMeta('created_at', String(now));
        this.#setMeta('format', String(schemaVersion));
      }
      const version = this.#sql.first('PRAGMA user_version')?.[0];
      if (version !== schemaVersion) throw new Error(`schema version ${String(version)}`);
      this.#progress = this.#readProgress();
      this.readTo = this.#readPlace();
      this.#ledgers = new Ledgers(this.#sql);
      this.marks = new Marks(this.#sql);
      this.#sessions = new SessionCache(this.#sql);
      this.#runs = new Runs(this.#sql);
      this.#queries = new Queries(this.#sql, this.#sessions, this.marks, this.#runs);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get queries(): Queries {
    this.settle();
    return this.#queries;
  }

  /** How many lines of history there are. */
  get events(): number {
    return this.#runs.count;
  }

  /** Number of the newest record that was applied; 0: none. */
  get lastQ(): number {
    return this.#progress.lastQ;
  }

  /** Highest number of the completion feed; 0: none. */
  get feedSeq(): number {
    return this.#progress.feedSeq;
  }

  /** Records that could not be applied or read, since the registry was made. */
  get skipped(): number {
    return this.#progress.skipped;
  }

  /** Records that were missing between others, since the registry was made. */
  get lost(): number {
    return this.#progress.lost;
  }

  /**
   * Applies records in the order of the journal, all in one transaction; up to some 2,000 at a time keep the thread responsive.
   * Whoever calls has put the records behind the fence of epochs.
   * @param sparse the records are of a base, where numbers are missing by intent: gaps are not counted.
   * @param unknownKinds numbers of undamaged lines, among the records or behind them, of kinds that this version does not know: no gaps, but counted
   *   as skipped.
   * @param hold more follows at once: sessions and history are kept in memory until they are asked for, or a batch comes that is not held.
   * @throws only if the database itself fails (memory): the projection must be thrown away then.
   */
  applyBatch(entries: readonly JournalEntry[], sparse = false, unknownKinds: readonly number[] = [], hold = false): Applied {
    const options = { sparse, unknownKinds, hold };
    const before = { ...this.#progress };
    this.#changed = new Set();
    this.#removed = new Set();
    try {
      return this.#inTransaction(() => this.#applyAll(entries, options), hold && this.#sessions.unwritten < mostHeld);
    } catch (error) {
      Object.assign(this.#progress, before);
      // One of them upset the database. Alone in its batch it is found out; the others are applied.
      if (entries.length <= 1) return this.#giveUpOn(entries[0]?.record, error, options);
      return this.#applyOneByOne(entries, options);
    }
  }

  /** Writes what was held back. */
  settle(): void {
    if (this.#held) this.#inTransaction(() => undefined);
  }

  /** Everything up to `q` is accounted for: the end of a base, after its records. */
  skipTo(q: number): void {
    this.#progress.lastQ = Math.max(this.#progress.lastQ, q);
  }

  /** Counts lines of the journal that could not be read. */
  noteSkipped(lines: number): void {
    this.#progress.skipped += lines;
  }

  /** Numbers of the completion feed up to this one are taken, even if nothing of them is left. */
  raiseFeedSeq(seq: number): void {
    this.#progress.feedSeq = Math.max(this.#progress.feedSeq, seq);
  }

  /** After a compaction: drops what it dropped and looks for the rest in the base. All or nothing. @throws the database's error. */
  replaceMarks(compacted: Compacted): void {
    this.settle();
    this.#inTransaction(() => {
      for (const id of compacted.droppedSessions ?? []) this.#forget(id);
      for (const { id, throughSeq } of compacted.droppedHistory ?? []) {
        const held = this.#sessions.find(id);
        if (held !== undefined) this.#runs.dropThrough(held.sno, throughSeq);
      }
      this.marks.replace(compacted.upTo, compacted.marks);
    });
  }

  /** The whole database as an SQLite image. Takes about 1.2 ms per megabyte. */
  export(): Uint8Array {
    this.settle();
    const { lastQ, skipped, lost, feedSeq } = this.#progress;
    const counts = JSON.stringify({ listed: Object.fromEntries(this.#sessions.listed), evicted: this.#sessions.evicted });
    for (const [key, value] of Object.entries({ lastQ, skipped, lost, feed_seq: feedSeq, counts })) this.#setMeta(key, String(value));
    if (this.readTo !== undefined) this.#setMeta('read_to', `${this.readTo.offset} ${this.readTo.segment}`);
    return this.#database.export();
  }

  /** Rows of a SELECT, for compaction: each is the list of its columns. */
  rows(sql: string, values: SqlValue[] = []): SqlValue[][] {
    this.settle();
    return this.#sql.all(sql, values);
  }

  close(): void {
    this.#sql.clear();
    this.#database.close();
  }

  #applyAll(entries: readonly JournalEntry[], options: BatchOptions): Applied {
    const progress = this.#progress;
    const unknown = [...options.unknownKinds].sort((a, b) => a - b);
    let applied = 0;
    let nextUnknown = 0;
    const passUnknown = (below: number): void => {
      for (let q = unknown[nextUnknown]; q !== undefined && q < below; q = unknown[++nextUnknown]) if (this.#reach(q, options)) progress.skipped++;
    };
    for (const { record, segment, offset } of entries) {
      const q = record.q;
      if (!Number.isSafeInteger(q) || q < 1) {
        progress.skipped++;
        continue;
      }
      passUnknown(q);
      if (!this.#reach(q, options)) continue;
      this.marks.note(q, segment, offset);
      const problem = this.#apply(record);
      if (problem === undefined) applied++;
      else this.#poison(q, problem);
    }
    passUnknown(Infinity);
    this.#ledgers.trim(progress.feedSeq);
    return { applied, changed: [...this.#changed], removed: [...this.#removed] };
  }

  /** Counts what is missing before record q. False: it was applied before. */
  #reach(q: number, options: BatchOptions): boolean {
    if (q <= this.#progress.lastQ) return false;
    if (!options.sparse) this.#progress.lost += q - this.#progress.lastQ - 1;
    this.#progress.lastQ = q;
    return true;
  }

  /** After a batch failed as a whole. */
  #applyOneByOne(entries: readonly JournalEntry[], options: BatchOptions): Applied {
    const parts = entries.map((entry, index) => {
      const next = entries[index + 1]?.record.q ?? Infinity;
      const unknownKinds = options.unknownKinds.filter((q) => q < next);
      return this.applyBatch([entry], options.sparse, unknownKinds);
    });
    const ids = (list: 'changed' | 'removed'): string[] => [...new Set(parts.flatMap((part) => part[list]))];
    return {
      applied: parts.reduce((sum, part) => sum + part.applied, 0),
      changed: ids('changed').filter((id) => this.#isListed(id)),
      removed: ids('removed').filter((id) => !this.#isListed(id)),
    };
  }

  /** @returns why the record does not fit; of its history, what fits is kept. */
  #apply(record: JournalRecord): string | undefined {
    switch (record.k) {
      case 'put':
        return this.#put(record, record.p, record.h ?? []);
      case 'evict': {
        if (!isLoose(record.b) || !isId(record.s) || record.b.id !== record.s) return 'no session in an evict record';
        const body = looseOf(record.b);
        const held = this.#sessions.find(record.s) ?? this.#sessions.stub(record.s);
        if (held.place === place.listed) this.#left(held.id);
        this.#sessions.put(held, place.evicted, body, record.q);
        this.raiseFeedSeq(this.#ledgers.complete(body, record.t));
        return undefined;
      }
      case 'del':
        if (!Array.isArray(record.s)) return 'no ids in a del record';
        for (const id of record.s) if (isId(id)) this.#forget(id);
        return undefined;
      case 'audit':
        return this.#ledgers.audit(record.q, record.a);
      default:
        return `a record of kind ${String(looseOf(record)['k'])}`;
    }
  }

  #put({ q, t, s: id, f }: PutRecord, patch: unknown, history: readonly unknown[]): string | undefined {
    const full = f === 1;
    if (!isId(id) || !isLoose(patch) || !Array.isArray(history)) return 'no change in a put record';
    if (full ? patch['id'] !== id : patch['id'] !== undefined && patch['id'] !== id) return 'a put record with two ids';
    if (!history.every((line) => Array.isArray(line) && Number.isSafeInteger(line[0]) && line[0] >= 1)) return 'history without a number';
    const known = this.#sessions.find(id);
    if (known === undefined && !full && history.length === 0) return strange;
    const held = known ?? this.#unknown(id);
    for (const line of history) this.#runs.add(held.sno, (line as [number])[0], q);
    const fields = Object.keys(patch);
    if (full) this.#sessions.put(held, place.listed, withoutNulls(patch), null);
    else if (fields.length === 0) return undefined;
    else if (held.place === place.listed) this.#sessions.put(held, place.listed, merged(held.body, patch, fields), null, fields);
    // Its history is kept, so that it is complete when a full record follows.
    else return held.place === place.stub ? strange : 'a change of a session that left the list';
    this.#changed.add(id);
    this.#removed.delete(id);
    if (full || patch['feedSeq'] !== undefined) this.raiseFeedSeq(this.#ledgers.complete(looseOf(held.body), t));
    return undefined;
  }

  /** Session, history and its line of the feed. */
  #forget(id: string): void {
    const held = this.#sessions.find(id);
    if (held === undefined) return;
    this.#runs.forget(held.sno);
    this.#ledgers.forget(id);
    if (held.place === place.listed) this.#left(id);
    this.#sessions.remove(held);
  }

  #left(id: string): void {
    this.#changed.delete(id);
    this.#removed.add(id);
  }

  /** A session that was never heard of has no history either. */
  #unknown(id: string): Held {
    const held = this.#sessions.stub(id);
    this.#runs.begin(held.sno);
    return held;
  }

  #poison(q: number, problem: string): void {
    this.#progress.skipped++;
    this.#ledgers.poison(q, problem);
  }

  #giveUpOn(record: JournalRecord | undefined, error: unknown, options: BatchOptions): Applied {
    // Without memory no record would fit, however good it is.
    if (record === undefined || /out of memory|full/i.test(messageOf(error))) throw error;
    const numbers = [...options.unknownKinds, record.q].sort((a, b) => a - b);
    for (const q of numbers) {
      if (!this.#reach(q, options)) continue;
      if (q === record.q) this.#poison(q, messageOf(error));
      else this.#progress.skipped++;
    }
    return { applied: 0, changed: [], removed: [] };
  }

  #inTransaction<T>(change: () => T, hold = false): T {
    this.#sql.run('BEGIN');
    this.#sessions.begin();
    try {
      const result = change();
      if (!hold) {
        this.#runs.write();
        this.#sessions.flush();
      }
      this.#sql.run('COMMIT');
      this.#runs.committed(!hold);
      this.#sessions.committed(!hold);
      this.#held = hold;
      return result;
    } catch (error) {
      this.#sql.run('ROLLBACK');
      this.#runs.rollback();
      this.marks.reset();
      this.#sessions.rollback();
      this.#ledgers.reload();
      throw error;
    }
  }

  #isListed(id: string): boolean {
    return this.#sessions.find(id)?.place === place.listed;
  }

  #readProgress(): Progress {
    const meta = new Map(this.#sql.all('SELECT key, value FROM meta').map((row) => [textOf(row[0]), Number(row[1])]));
    return {
      lastQ: meta.get('lastQ') ?? 0,
      skipped: meta.get('skipped') ?? 0,
      lost: meta.get('lost') ?? 0,
      feedSeq: meta.get('feed_seq') ?? 0,
    };
  }

  #readPlace(): Projection['readTo'] {
    const [, offset, segment] = /^(\d+) (.+)$/.exec(textOf(this.#sql.first("SELECT value FROM meta WHERE key = 'read_to'")?.[0] ?? '')) ?? [];
    return segment === undefined ? undefined : { segment, offset: Number(offset) };
  }

  #setMeta(key: string, value: string): void {
    this.#sql.run('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)', [key, value]);
  }
}
