import type { Database, SqlJsStatic, SqlValue } from 'sql.js';
import type { HistoryEntry } from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';
import type { HistoryLine, PutRecord } from '../journal/record.ts';
import { historyFrom, parseJson, sessionFrom } from './sessionBody.ts';
import { numberOf, textOf } from './statements.ts';

/** `PRAGMA user_version` of the registry that was one sealed SQLite file. */
export const firstVersion = 1;

/** Lines of history in one record at most, so that no record grows without bound. */
const linesPerRecord = 200;

/** What a version-1 registry held, as records for a journal. */
export interface MigratedV1 {
  /** In the order in which the sessions were created; each begins with its full record, its history is in it and in those that follow. */
  readonly records: Iterable<PutRecord>;
  /** Rows that could not be read and are left out; complete once `records` was gone through. */
  readonly skipped: () => number;
  /** Frees the image. */
  close(): void;
}

/**
 * Reads a registry of version 1.
 * @param image the SQLite image without its seal (see seal.ts).
 * @param firstQ number of the first record; epoch milliseconds `now` is the time of all of them.
 * @throws if the image is not a registry of that version.
 */
export function migrateV1(engine: SqlJsStatic, image: Uint8Array, firstQ: number, now: number): MigratedV1 {
  // A copy: sql.js would go on using a Buffer's memory as its own.
  const database = new engine.Database(new Uint8Array(image));
  try {
    const [version] = [...rows(database, 'PRAGMA user_version', [])];
    if (version?.[0] !== firstVersion) throw new Error(`schema version ${String(version?.[0])}`);
    // Touches both tables, so that another schema is found out now.
    for (const _ of rows(database, 'SELECT (SELECT max(last_activity_at) FROM sessions), (SELECT max(seq) FROM history)', []));
  } catch (error) {
    database.close();
    throw error;
  }
  let skipped = 0;
  return {
    records: {
      *[Symbol.iterator]() {
        let q = firstQ;
        skipped = 0;
        // Rows are small in number here (the old retention), so their ids fit into memory.
        for (const [id] of [...rows(database, 'SELECT id FROM sessions ORDER BY started_at, last_activity_at, id', [])]) {
          const read = sessionOf(database, textOf(id), () => skipped++);
          if (read === undefined) continue;
          const { session, history } = read;
          for (let at = 0; at === 0 || at < history.length; at += linesPerRecord) {
            const lines = history.slice(at, at + linesPerRecord);
            const record: PutRecord = { q: q++, t: now, k: 'put', s: session.id, ...(at === 0 ? { p: session, f: 1 as const } : { p: {} }) };
            yield lines.length === 0 ? record : { ...record, h: lines };
          }
        }
      },
    },
    skipped: () => skipped,
    close: () => database.close(),
  };
}

function sessionOf(database: Database, id: string, skip: () => void): { readonly session: Session; readonly history: readonly HistoryLine[] } | undefined {
  const [row] = [...rows(database, 'SELECT status, body FROM sessions WHERE id = ?', [id])];
  const session = sessionFrom(id, textOf(row?.[0]), parseJson(row?.[1]));
  const history: HistoryLine[] = [];
  for (const [seq, at, kind, actor, data] of rows(database, 'SELECT seq, at, kind, actor, data FROM history WHERE session_id = ? ORDER BY seq', [id])) {
    const entry: HistoryEntry | undefined = historyFrom({ sessionId: id, seq: numberOf(seq), at, kind, actor, data: parseJson(data) });
    if (entry === undefined || session === undefined) skip();
    else history.push([entry.seq, entry.at, entry.kind, entry.actor, entry.data]);
  }
  if (session !== undefined) return { session, history };
  skip();
  return undefined;
}

function* rows(database: Database, sql: string, values: SqlValue[]): Generator<SqlValue[]> {
  const statement = database.prepare(sql);
  try {
    statement.bind(values);
    while (statement.step()) yield statement.get();
  } finally {
    statement.free();
  }
}
