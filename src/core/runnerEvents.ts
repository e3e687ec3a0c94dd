import type { ProcessIdentity } from './session.ts';

/**
 * What the runner tells, in order. Each event is in the runner's spool before it is sent, and is
 * sent until it is acknowledged; `seq` starts at 1 and makes repeats harmless.
 */
export type RunnerEvent = RunnerEventBody & {
  readonly seq: number;
  /** Wall clock of the runner, epoch milliseconds. */
  readonly at: number;
};

export type RunnerEventBody =
  /** The agent process exists. */
  | { readonly kind: 'started'; readonly runner: ProcessIdentity; readonly agent: ProcessIdentity }
  /** The agent could not be started; `code` is the system's (`ENOENT`, `EACCES`). */
  | { readonly kind: 'spawnFailed'; readonly code: string; readonly message: string }
  /** A hook of the agent dropped this payload (parsed JSON). */
  | { readonly kind: 'hook'; readonly name: string; readonly payload: unknown }
  /** The agent appended this line of fleet protocol (parsed JSON object) to its events file. */
  | { readonly kind: 'fleetEvent'; readonly value: unknown }
  /** Something the agent handed over was not usable. */
  | { readonly kind: 'skipped'; readonly what: 'hook' | 'fleetEvent'; readonly reason: string }
  /** The stop ladder sent this signal to the process tree. */
  | { readonly kind: 'stopping'; readonly signal: string }
  /** These processes outlived SIGKILL. */
  | { readonly kind: 'survivors'; readonly pids: readonly number[] }
  /** The agent has ended. `cause` says who began it: the agent itself, our ladder, or the closed terminal. */
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null; readonly cause: ExitCause };

export type ExitCause = 'agent' | 'stopped' | 'hangup';

/** Sent every few seconds, never spooled: only the newest counts. */
export interface RunnerHeartbeat {
  readonly at: number;
  /** Processes in the agent's tree, the agent included. */
  readonly processes: number;
  /** Share of one core since the last heartbeat, in percent; absent where it cannot be measured. */
  readonly cpuPercent?: number;
  /** Resident memory of the tree in bytes; absent where it cannot be measured. */
  readonly rssBytes?: number;
}
