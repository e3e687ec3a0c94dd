import type { Event } from '../base/event.ts';
import type { AuditEntry } from './ports.ts';
import type { ReapScope, ReserveOutcome } from './reservations.ts';
import type { Session, SessionKind, SpawnSpec, StopWish } from './session.ts';
import type { Note } from './sessionReducer.ts';
import type { UsageReport } from './usage.ts';

/** What is known of a session before anything of it is started. */
export interface NewSession {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly spec: SpawnSpec;
  /** Absent: no runner of ours will call for it. */
  readonly tokenHash?: string;
  readonly parentId?: string;
  readonly restartOf?: string;
  readonly resumedFrom?: string;
  readonly attempt: number;
  readonly kind?: SessionKind;
  readonly worktree?: string;
  readonly host?: string;
  readonly channel?: 'external';
  readonly clientInstanceId?: string;
  readonly actorKey?: string;
  readonly parentActorKey?: string;
  readonly conversationId?: string;
  readonly promptToType?: string;
}

/** What `collect` hands out: a session that has ended. */
export interface Collected {
  readonly sessionId: string;
  readonly outcome: NonNullable<Session['outcome']>;
}

/**
 * Everything that changes a fleet on somebody's behalf, as values that can travel: the window that owns the registry carries it out,
 * whoever asks. All throw FleetError `NotOpen`, `NewerRegistry` or `NotOwner` when nothing can be changed, and `NotFound` for an unknown session.
 * Source of the lifecycle calls: meerkat ops lifecycle.
 */
export interface FleetCommands {
  /**
   * Registers a session in `provisioning`, before anything is started: no terminal write can overtake it. An external one runs already:
   * it begins as `running`, and neither name nor limit refuses it.
   * Order of checks (meerkat): duplicate id, then the limit.
   * @throws FleetError `AlreadyRegistered`, `NameTaken`, `MaxConcurrentExceeded`.
   */
  register(request: NewSession): Promise<Session>;
  /**
   * Registers a session as the one live writer of a worktree, unless another one has it (heddle try_reserve, corrected): the proven dead
   * are terminated first; who is alive, or cannot be judged, keeps it. @throws as `register`.
   */
  reserve(worktree: string, request: NewSession): Promise<ReserveOutcome>;
  /** The newest active session that matches and is not proven dead, or a new one (heddle find_or_create). @throws as `register`. */
  findOrCreate(match: SessionMatch, request: NewSession): Promise<{ readonly session: Session; readonly created: boolean }>;
  /** Terminates the active sessions that are proven dead; unknown is never reaped. @returns how many. */
  reap(scope: ReapScope): Promise<number>;
  /** A person gives up a session that nobody can judge. @throws FleetError `OwnerAlive` when it is proven alive. */
  release(id: string): Promise<void>;
  /** Sessions that ran elsewhere, as they ended or stand there; ids that are known already are passed over. @returns how many were taken. */
  importSessions(imported: readonly ImportedSession[]): Promise<number>;
  /**
   * A person says that the work is done (seed row L6). `isStillToEnd`: its agent could not be told to end; that is kept as a stop
   * request, for whoever can end it later. `by: 'exit'`: not a person says so, but who runs it elsewhere. @throws FleetError `InvalidTransition`.
   */
  complete(id: string, summary: string | undefined, how?: { readonly isStillToEnd?: boolean; readonly by?: 'exit' }): Promise<void>;
  /**
   * Records that a session was cancelled, or, if it was stopped because its time was up, that it failed. The process must be gone, or must
   * never have been. @throws FleetError `InvalidTransition`.
   */
  cancelled(id: string, reason: string | undefined): Promise<void>;
  /** It failed, says who runs it. @throws FleetError `InvalidTransition`. */
  failed(id: string, error: string): Promise<void>;
  /** The agent of a session that a person completed is proven gone: nothing is left to end. */
  agentGone(id: string): Promise<void>;
  /** The agent could not be started. @throws FleetError `InvalidTransition`. */
  provisioningFailed(id: string, error: string): Promise<void>;
  /** The start was given up before there was a process. @throws FleetError `InvalidTransition`. */
  abortProvisioning(id: string, reason: string): Promise<void>;
  /** The process is proven gone and nobody saw how it ended. @throws FleetError `InvalidTransition`. */
  terminated(id: string, reason: string): Promise<void>;
  /** Ends every active session on paper, with the reason (meerkat terminate_owner). @returns how many; nothing active is no error. */
  terminateOwner(reason: string): Promise<number>;
  /** No new prompts; when the agent exits it is retired; after `deadlineMs` (absent: never) it is terminated. @throws FleetError `InvalidTransition`. */
  requestRetire(id: string, deadlineMs?: number): Promise<void>;
  /** @throws FleetError `InvalidTransition`. */
  markRetired(id: string): Promise<void>;
  /** A child agent can be talked to. @throws FleetError `PeerNotExpected`, `AlreadyPeerReady`, `InvalidTransition`, in this order. */
  peerReady(id: string, peer: { readonly name: string; readonly address: string }): Promise<void>;
  /** Counts it, and keeps the newest message and percent (0 to 100). @throws FleetError `InvalidTransition`. */
  reportProgress(id: string, progress: { readonly message?: string; readonly percent?: number }): Promise<void>;
  /** Takes the newest report of a turn into the session's usage. */
  reportUsage(id: string, report: UsageReport): Promise<void>;
  /** Somebody asked the session's memory for something (heddle context query). Ignored once it has ended. */
  contextQuery(id: string, query: { readonly path: string; readonly scope?: string }): Promise<void>;
  /** Remembers that we asked the session to end: the coming exit is then a cancel, or `cause`, not a failure of its own. Idempotent. */
  requestStop(id: string, reason: string | undefined, cause?: StopWish['cause']): Promise<void>;
  /** A session that has ended is started again at `at` (epoch milliseconds; absent: it is not). Of sessions that are active or escalated, ignored. */
  planRetry(id: string, at: number | undefined): Promise<void>;
  /** It is not started again by itself any more: a person decides. Idempotent; of active sessions, ignored. */
  escalate(id: string, reason: string): Promise<void>;
  /** A prompt was handed to the agent. If it was the first one, it need not be typed again; another one does not take its place. */
  promptSent(id: string, prompt: { readonly text: string; readonly result: string }): Promise<void>;
  /** Adds a line to a session's history that changes nothing else. */
  record(id: string, kind: string, actor: Note['actor'], data: unknown): Promise<void>;
  /** A terminal title that the agent set, and since when it stands (epoch milliseconds; absent: now). */
  applyTitle(id: string, title: string, at?: number): Promise<void>;
  /** Counts the lines of a session's spool that could not be read: `total` of them so far. Idempotent. */
  countSpoolSkipped(id: string, total: number): Promise<void>;
  /** Forgets sessions that have ended; active ones stay. @returns what was forgotten. */
  clear(ids: readonly string[]): Promise<readonly string[]>;
  /** Hands out every ended session, or those of `ids`, and takes them out of the list (meerkat collect_completed); search still finds them. */
  collect(ids?: readonly string[]): Promise<readonly Collected[]>;
  /** Adds a line to the audit (seed row S12). */
  audit(entry: AuditEntry): Promise<void>;
}

