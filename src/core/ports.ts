import type { Event } from '../base/event.ts';
import type { AgentDriver, LaunchContext, LaunchPlan } from './driver.ts';
import type { PromptResult } from './prompt.ts';
import type { RunnerEvent, RunnerHeartbeat } from './runnerEvents.ts';
import type { Liveness, ProcessIdentity, Session, SessionKind, SessionOutcome, SessionStatus } from './session.ts';

/** One line of a session's history, as it is kept. */
export interface HistoryEntry {
  readonly sessionId: string;
  /** 1, 2, 3 … per session. */
  readonly seq: number;
  readonly at: number;
  /** `registered`, `running`, `signal`, `prompt`, `cancelled`, … */
  readonly kind: string;
  /** Who did it: `user`, `agent`, `runner`, `fleet`. */
  readonly actor: 'user' | 'agent' | 'runner' | 'fleet';
  /** JSON value. Never secrets. */
  readonly data: unknown;
}

/** Which sessions of the fleet; those that were evicted are found by `search` only. */
export interface SessionQuery {
  readonly status?: readonly SessionStatus[];
  readonly parentId?: string;
  /** 0 or absent: all. */
  readonly limit?: number;
}

/** One line of the audit: who did what to which session, and how it ended (seed row S12). Never secrets. */
export interface AuditEntry {
  /** Epoch milliseconds. */
  readonly at: number;
  /** `user`, `fleet`, `extension`, a window or a session id. */
  readonly actor: string;
  /** `spawn`, `prompt`, `cancel`, … */
  readonly action: string;
  /** Session id, worktree path or another name of what it was done to; absent when it was done to the whole fleet. */
  readonly target?: string;
  /** `ok`, or the error's code. */
  readonly result: string;
  /** Plain words about it, one line. */
  readonly detail?: string;
}

/** An audit entry as it is kept: `seq` is 1, 2, 3 … */
export interface StoredAuditEntry extends AuditEntry {
  readonly seq: number;
}

