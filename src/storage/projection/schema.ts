/**
 * Version of the schema below, kept in `PRAGMA user_version` of each image. A registry of a higher version is never written; an image of a lower one is not
 * used, the journal has it all. 2 had a row for each line of history.
 */
export const schemaVersion = 3;
export const oldestSchema = 2;

/** Where a session stands: in the fleet's list, taken out of it, or known by its history only (its full record has not been read yet). */
export const place = { listed: 0, evicted: 1, stub: 2 } as const;
export type Place = (typeof place)[keyof typeof place];

/** How many rows of audit and completion feed are kept, the newest ones. */
export const auditRows = 10_000;
export const completionRows = 1_024;
/** How many records that could not be applied are kept with their errors; all of them are counted. */
export const poisonRows = 1_000;

/**
 * What is asked for, and where the rest is: history bodies and evicted sessions stay in the journal (`runs`, `body_q`).
 * Times are whole epoch milliseconds; they only order, the exact ones are in the body. `started_at` is the creation while there is no start.
 * `status` is not in the body: one truth. Bodies have a table of their own: they come and go, and the pages that they leave are used
 * again, while in the rows of `sessions` they would leave holes that a search has to read past.
 * `words` is what is searched, in lower case, and shown, with its `capitals` put back: each text is there once (see searchText.ts).
 * `runs` and `marks` need no row ids, so they are stored as their primary keys, which is also the order in which they are read.
 */
export const tableSql = `
CREATE TABLE sessions (
  sno INTEGER PRIMARY KEY,
  evicted INTEGER NOT NULL,
  status TEXT NOT NULL,
  last_activity_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  completed_at INTEGER,
  feed_seq INTEGER,
  body_q INTEGER,
  id TEXT NOT NULL,
  parent_id TEXT,
  words TEXT NOT NULL,
  capitals TEXT
) STRICT;
CREATE TABLE bodies (sno INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE runs (sno INTEGER NOT NULL, first_seq INTEGER NOT NULL, count INTEGER NOT NULL, pairs BLOB NOT NULL, PRIMARY KEY (sno, first_seq)) STRICT, WITHOUT ROWID;
CREATE TABLE segments (segment INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE marks (q INTEGER PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT,
  result TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE TABLE completions (
  seq INTEGER PRIMARY KEY,
  session_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  outcome TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE TABLE poison (q INTEGER PRIMARY KEY, error TEXT NOT NULL) STRICT;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sessions_by_id ON sessions (id);
PRAGMA user_version = ${schemaVersion};
`;

/** The order of the fleet's list (rule S14); `status` is in it so that a filter needs no look into the table. */
export const indexSql = `
CREATE INDEX IF NOT EXISTS sessions_by_activity ON sessions (last_activity_at DESC, started_at DESC, id, status) WHERE evicted = 0;
CREATE INDEX IF NOT EXISTS sessions_by_parent ON sessions (parent_id) WHERE evicted = 0 AND parent_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS sessions_stubs ON sessions (sno) WHERE evicted = 2;
`;

/** Settings of one connection. The database lives in memory, so SQLite has nothing to sync and needs no journal file. */
export const connectionSql = `
PRAGMA journal_mode = memory;
PRAGMA synchronous = off;
PRAGMA temp_store = memory;
PRAGMA cache_size = -8000;
PRAGMA trusted_schema = off;
`;
