import type { SqlValue } from 'sql.js';
import type { Session } from '../../core/session.ts';
import { IdFilter } from './idFilter.ts';
import { place, type Place } from './schema.ts';
import { cell, foldCapitals, looseOf, wordsOf, type Loose } from './searchText.ts';
import { parseJson, sessionFrom } from './sessionBody.ts';
import { numberOf, textOf, type Statements } from './statements.ts';

/** A session's row, in memory. `dirty`: what of it the row does not have yet. */
export interface Held {
  readonly id: string;
  readonly sno: number;
  place: Place;
  status: string;
  /** Without `status`. Absent: it is in the journal (`bodyQ`), or there is none yet (a stub). */
  body: Loose | undefined;
  bodyQ: number | null;
  dirty: 'no' | 'state' | 'all' | 'new';
  /** The body, read back; `null`: it cannot be read. */
  checked?: Session | null;
  /** The batch in which it was changed last. */
  batch: number;
}

/** What a session was before the batch; absent: it was not there. */
interface Undo {
  readonly held: Held;
  readonly was?: Pick<Held, 'place' | 'status' | 'body' | 'bodyQ' | 'dirty'>;
}

/** Fields of a session that are in columns which seldom change. */
const settled: ReadonlySet<string> = new Set(['id', 'name', 'driver', 'spec', 'artifacts', 'parentId', 'createdAt']);

/** How many rows stay in memory between two batches. */
const capacity = 2_048;

