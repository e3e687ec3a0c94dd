/** The schema of version 1, as registries of that version have it. Never change it. */
export const schemaV1Sql = `
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
PRAGMA user_version = 1;
`;
