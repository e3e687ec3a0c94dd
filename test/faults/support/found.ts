import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { nullLogger, type Clock } from '../../../src/base/ports.ts';
import type { CompletionEntry, HistoryEntry, StoredAuditEntry } from '../../../src/core/ports.ts';
import type { Session } from '../../../src/core/session.ts';
import { RecordReader } from '../../../src/storage/projection/bodies.ts';
import { recover } from '../../../src/storage/projection/recovery.ts';
import { Snapshots } from '../../../src/storage/projection/snapshots.ts';
import { SqlEngine } from '../../../src/storage/sqlEngine.ts';
import { nodeFiles } from '../../../src/storage/storageFiles.ts';

export const wasmFile = createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm');
export const engine = new SqlEngine(() => readFile(wasmFile));
export const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** Everything that a registry's folder holds. */
export interface Found {
  readonly lastQ: number;
  readonly feedSeq: number;
  /** What the registry says about damage. */
  readonly skipped: number;
  readonly lost: number;
  readonly damaged: number;
  readonly restored: boolean;
  readonly listed: ReadonlyMap<string, Session>;
  readonly evicted: ReadonlySet<string>;
  /** All sessions as the counts by status have it. */
  readonly counted: number;
  readonly audit: readonly StoredAuditEntry[];
  readonly feed: readonly CompletionEntry[];
  load(id: string): Session | undefined;
  history(id: string): readonly HistoryEntry[];
  /** Bodies that were asked for so far and are damaged or gone. */
  readonly missingBodies: number;
  close(): Promise<void>;
}

/** Opens a registry in this process as a reader does: writes nothing. @throws what opening throws. */
export async function readRegistry(folder: string): Promise<Found> {
  const snapshots = new Snapshots({ folder: join(folder, 'snapshots'), files: nodeFiles, clock, logger: nullLogger });
  const journal = join(folder, 'journal');
  const { opened, damaged, newerVersion, rungs, restored } = await recover({ folder: journal, files: nodeFiles, snapshots, engine: () => engine.load(), clock, logger: nullLogger });
  if (opened === undefined) throw new Error(`The registry is said to have version ${newerVersion}.`);
  const { projection, tail } = opened;
  const { queries } = projection;
  const records = new RecordReader(journal);
  const { sessions, skipped } = queries.sessionsInList();
  const listed = new Map(sessions.map((session) => [session.id, session]));
  const summaries = queries.search({ limit: 0 });
  const counts = queries.counts();
  return {
    lastQ: projection.lastQ,
    feedSeq: projection.feedSeq,
    skipped: projection.skipped + skipped,
    lost: projection.lost,
    restored,
    damaged: damaged.length + rungs.filter(({ damaged: is }) => is === true).length,
    listed,
    evicted: new Set(summaries.filter(({ evicted }) => evicted).map(({ id }) => id)),
    counted: summaries.length === new Set(summaries.map(({ id }) => id)).size ? Object.values(counts.byStatus).reduce((sum, n) => sum + n, 0) + counts.evicted : -1,
    audit: queries.auditTrail({}),
    feed: queries.completions({ afterSeq: 0 }),
    load: (id) => queries.load(id, records),
    history: (id) => queries.history(id, {}, records),
    get missingBodies() {
      return queries.missingBodies;
    },
    async close() {
      await tail.close();
      projection.close();
    },
  };
}
