/** Version of the schema below, kept in `PRAGMA user_version`. A registry of a higher version is never written. */
export const schemaVersion = 1;

/**
 * A session's columns are what is asked for; the rest is its JSON body. `status` is not in the body: one truth.
 * `history` needs no row ids, so it is stored as its primary key, which is also the order in which it is read.
 */
export const schemaSql = `
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL,
  parent_id TEXT,
  last_activity_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_activity ON sessions (last_activity_at DESC, started_at DESC, id);
CREATE INDEX sessions_by_parent ON sessions (parent_id) WHERE parent_id IS NOT NULL;
CREATE TABLE history (
  session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (session_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};
`;

/** Settings of one connection. The database lives in memory, so SQLite has nothing to sync and needs no journal file. */
export const connectionSql = `
PRAGMA journal_mode = memory;
PRAGMA synchronous = off;
PRAGMA temp_store = memory;
PRAGMA cache_size = -8000;
PRAGMA foreign_keys = on;
PRAGMA trusted_schema = off;
`;
