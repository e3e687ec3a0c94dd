// The same rows in a plain SQLite file, by the two engines that Node has: WAL, the bodies in the tables, the indexes that our questions need.
import Better from 'better-sqlite3';
import { DatabaseSync } from 'node:sqlite';
import process from 'node:process';

/** @typedef {'node:sqlite' | 'better-sqlite3'} Engine */
/** @type {readonly Engine[]} */
export const engines = ['node:sqlite', 'better-sqlite3'];

const schema = `
CREATE TABLE session (
  sno INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL, evicted INTEGER NOT NULL, updated_at INTEGER NOT NULL, feed_seq INTEGER, body TEXT NOT NULL
) STRICT;
CREATE TABLE event (
  eno INTEGER PRIMARY KEY, sno INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE INDEX session_state ON session (status, updated_at);
CREATE INDEX session_updated ON session (updated_at);
CREATE UNIQUE INDEX event_seq ON event (sno, seq);
`;

/**
 * @typedef {{ run(...values: unknown[]): unknown, get(...values: unknown[]): any, all(...values: unknown[]): any[] }} Statement
 * @typedef {{ exec(sql: string): unknown, prepare(sql: string): Statement, close(): void }} Database
 */

export class Peer {
  /** Numbers of the sessions' rows; in memory, which spares it a look-up for each event. @type {Map<string, number>} */
  #snos = new Map();
  #next = 1;

  /**
   * @param {Engine} engine
   * @param {string} file
   * @param {'NORMAL' | 'FULL'} synchronous
   */
  constructor(engine, file, synchronous) {
    this.engine = engine;
    /** @type {Database} */
    this.database = engine === 'node:sqlite' ? /** @type {any} */ (new DatabaseSync(file)) : /** @type {any} */ (new Better(file));
    this.database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA cache_size = -8000;`);
    // What fsync means on macOS is weaker than what our own sync asks for.
    if (process.platform === 'darwin') this.database.exec('PRAGMA fullfsync = 1');
    this.database.exec(schema);
    /** @param {string} sql */
    const prepare = (sql) => this.database.prepare(sql);
    this.begin = prepare('BEGIN');
    this.commit = prepare('COMMIT');
    this.insertSession = prepare('INSERT INTO session (sno, id, status, evicted, updated_at, feed_seq, body) VALUES (?, ?, ?, 0, ?, ?, ?)');
    this.updateSession = prepare('UPDATE session SET status = ?, updated_at = ?, feed_seq = ?, body = ? WHERE sno = ?');
    this.evictSession = prepare('UPDATE session SET evicted = 1 WHERE sno = ?');
    this.insertEvent = prepare('INSERT INTO event (sno, seq, at, kind, actor, data) VALUES (?, ?, ?, ?, ?, ?)');
  }

  get version() {
    return this.database.prepare('SELECT sqlite_version() AS v').get().v;
  }

  /**
   * Within the caller's transaction.
   * @param {import('./workload.mjs').Step} step
   */
  apply({ op, session, history }) {
    if (op === 'evict') {
      this.evictSession.run(this.#snos.get(session.id));
      return;
    }
    const body = JSON.stringify(session);
    let sno = this.#snos.get(session.id);
    if (sno === undefined) {
      sno = this.#next++;
      this.#snos.set(session.id, sno);
      this.insertSession.run(sno, session.id, session.status, session.lastActivityAt, session.feedSeq ?? null, body);
    } else this.updateSession.run(session.status, session.lastActivityAt, session.feedSeq ?? null, body, sno);
    for (const { seq, at, kind, actor, data } of history) this.insertEvent.run(sno, seq, at, kind, actor, JSON.stringify(data));
  }

  /** @param {readonly import('./workload.mjs').Step[]} steps */
  transaction(steps) {
    this.begin.run();
    for (const step of steps) this.apply(step);
    this.commit.run();
  }

  close() {
    this.database.close();
  }
}
