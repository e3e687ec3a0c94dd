import type { Database, SqlJsStatic, SqlValue, Statement } from 'sql.js';
import { FleetError } from '../base/errors.ts';
import { alreadyRegistered, notFound } from '../core/errors.ts';
import type { HistoryEntry, SessionQuery } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { historyFrom, knownStatuses, sessionFrom, type HistoryRow, type SessionRow } from './rows.ts';
import { connectionSql, schemaSql, schemaVersion } from './schema.ts';

/** The registry in memory: the only place with SQL statements. All methods are synchronous. */
export class RegistryDatabase {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();

  /**
   * @param image an SQLite image of this schema version; absent: an empty registry.
   * @throws if the image is not one; nothing is left open then.
   */
  constructor(engine: SqlJsStatic, image: Uint8Array | undefined, createdAt: number) {
    this.#database = new engine.Database(image);
    try {
      this.#database.run(connectionSql);
      if (image === undefined) {
        this.#database.run(schemaSql);
        this.#run('INSERT INTO meta (key, value) VALUES (?, ?)', ['created_at', String(createdAt)]);
      } else {
        // Touches every table, so that an image of another schema is found out now.
        const [row] = this.#all('SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM meta) AS n, (SELECT max(seq) FROM history) AS m', []);
        const version = this.#all('PRAGMA user_version', [])[0]?.['user_version'];
        if (row === undefined || version !== schemaVersion) throw new Error(`schema version ${String(version)}`);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** @throws FleetError `AlreadyRegistered`. */
  insert(row: SessionRow, history: readonly HistoryRow[]): void {
    this.#together(() => {
      if (this.#has(row.id)) throw alreadyRegistered(row.id);
      this.#run('INSERT INTO sessions (id, status, parent_id, last_activity_at, started_at, body) VALUES (?, ?, ?, ?, ?, ?)', [
        row.id,
        row.status,
        row.parentId,
        row.lastActivityAt,
        row.startedAt,
        row.body,
      ]);
      for (const entry of history) this.#append(entry);
    });
  }

  /** @throws FleetError `NotFound`. */
  replace(row: SessionRow, history: readonly HistoryRow[]): void {
    this.#together(() => {
      this.#mustHave(row.id);
      this.#run('UPDATE sessions SET status = ?, parent_id = ?, last_activity_at = ?, started_at = ?, body = ? WHERE id = ?', [
        row.status,
        row.parentId,
        row.lastActivityAt,
        row.startedAt,
        row.body,
        row.id,
      ]);
      for (const entry of history) this.#append(entry);
    });
  }

  /** @throws FleetError `NotFound`, `HistoryExists`. */
  append(entry: HistoryRow): void {
    this.#together(() => this.#append(entry));
  }

  /** Ids that are not there are passed over. */
  remove(sessionIds: readonly string[]): void {
    this.#together(() => {
      for (const id of sessionIds) this.#run('DELETE FROM sessions WHERE id = ?', [id]);
    });
  }

  /** Order S14: newest activity first, then newest start (creation, if not started), then id. */
  sessions(query: SessionQuery): { readonly sessions: readonly Session[]; readonly skipped: number } {
    const conditions: string[] = [];
    const values: SqlValue[] = [];
    if (query.parentId !== undefined) {
      conditions.push('parent_id = ?');
      values.push(query.parentId);
    }
    if (query.status !== undefined) {
      const marks = (list: readonly string[]): string => list.map(() => '?').join(', ');
      conditions.push(`(status IN (${marks(query.status)})${query.status.includes('unknown') ? ` OR status NOT IN (${marks(knownStatuses)})` : ''})`);
      values.push(...query.status, ...(query.status.includes('unknown') ? knownStatuses : []));
    }
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const rows = this.#all(`SELECT id, status, body FROM sessions ${where} ORDER BY last_activity_at DESC, started_at DESC, id`, values);
    // The limit counts sessions that can be read, so it is not left to SQL.
    const limit = query.limit === undefined || query.limit <= 0 ? Infinity : query.limit;
    const sessions: Session[] = [];
    let skipped = 0;
    for (const row of rows) {
      if (sessions.length >= limit) break;
      const session = sessionFrom(String(row['id']), String(row['status']), String(row['body']));
      if (session === undefined) skipped++;
      else sessions.push(session);
    }
    return { sessions, skipped };
  }

  /** Oldest first; lines that cannot be read are left out. */
  history(sessionId: string, afterSeq: number, limit: number): readonly HistoryEntry[] {
    const rows = this.#all(
      'SELECT session_id AS sessionId, seq, at, kind, actor, data FROM history WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?',
      [sessionId, afterSeq, limit <= 0 ? -1 : limit],
    );
    return rows.map(historyFrom).filter((entry) => entry !== undefined);
  }

  /** The whole database as an SQLite file. Takes about 1.5 ms per megabyte, on this thread. */
  export(): Uint8Array {
    return this.#database.export();
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #append(entry: HistoryRow): void {
    this.#mustHave(entry.sessionId);
    const taken = this.#all('SELECT 1 FROM history WHERE session_id = ? AND seq = ?', [entry.sessionId, entry.seq]).length > 0;
    if (taken) throw new FleetError('HistoryExists', `Session ${entry.sessionId} has history number ${entry.seq} already.`);
    this.#run('INSERT INTO history (session_id, seq, at, kind, actor, data) VALUES (?, ?, ?, ?, ?, ?)', [
      entry.sessionId,
      entry.seq,
      entry.at,
      entry.kind,
      entry.actor,
      entry.data,
    ]);
  }

  #has(id: string): boolean {
    return this.#all('SELECT 1 FROM sessions WHERE id = ?', [id]).length > 0;
  }

  #mustHave(id: string): void {
    if (!this.#has(id)) throw notFound(id);
  }

  /** All of it or nothing. */
  #together(change: () => void): void {
    this.#run('BEGIN', []);
    try {
      change();
      this.#run('COMMIT', []);
    } catch (error) {
      this.#run('ROLLBACK', []);
      throw error;
    }
  }

  #run(sql: string, values: SqlValue[]): void {
    this.#prepared(sql).run(values);
  }

  #all(sql: string, values: SqlValue[]): Record<string, SqlValue>[] {
    const statement = this.#prepared(sql);
    const rows: Record<string, SqlValue>[] = [];
    try {
      statement.bind(values);
      while (statement.step()) rows.push(statement.getAsObject());
    } finally {
      statement.reset();
    }
    return rows;
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