/** All given parts must match. Paths are real paths. */
export interface SessionMatch {
  readonly worktree?: string;
  readonly actorKey?: string;
  readonly clientInstanceId?: string;
  readonly parentId?: string;
}

/** A session from a ledger of fleet protocol, with its history. */
export interface ImportedSession {
  readonly session: Session;
  readonly notes: readonly Note[];
}

export type FleetCommandName = keyof FleetCommands;

/** All commands by name: what another window may ask the owner for. */
export const fleetCommandNames = [
  'register', 'reserve', 'findOrCreate', 'reap', 'release', 'importSessions', 'complete', 'cancelled', 'failed', 'agentGone', 'provisioningFailed', 'abortProvisioning', 'terminated', 'terminateOwner', 'requestRetire',
  'markRetired', 'peerReady', 'reportProgress', 'reportUsage', 'contextQuery', 'requestStop', 'planRetry', 'escalate', 'promptSent', 'record', 'applyTitle', 'countSpoolSkipped',
  'clear', 'collect', 'audit',
] as const satisfies readonly FleetCommandName[];

/** The window that owns the registry, as another window reaches it. */
export interface OwnerWindow {
  readonly isReachable: boolean;
  /**
   * Has the owner carry it out. `sessions`: what it touched, as it stands there now; `removed`: ids that are gone.
   * @throws what the owner threw; FleetError `NotOwner` when it does not answer.
   */
  perform(command: FleetCommandName, args: readonly unknown[]): Promise<OwnerAnswer>;
  /** An agent showed that it took a prompt. */
  readonly onDidTakePrompt: Event<{ readonly sessionId: string }>;
  /** Sessions as they stand at the owner now, sooner than the journal tells it: whoever types must know of an open question. */
  readonly onDidChangeSessions: Event<readonly Session[]>;
}

export interface OwnerAnswer {
  readonly result: unknown;
  readonly sessions: readonly Session[];
  readonly removed: readonly string[];
}
