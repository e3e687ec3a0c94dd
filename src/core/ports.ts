import type { Event } from '../base/event.ts';
import type { AgentDriver, LaunchContext, LaunchPlan } from './driver.ts';
import type { RunnerEvent, RunnerHeartbeat } from './runnerEvents.ts';
import type { Liveness, ProcessIdentity, Session, SessionStatus } from './session.ts';

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

export interface SessionQuery {
  readonly status?: readonly SessionStatus[];
  readonly parentId?: string;
  /** 0 or absent: all. */
  readonly limit?: number;
}

/** What opening the registry found. */
export interface OpenReport {
  /** Newest activity first. */
  readonly sessions: readonly Session[];
  /** Rows that could not be read and were left out. */
  readonly skippedRows: number;
  /** Where a damaged file was set aside, if one was. */
  readonly setAside?: string;
  /** The newest file was damaged and the one before it was used: the last changes are missing. */
  readonly restored?: true;
  /** Schema version of the registry, if a newer version of the extension wrote it: nothing of it is shown or changed. */
  readonly newerVersion?: number;
  /** `reader`: another window owns the registry; nothing can be written here. */
  readonly role: 'owner' | 'reader';
}

/** Whether changes reach the disk. */
export type StoreHealth = { readonly persisted: true } | { readonly persisted: false; readonly reason: string };

/** One change of one session with the history that explains it; kept together or not at all. */
export interface SessionChange {
  readonly session: Session;
  readonly history: readonly HistoryEntry[];
}

/**
 * Where sessions are kept (zeph's port, widened). Writes keep their order. Each promise resolves when the change is
 * durable and rejects when it is not; a rejected change stays in memory and is written when the disk is back.
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
  /** Adds history to a session without changing it. */
  appendEvent(entry: HistoryEntry): Promise<void>;
  /** Forgets sessions and their history. */
  remove(sessionIds: readonly string[]): Promise<void>;
  /** Newest activity first, then newest start, then id. */
  query(query: SessionQuery): Promise<readonly Session[]>;
  /** Oldest first. */
  history(sessionId: string, options?: { afterSeq?: number; limit?: number }): Promise<readonly HistoryEntry[]>;
  readonly health: StoreHealth;
  readonly onDidChangeHealth: Event<StoreHealth>;
  /** Another window owns the registry and wrote: the sessions as they are now. A window that hears this is a reader from then on. */
  readonly onDidChangeElsewhere: Event<readonly Session[]>;
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
  /** Writes to the terminal as if typed. @throws FleetError `NoTerminal`. */
  write(sessionId: string, data: string): void;
  /** @throws FleetError `NoTerminal`. */
  reveal(sessionId: string): void;
  /** Closes the terminal if there is one. */
  close(sessionId: string): void;
  /** Tells the host whose terminal the runner process is, so that it can be found after a reload. */
  adopt(sessionId: string, runnerPid: number): void;
  readonly onDidClose: Event<{ sessionId: string; reason: TerminalCloseReason }>;
  /** The terminal of an adopted session was found in this window. */
  readonly onDidAdopt: Event<{ sessionId: string }>;
  /** The agent wrote something; how much does not matter. */
  readonly onOutput: Event<{ sessionId: string }>;
  /** A window title that the agent set. */
  readonly onTitle: Event<{ sessionId: string; title: string }>;
}

/** The private folders of sessions: what is handed to a runner, and what it left behind. */
export interface SessionFolders {
  /** Absolute path of the session's folder, whether it exists or not. */
  pathOf(sessionId: string): string;
  /** Creates the folder (mode 0700), writes the plan's files and the runner's launch file (mode 0600), and says how to start the runner. */
  prepare(launch: PreparedLaunch): Promise<TerminalLaunch>;
  /** Events of the runner's spool with a number above `afterSeq`, and how many lines could not be read. */
  spool(sessionId: string, afterSeq: number): Promise<{ readonly events: readonly RunnerEvent[]; readonly skipped: number }>;
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

/** Ending processes of this machine without a runner. */
export interface ProcessControl {
  /** Ends the whole tree below that very process, by the ladder. Resolves when it is gone or has outlived SIGKILL. */
  end(sessionId: string, agent: ProcessIdentity): Promise<void>;
}