/** The columns of `keep`, with the id before them. */
export const heldColumns = 'id, s.sno, evicted, status, body_q, body FROM sessions s LEFT JOIN bodies b ON b.sno = s.sno';
const select = `SELECT ${heldColumns} WHERE id = ?`;
const insert = `INSERT INTO sessions (sno, id, evicted, status, last_activity_at, started_at, completed_at, feed_seq, created_at, body_q, parent_id, words, capitals)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const updateAll = `UPDATE sessions SET evicted = ?, status = ?, last_activity_at = ?, started_at = ?, completed_at = ?, feed_seq = ?, created_at = ?, body_q = ?,
  parent_id = ?, words = ?, capitals = ? WHERE sno = ?`;
const updateState = 'UPDATE sessions SET status = ?, last_activity_at = ?, started_at = ?, completed_at = ?, feed_seq = ? WHERE sno = ?';

/**
 * The rows of sessions, parsed once, and how many have which status. Changes are written back at the end of a batch, or of many: a session that comes and
 * goes meanwhile costs one row. Bodies are never changed, only replaced, so a batch that failed is undone by what it put aside.
 */
export class SessionCache {
  readonly #sql: Statements;
  readonly #held = new Map<string, Held>();
  readonly #dirty = new Set<Held>();
  readonly #listed = new Map<string, number>();
  readonly #undo: Undo[] = [];
  /** Only where the registry began empty here: to read all ids would take longer than it saves. */
  readonly #ids: IdFilter | undefined;
  #evicted = 0;
  #nextSno = 1;
  #batch = 0;
  #before = { listed: new Map<string, number>(), evicted: 0, nextSno: 1 };

  constructor(sql: Statements) {
    this.#sql = sql;
    this.#load();
    this.#ids = this.#nextSno === 1 ? new IdFilter() : undefined;
  }

  /** How many sessions the rows do not have as they are. */
  get unwritten(): number {
    return this.#dirty.size;
  }

  /** Raw statuses of the listed sessions with their numbers; never 0. */
  get listed(): ReadonlyMap<string, number> {
    return this.#listed;
  }

  get evicted(): number {
    return this.#evicted;
  }

  find(id: string): Held | undefined {
    const known = this.#held.get(id);
    if (known !== undefined) return known;
    if (this.#ids?.mayHave(id) === false) return undefined;
    const row = this.#sql.first(select, [id]);
    if (row === undefined) return undefined;
    return this.keep(row);
  }

  /** A row of `heldColumns` that was just read, or what is held of it already. */
  keep(row: readonly SqlValue[]): Held {
    const [column, sno, evicted, status, bodyQ, body] = row;
    const id = textOf(column);
    const known = this.#held.get(id);
    if (known !== undefined) return known;
    const parsed = parseJson(body);
    const held: Held = {
      id,
      sno: numberOf(sno),
      place: numberOf(evicted) as Place,
      status: textOf(status),
      body: parsed === undefined ? undefined : looseOf(parsed),
      bodyQ: typeof bodyQ === 'number' ? bodyQ : null,
      dirty: 'no',
      batch: 0,
    };
    this.#held.set(id, held);
    return held;
  }

  /** A row for the history of a session of which nothing else is known yet. */
  stub(id: string): Held {
    const held: Held = { id, sno: this.#nextSno++, place: place.stub, status: 'unknown', body: undefined, bodyQ: null, dirty: 'new', batch: this.#batch };
    this.#undo.push({ held });
    this.#ids?.add(id);
    this.#held.set(id, held);
    this.#dirty.add(held);
    return held;
  }

  /**
   * Puts the session where it is now.
   * @param session full; nothing about it has to be right. Its status may be left out if it is as before.
   * @param bodyQ of an evicted session: the record that holds it.
   * @param changed the fields that are not as before; absent: all may be.
   */
  put(held: Held, where: Place, session: Loose, bodyQ: number | null, changed?: readonly string[]): void {
    this.#remember(held);
    this.#count(held, -1);
    let body = session;
    if (changed === undefined || 'status' in session) {
      const { status, ...rest } = session;
      body = rest;
      held.status = typeof status === 'string' ? cell(status) : 'unknown';
    }
    const settledOnly = held.place === where && where === place.listed && changed !== undefined && !changed.some((field) => settled.has(field));
    held.place = where;
    held.body = body;
    held.bodyQ = bodyQ;
    if (held.dirty === 'no' || held.dirty === 'state') held.dirty = settledOnly ? 'state' : 'all';
    delete held.checked;
    this.#count(held, 1);
    this.#dirty.add(held);
  }

  remove(held: Held): void {
    this.#remember(held);
    this.#count(held, -1);
    this.#held.delete(held.id);
    this.#dirty.delete(held);
    this.#sql.run('DELETE FROM sessions WHERE sno = ?', [held.sno]);
    this.#sql.run('DELETE FROM bodies WHERE sno = ?', [held.sno]);
  }

  /** The session if it is in the list and can be read. */
  read(held: Held): Session | undefined {
    held.checked ??= (held.body === undefined ? undefined : sessionFrom(held.id, held.status, held.body)) ?? null;
    return held.checked ?? undefined;
  }

  /** A batch begins: what it changes can be undone until it is committed. */
  begin(): void {
    this.#batch++;
    this.#undo.length = 0;
    this.#before = { listed: new Map(this.#listed), evicted: this.#evicted, nextSno: this.#nextSno };
  }

  /** Writes back what changed, within the caller's transaction. */
  flush(): void {
    for (const held of this.#dirty) this.#write(held);
  }

  /** The transaction has ended well. @param flushed all that changed was written. */
  committed(flushed: boolean): void {
    this.#undo.length = 0;
    if (!flushed) return;
    for (const held of this.#dirty) {
      held.dirty = 'no';
      // The body of an evicted session is in the journal.
      if (held.place === place.evicted) held.body = undefined;
    }
    this.#dirty.clear();
    this.shrink();
  }

  /** All is as it was when the batch began. */
  rollback(): void {
    for (const { held, was } of this.#undo.reverse()) {
      this.#dirty.delete(held);
      if (was === undefined) {
        this.#held.delete(held.id);
        continue;
      }
      Object.assign(held, was);
      delete held.checked;
      this.#held.set(held.id, held);
      if (held.dirty !== 'no') this.#dirty.add(held);
    }
    this.#undo.length = 0;
    const { listed, evicted, nextSno } = this.#before;
    this.#listed.clear();
    for (const [status, n] of listed) this.#listed.set(status, n);
    this.#evicted = evicted;
    this.#nextSno = nextSno;
  }

  /** Lets go of the rows that were taken into memory first, down to the capacity. */
  shrink(): void {
    if (this.#held.size <= capacity) return;
    for (const held of this.#held.values()) {
      if (held.dirty === 'no') this.#held.delete(held.id);
      if (this.#held.size <= capacity) break;
    }
  }

  /** Reads the numbers from the rows. */
  #load(): void {
    this.#nextSno = numberOf(this.#sql.first('SELECT max(sno) FROM sessions')?.[0]) + 1;
    let others = numberOf(this.#sql.first(`SELECT count(*) FROM sessions WHERE evicted = ${place.stub}`)?.[0]);
    for (const [status, n] of this.#sql.all(`SELECT status, count(*) FROM sessions WHERE evicted = ${place.listed} GROUP BY status`)) {
      this.#listed.set(textOf(status), numberOf(n));
      others += numberOf(n);
    }
    // Each count is answered by an index alone; counting the evicted rows themselves would read the whole table.
    this.#evicted = numberOf(this.#sql.first('SELECT count(*) FROM sessions')?.[0]) - others;
  }

  #remember(held: Held): void {
    if (held.batch === this.#batch) return;
    held.batch = this.#batch;
    const { place: where, status, body, bodyQ, dirty } = held;
    this.#undo.push({ held, was: { place: where, status, body, bodyQ, dirty } });
  }

  #count(held: Held, step: 1 | -1): void {
    if (held.place === place.evicted) this.#evicted += step;
    if (held.place !== place.listed) return;
    const n = (this.#listed.get(held.status) ?? 0) + step;
    if (n === 0) this.#listed.delete(held.status);
    else this.#listed.set(held.status, n);
  }

  #write(held: Held): void {
    const session: Loose = held.body ?? {};
    const created = whole(session['createdAt']) ?? 0;
    const state = [
      held.status,
      whole(session['lastActivityAt']) ?? 0,
      whole(session['startedAt']) ?? created,
      whole(session['completedAt']),
      whole(session['feedSeq']),
    ];
    if (held.dirty === 'state') this.#sql.run(updateState, [...state, held.sno]);
    else {
      const parent = typeof session['parentId'] === 'string' ? cell(session['parentId']) : null;
      const { lower, capitals } = foldCapitals(wordsOf(session));
      const settledColumns = [created, held.bodyQ, parent, lower, capitals];
      if (held.dirty === 'new') this.#sql.run(insert, [held.sno, held.id, held.place, ...state, ...settledColumns]);
      else this.#sql.run(updateAll, [held.place, ...state, ...settledColumns, held.sno]);
    }
    if (held.place === place.listed) this.#sql.run('INSERT OR REPLACE INTO bodies (sno, body) VALUES (?, ?)', [held.sno, JSON.stringify(session)]);
    else if (held.dirty !== 'new') this.#sql.run('DELETE FROM bodies WHERE sno = ?', [held.sno]);
  }
}

/** Milliseconds or numbers as a column takes them: a fraction would make SQLite refuse the row. */
function whole(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(Math.round(value), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER) : null;
}