/** One entry of the completion feed (meerkat completion feed). */
export interface CompletionEntry {
  /** 1, 2, 3 … without a gap, also over restarts. */
  readonly seq: number;
  readonly sessionId: string;
  readonly kind: SessionKind;
  readonly name: string;
  readonly outcome: SessionOutcome;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a search looks for; all given parts must match. */
export interface HistorySearch {
  /** Words, each of which must be part of name, id, agent, prompt, folder or an artifact's path; any case. */
  readonly text?: string;
  readonly status?: readonly SessionStatus[];
  /** Last activity, epoch milliseconds, both ends included. */
  readonly since?: number;
  readonly until?: number;
  /** Default 100. */
  readonly limit?: number;
}

/** A session as the search tells it, evicted or not. */
export interface SessionSummary {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly status: SessionStatus;
  readonly cwd: string;
  /** First words of the first prompt. */
  readonly prompt?: string;
  readonly createdAt: number;
  readonly completedAt?: number;
  readonly lastActivityAt: number;
  /** It is no longer in the fleet's list (retention); it can still be inspected. */
  readonly evicted: boolean;
}

/** How many sessions have which status, evicted ones apart. */
export interface SessionCounts {
  readonly byStatus: Readonly<Partial<Record<SessionStatus, number>>>;
  readonly evicted: number;
}

/** What opening the registry found. */
export interface OpenReport {
  /** The sessions of the fleet (evicted ones left out), newest activity first. */
  readonly sessions: readonly Session[];
  /** Highest number of the completion feed; absent: none. */
  readonly feedSeq?: number;
  /** Rows or journal records that could not be read and were left out. */
  readonly skippedRows: number;
  /** Where damaged files were set aside, if any were (the first of them). */
  readonly setAside?: string;
  /** What was lost to damage as far as it is known: the newest state is missing. */
  readonly restored?: true;
  /** Format version of the registry, if a newer version of the extension wrote it: nothing of it is shown or changed. */
  readonly newerVersion?: number;
  /** `reader`: another window owns the registry; changes go through that window. */
  readonly role: 'owner' | 'reader';
  /** A registry is stored, be it empty. Absent: this is a fresh workspace. */
  readonly stored?: true;
}

/** What another window, which owns the registry, changed. */
export interface RegistryDelta {
  /** Added or changed. */
  readonly sessions: readonly Session[];
  readonly removed: readonly string[];
  /** `sessions` is all there is. */
  readonly complete?: true;
}

/** Whether changes reach the disk. */
export type StoreHealth = { readonly persisted: true } | { readonly persisted: false; readonly reason: string };

/** One change of one session with the history that explains it; kept together or not at all. */
export interface SessionChange {
  readonly session: Session;
  readonly history: readonly HistoryEntry[];
}

/**
 * Where sessions are kept (zeph's port, widened). Writes keep their order and are safe from the death of this process when the call
 * returns, if nothing stands in the way. Each promise resolves when the change is durable (power loss) and rejects when it is not;
 * a rejected change stays in memory and is written when the disk is back. What is read reflects all writes asked for before.
 */
export interface SessionStore {
  /** Reads what is there. On a fresh workspace it creates nothing. Called once. */
  open(): Promise<OpenReport>;
  /** Inserts a new session. */
  registerActive(change: SessionChange): Promise<void>;
  /** Replaces an active session's row. */
  update(change: SessionChange): Promise<void>;
  /** Writes the end of a session. */
  markTerminal(change: SessionChange): Promise<void>;
  /** Adds a line to the audit. */
  audit(entry: AuditEntry): Promise<void>;
  /** Takes ended sessions out of the fleet's list; search, `load` and `history` still find them. */
  evict(sessions: readonly Session[]): Promise<void>;
  /** Forgets sessions and their history. */
  remove(sessionIds: readonly string[]): Promise<void>;
  /** Newest activity first, then newest start, then id. */
  query(query: SessionQuery): Promise<readonly Session[]>;
  /** One session, evicted or not. */
  load(sessionId: string): Promise<Session | undefined>;
  /** Newest activity first. */
  search(search: HistorySearch): Promise<readonly SessionSummary[]>;
  counts(): Promise<SessionCounts>;
  /** Oldest first. */
  history(sessionId: string, options?: { afterSeq?: number; limit?: number }): Promise<readonly HistoryEntry[]>;
  /** Oldest first; the newest `limit` if it is given. */
  auditTrail(options?: { afterSeq?: number; limit?: number; text?: string }): Promise<readonly StoredAuditEntry[]>;
  /** Entries of the completion feed with a number above `afterSeq`, oldest first, as far back as they are kept. */
  completions(options: { afterSeq: number; limit?: number }): Promise<readonly CompletionEntry[]>;
  readonly health: StoreHealth;
  readonly onDidChangeHealth: Event<StoreHealth>;
  /** Another window owns the registry and wrote. A window that hears this is a reader from then on. */
  readonly onDidChangeElsewhere: Event<RegistryDelta>;
  /** This window became the owner (the former one is gone), with what is in the registry. */
  readonly onDidBecomeOwner: Event<OpenReport>;
  /** Writes what is pending and lets the lock go. */
  close(): Promise<void>;
}

/** The road to the runners. One runner per session. */
export interface RunnerGateway {
  isConnected(sessionId: string): boolean;
  /** Begins the ladder SIGINT → SIGTERM → SIGKILL on the process tree. Resolves when the runner took the order. */
  stop(sessionId: string, request: StopRequest): Promise<void>;
  /** Sends one signal to the agent process, without a ladder. */
  signal(sessionId: string, signal: 'SIGINT'): Promise<void>;
  /** Asks the runner to open its shell-integration frame anew, so that this window hears titles again. */
  reframe(sessionId: string): Promise<void>;
  readonly onDidConnect: Event<{ sessionId: string; runner: ProcessIdentity }>;
  readonly onDidDisconnect: Event<{ sessionId: string }>;
  readonly onHeartbeat: Event<{ sessionId: string; heartbeat: RunnerHeartbeat }>;
}

export interface StopRequest {
  /** First signal of the ladder. */
  readonly from: 'SIGINT' | 'SIGTERM';
  /** Pause before the next signal, milliseconds. */
  readonly graceMs: number;
}

/** Takes what runners send. Resolves when it is durable: only then the runner may forget it. */
export type RunnerEventSink = (sessionId: string, events: readonly RunnerEvent[]) => Promise<void>;

export interface TerminalLaunch {
  readonly sessionId: string;
  readonly name: string;
  readonly cwd: string;
  /** The runner: executable and arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | null>>;
}

/** Why a terminal went away, as the editor tells it. `shutdown` does not mean that the process ended. */
export type TerminalCloseReason = 'process' | 'user' | 'shutdown' | 'extension' | 'unknown';

/** The integrated terminals of this window. */
export interface TerminalHost {
  /** @throws FleetError `TerminalFailed` when the editor refuses. */
  launch(launch: TerminalLaunch): Promise<void>;
  /** Whether this window holds the session's terminal. */
  has(sessionId: string): boolean;
  /** The sessions whose terminals this window holds. */
  readonly held: readonly string[];
  /** Writes to the terminal as if typed. @throws FleetError `NoTerminal`. */
  write(sessionId: string, data: string): void;
  /** @throws FleetError `NoTerminal`. */
  reveal(sessionId: string): void;
  /** Closes the terminal if there is one. */
  close(sessionId: string): void;
  /** Tells the host whose terminal the runner process is, so that it can be found after a reload. */
  adopt(sessionId: string, runnerPid: number): void;
  /** The runner calls no more: a terminal that was not found by now is not looked for, because its pid may become another's. */
  abandon(sessionId: string): void;
  readonly onDidClose: Event<{ sessionId: string; reason: TerminalCloseReason }>;
  /** The terminal of an adopted session was found in this window. */
  readonly onDidAdopt: Event<{ sessionId: string }>;
  /** `held` is another list now. */
  readonly onDidChangeHeld: Event<void>;
  /** The agent wrote something; how much does not matter. */
  readonly onOutput: Event<{ sessionId: string }>;
  /** A window title that the agent set. */
  readonly onTitle: Event<{ sessionId: string; title: string }>;
}

/** The terminals that other windows of this workspace hold, as far as those windows can be reached. */
export interface OtherWindows {
  /** Whether the session's terminal is in another window that can be reached now. */
  holds(sessionId: string): boolean;
  /** Writes to the terminal as if typed. Resolves when it was written. @throws FleetError `NoTerminal`, `NotOwner`, `Timeout`. */
  write(sessionId: string, data: string): Promise<void>;
  /**
   * Has a prompt typed by the window that holds the terminal: it alone keeps what several windows send in order. It records what came of it.
   * @throws as `SessionController.sendPrompt`; FleetError `NoTerminal`, `NotOwner`, `Timeout`; `PromptUncertain` when it may have been typed.
   */
  prompt(sessionId: string, text: string): Promise<PromptResult>;
  /** Closes the terminal if there is one. @throws FleetError `NotOwner`, `Timeout`. */
  close(sessionId: string): Promise<void>;
  /** Which windows can be reached, or what they hold, changed. */
  readonly onDidChange: Event<void>;
}

/** The private folders of sessions: what is handed to a runner, and what it left behind. */
export interface SessionFolders {
  /** Absolute path of the session's folder, whether it exists or not. */
  pathOf(sessionId: string): string;
  /** Creates the folder (mode 0700), writes the plan's files and the runner's launch file (mode 0600), and says how to start the runner. */
  prepare(launch: PreparedLaunch): Promise<TerminalLaunch>;
  /** Events of the runner's spool with a number above `afterSeq`, and how many lines could not be read. */
  spool(sessionId: string, afterSeq: number): Promise<{ readonly events: readonly RunnerEvent[]; readonly skipped: number }>;
  /** Whether there is a folder: none means that its start was never prepared, or that it was removed. */
  exists(sessionId: string): Promise<boolean>;
  /** Whether the launch file is still there, which proves that the runner never began. */
  isLaunchPending(sessionId: string): Promise<boolean>;
  /** Deletes the folder. No error if there is none. */
  remove(sessionId: string): Promise<void>;
}

export interface PreparedLaunch {
  readonly sessionId: string;
  readonly parentId?: string;
  readonly name: string;
  readonly token: string;
  readonly cwd: string;
  readonly plan: LaunchPlan;
}

/** The agents that this window knows. */
export interface DriverCatalog {
  get(driverId: string): AgentDriver | undefined;
  /**
   * What is needed to plan a launch, the session's folder apart.
   * @throws FleetError `NotInstalled` naming the agent and how to get it; `UnknownDriver`.
   */
  locate(driverId: string, variant: string | undefined): Promise<Omit<LaunchContext, 'sessionDir'>>;
}

/** Evidence about processes of this machine. */
export interface ProcessProbe {
  /** Whether that very process runs: boot id first, then pid, then start time. No evidence: unknown. */
  liveness(identity: ProcessIdentity | undefined): Promise<Liveness>;
}

/** What decides who may write in a worktree. */
export interface WorktreeEvidence {
  /** Whether a session's processes run on this machine. */
  liveness(session: Session): Promise<Liveness>;
  /** The real path of a folder: absolute, without symbolic links. */
  realPath(path: string): Promise<string>;
  /** Name of this machine. */
  readonly host: string;
  /** Reads what a dead session left behind (its runner's spool), which may hold its true end. */
  readLastWords?(sessionId: string): Promise<unknown>;
}

/** Ending processes of this machine without a runner. */
export interface ProcessControl {
  /** Ends the whole tree below that very process, by the ladder. Resolves when it is gone or has outlived SIGKILL. */
  end(sessionId: string, agent: ProcessIdentity): Promise<void>;
}
