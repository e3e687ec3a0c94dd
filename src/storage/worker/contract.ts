import type {
  CompletionEntry,
  HistoryEntry,
  HistorySearch,
  RegistryDelta,
  SessionCounts,
  SessionQuery,
  SessionSummary,
  StoredAuditEntry,
} from '../../core/ports.ts';
import type { Session } from '../../core/session.ts';
import type { OldRegistry } from './readV1.ts';

/**
 * What the main thread and the registry worker say to each other. Everything is plain data that `postMessage` can copy.
 *
 * The worker reads the journal files itself; no record crosses the border. A read says with `upTo` which record it must
 * see: the worker reads the journal that far before it answers, or to its end if there is less.
 */

/** `owner` may write snapshots and base segments and set damaged files aside; `reader` writes nothing at all. */
export type WorkerRole = 'owner' | 'reader';

/** What the entry gets as `workerData`. */
export interface WorkerSetup {
  /** Absolute path of the registry's folder. */
  readonly folder: string;
  /** Absolute path of `sql-wasm.wasm` of sql.js 1.16.0. */
  readonly wasmFile: string;
  /** Thresholds that differ from the defaults. */
  readonly limits?: Partial<RegistryLimits>;
}

/** When snapshots and compaction are due. Bytes, counts and milliseconds. */
export interface RegistryLimits {
  /** Journal bytes behind the newest snapshot: never fewer than this, … */
  readonly snapshotMinBytes: number;
  /** … never more than this; seven tenths of the snapshot's size in between. */
  readonly snapshotMaxBytes: number;
  /** After so long without a record … */
  readonly snapshotIdleMs: number;
  /** … so few bytes are enough. */
  readonly snapshotIdleBytes: number;
  /** Compaction is due above this many bytes of segments … */
  readonly compactBytes: number;
  /** … or this many events. */
  readonly compactEvents: number;
  /** What compaction leaves at most. */
  readonly keepBytes: number;
  readonly keepEvents: number;
  /** Size at which a base segment is full. */
  readonly baseSegmentBytes: number;
}

/**
 * A million lines of history of the usual size (some 570 bytes each with their session's changes) fit without a compaction. Their number is the bound that
 * counts, as memory and snapshots follow from it; bytes bound what large prompts and tool results take of the disk. Three quarters are kept.
 */
export const defaultLimits: RegistryLimits = {
  snapshotMinBytes: 4 * 1024 * 1024,
  snapshotMaxBytes: 28 * 1024 * 1024,
  snapshotIdleMs: 30_000,
  snapshotIdleBytes: 1024 * 1024,
  compactBytes: 640 * 1024 * 1024,
  compactEvents: 1_200_000,
  keepBytes: 480 * 1024 * 1024,
  keepEvents: 900_000,
  baseSegmentBytes: 8 * 1024 * 1024,
};

/** One step of the way in which the registry was opened, for the log. */
export interface RecoveryRung {
  readonly step: 'snapshot' | 'empty' | 'base' | 'replay' | 'newer';
  /** Plain words, one line. */
  readonly what: string;
  /** The file that it is about, if it is about one: a name without its folder. */
  readonly file?: string;
  /** Something was damaged. */
  readonly damaged?: true;
}

/** What `open` and `become` found. */
export interface OpenResult {
  /** The sessions of the fleet (evicted ones left out), newest activity first. Empty for a newer version. */
  readonly sessions: readonly Session[];
  /** Highest number of the completion feed; absent: none. */
  readonly feedSeq?: number;
  /** Journal lines and rows that could not be read, in the registry's whole life as far as it is remembered. */
  readonly skipped: number;
  /** Records that are missing from the journal. */
  readonly lost: number;
  /** New paths of the damaged files that were set aside now. */
  readonly setAside: readonly string[];
  /** Format of a newer version of the extension; nothing of it was read or written. */
  readonly newerVersion?: number;
  /** Newest record that was applied; 0: none. */
  readonly lastQ: number;
  /** Highest epoch among the segments; 0: none. A new owner writes with the next one. */
  readonly epoch: number;
  /** Something was lost to damage now: records are missing that were there. */
  readonly restored?: true;
  readonly rungs: readonly RecoveryRung[];
  /** Records that were replayed. */
  readonly replayed: number;
}

/** Every read says with `upTo` (a record's number, 0: whatever is there) what it must have seen. */
interface UpTo {
  readonly upTo: number;
}

/** Methods by name: what goes in and what comes out. */
export interface WorkerMethods {
  open: { params: { readonly role: WorkerRole }; result: OpenResult };
  /** Changes the role. As owner: reads to the end of the journal, sets right what only an owner may. */
  become: { params: { readonly role: WorkerRole }; result: OpenResult };
  /** What a registry of version 1 left; `undefined`: there is nothing to take over. */
  readV1: { params: Record<string, never>; result: OldRegistry | undefined };
  query: { params: UpTo & { readonly query: SessionQuery }; result: readonly Session[] };
  load: { params: UpTo & { readonly sessionId: string }; result: Session | undefined };
  search: { params: UpTo & { readonly search: HistorySearch }; result: readonly SessionSummary[] };
  counts: { params: UpTo; result: SessionCounts };
  history: { params: UpTo & { readonly sessionId: string; readonly afterSeq?: number; readonly limit?: number }; result: readonly HistoryEntry[] };
  auditTrail: { params: UpTo & { readonly afterSeq?: number; readonly limit?: number; readonly text?: string }; result: readonly StoredAuditEntry[] };
  completions: { params: UpTo & { readonly afterSeq: number; readonly limit?: number }; result: readonly CompletionEntry[] };
  /** Writes a snapshot now, if there is anything new. Owner only. `q`: what the newest snapshot reaches. */
  snapshot: { params: UpTo; result: { readonly q: number } };
  /** Compacts now, whatever the thresholds say. Owner only. `upTo` of the new base; absent: there was nothing to do. */
  compact: { params: UpTo; result: { readonly upTo?: number } };
  /** Ends what is under way and closes; an owner with something new writes a last snapshot if it is small. */
  close: { params: Record<string, never>; result: null };
}

export type WorkerMethod = keyof WorkerMethods;

export type WorkerRequest = {
  [M in WorkerMethod]: { readonly id: number; readonly method: M; readonly params: WorkerMethods[M]['params'] };
}[WorkerMethod];

/** No answer: the journal goes up to `q`. */
export interface WorkerAdvance {
  readonly method: 'advance';
  readonly params: { readonly q: number };
}

export interface WorkerError {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export type WorkerReply =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: WorkerError };

/** What the worker tells without being asked. */
export type WorkerEvent =
  /** To readers: what the owner changed. */
  | { readonly event: 'delta'; readonly delta: RegistryDelta; readonly lastQ: number; readonly feedSeq?: number }
  /** Work in the background failed; the worker goes on and tries again later. */
  | { readonly event: 'fault'; readonly what: 'snapshot' | 'compaction' | 'tail'; readonly error: WorkerError }
  | { readonly event: 'snapshot'; readonly q: number; readonly bytes: number }
  | { readonly event: 'compacted'; readonly upTo: number; readonly bytes: number; readonly droppedEvents: number; readonly droppedSessions: number }
  /** Memory was needed that a new worker would not hold: terminate this one when convenient. */
  | { readonly event: 'respawn'; readonly why: string }
  | { readonly event: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly message: string };

export type WorkerMessage = WorkerReply | WorkerEvent;

