/**
 * What a session is. All values here are immutable snapshots; only `FleetService` makes new ones.
 * Lifecycle words: meerkat ops lifecycle. Process identity: heddle, corrected (pid + start time + boot id).
 */

/** Where a session stands in its life. The first three are active, the others terminal and final. */
export type SessionStatus = ActiveStatus | TerminalStatus | 'unknown';
export type ActiveStatus = 'provisioning' | 'running' | 'retiring';
export type TerminalStatus = 'completed' | 'failed' | 'aborted' | 'cancelled' | 'retired' | 'terminated';

export const activeStatuses: readonly ActiveStatus[] = ['provisioning', 'running', 'retiring'];
export const terminalStatuses: readonly TerminalStatus[] = ['completed', 'failed', 'aborted', 'cancelled', 'retired', 'terminated'];

export function isActive(status: SessionStatus): status is ActiveStatus {
  return (activeStatuses as readonly string[]).includes(status);
}

export function isTerminal(status: SessionStatus): status is TerminalStatus {
  return (terminalStatuses as readonly string[]).includes(status);
}

/** What a running agent does right now, as far as a signal said so. */
export type ActivityKind =
  | 'starting'
  | 'working'
  | 'model_wait'
  | 'running_tool'
  | 'needs_permission'
  | 'needs_answer'
  | 'idle'
  | 'blocked';

/** Where a signal came from, in order of trust (the first is trusted most). Screen text is not a source. */
export type SignalSource = 'channel' | 'hook' | 'title' | 'progress' | 'process';

/** One piece of evidence about what a session does. */
export interface Signal {
  readonly activity: ActivityKind;
  /** Plain words, one line: the tool and its argument, the question, the reason. From the agent: untrusted. */
  readonly detail?: string;
  readonly source: SignalSource;
  /** The name of the event that said it, for example `PermissionRequest`. */
  readonly event?: string;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
  /** Of an open question: a second, less trusted source shows it, too. */
  readonly confirmed?: true;
}

/** Identity of a process. A pid alone proves nothing: all known parts must agree. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in the platform's own unit, as text; compared for equality only. */
  readonly startTime?: string;
  /** The machine's boot id, where there is one. */
  readonly bootId?: string;
}

/** How a session ended. Field names follow meerkat's operation outcome. */
export type SessionOutcome =
  | { readonly type: 'completed'; readonly summary?: string; readonly by: 'exit' | 'person' }
  | { readonly type: 'failed'; readonly error: string; readonly exitCode?: number }
  | { readonly type: 'aborted'; readonly reason: string }
  | { readonly type: 'cancelled'; readonly reason?: string }
  | { readonly type: 'retired' }
  | { readonly type: 'terminated'; readonly reason: string };

/** What an agent may do without asking. Mapped to the CLI's own flags by its driver. */
export type PermissionPolicy = 'ask' | 'allow' | 'deny' | 'bypass';
export const permissionPolicies: readonly PermissionPolicy[] = ['ask', 'allow', 'deny', 'bypass'];

/** A file that an agent reported or changed. */
export interface Artifact {
  /** Absolute path, normalised, inside one of the session's allowed roots when it was recorded. */
  readonly path: string;
  /** Flat string of the fleet protocol: log, patch, test_result, report, checkpoint, receipt, or the agent's own word. */
  readonly kind: string;
  readonly at: number;
}

/** What was asked for when the session was spawned; enough to restart it. Holds no secrets and no environment values. */
export interface SpawnSpec {
  readonly prompt?: string;
  readonly policy: PermissionPolicy;
  /** Absolute folder in which the agent runs. */
  readonly cwd: string;
  /** Driver's own choice among its variants, for example the name of a custom command or a demo script. */
  readonly variant?: string;
}

/**
 * What kind of work a session is (meerkat operation kind). Only a child agent expects a peer to be handed over. Absent means `agent`:
 * an agent that a person started.
 */
export type SessionKind = 'agent' | 'child_agent' | 'background_tool';
export const sessionKinds: readonly SessionKind[] = ['agent', 'child_agent', 'background_tool'];

/** How others reach a child agent once it is ready (meerkat peer handle). */
export interface PeerHandle {
  readonly name: string;
  readonly address: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a session has used so far (heddle usage summary, zeph fleet row). Absent numbers are not known, which is not zero. */
export interface Usage {
  readonly turns?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Part of `outputTokens`, not added to them. */
  readonly reasoningTokens?: number;
  readonly toolCalls?: number;
  /** Whole millionths of a US dollar. */
  readonly costMicroUsd?: number;
}

/** Our own wish that a session ends. */
export interface StopWish {
  readonly at: number;
  readonly reason?: string;
  /** It used up its time (seed row L17): it ends as failed. Absent: somebody cancels it. */
  readonly cause?: 'timeout';
}

export interface Session {
  readonly id: string;
  readonly name: string;
  /** Driver id, for example `claude`. */
  readonly driver: string;
  readonly spec: SpawnSpec;
  /** The session that spawned this one. */
  readonly parentId?: string;
  /** The session of which this one is a new attempt. */
  readonly restartOf?: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** See `kindOf`. */
  readonly kind?: SessionKind;
  /** The session whose conversation this one goes on with. */
  readonly resumedFrom?: string;
  /** The model that the agent says it uses. */
  readonly model?: string;
  /** Real path of the git worktree (or folder) of which this session is the one live writer; absent: it holds none. */
  readonly worktree?: string;
  /** Name of the machine on which its processes live; absent on rows of older versions. */
  readonly host?: string;
  /** `external`: adopted, we did not start it. Absent: we did. */
  readonly channel?: 'external';
  /** Id that a client gave its own instance (heddle client instance). */
  readonly clientInstanceId?: string;
  /** The agent's own name for itself, and for its parent (heddle native actor keys). */
  readonly actorKey?: string;
  readonly parentActorKey?: string;
  readonly status: SessionStatus;
  /** The newest accepted signal; absent means "no signal", which is not idle. */
  readonly signal?: Signal;
  /** Last progress report: how many so far, the newest message, percent from 0 to 100. */
  readonly progress?: { readonly count: number; readonly message?: string; readonly percent?: number; readonly at: number };
  readonly outcome?: SessionOutcome;
  /** Set once a child agent is ready to be talked to. */
  readonly peer?: PeerHandle;
  /** It was asked to retire; after `deadline` (epoch milliseconds; absent: never) it is terminated. */
  readonly retireRequest?: { readonly at: number; readonly deadline?: number };
  /** All turns together. */
  readonly usage?: Usage;
  /** The newest turn: what it used as far as it was told, and what all turns before it used. */
  readonly turnUsage?: { readonly turn: string; readonly used: Usage; readonly before: Usage };
  /** Its number in the completion feed: 1, 2, 3 … in the order in which sessions ended. */
  readonly feedSeq?: number;
  /** Milliseconds from creation to end by the monotonic clock; absent when the editor was restarted in between. */
  readonly elapsedMs?: number;
  /** Our own request to end it; it decides between cancelled and failed when the process exits. */
  readonly stopRequest?: StopWish;
  /** It ended without success and is started again then (epoch milliseconds), as a new attempt. */
  readonly retryAt?: number;
  /** Since then it is a person's turn: it is not started again by itself any more. Epoch milliseconds. */
  readonly escalatedAt?: number;
  readonly runner?: ProcessIdentity;
  readonly agent?: ProcessIdentity;
  /** The agent's own conversation id, minted by us or captured from its events. */
  readonly conversationId?: string;
  /** The first prompt, where the agent takes none on its command line; absent once it was typed. */
  readonly promptToType?: string;
  /** SHA-256 (hex) of the session's token; the token itself is never stored. */
  readonly tokenHash?: string;
  /** Highest event number of the runner that is in the registry; what comes again is dropped. */
  readonly lastRunnerSeq: number;
  readonly artifacts: readonly Artifact[];
  /** Number of the newest history entry. */
  readonly historySeq: number;
  /** How many bad hook payloads, event lines or spool lines were skipped. */
  readonly skipped: number;
  /** How many of them are lines of its spool, which is read again and again; absent means none. */
  readonly spoolSkipped?: number;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly completedAt?: number;
  readonly lastActivityAt: number;
}

/** Verdict about the process behind a session. `unknown` is never reaped. */
export type Liveness = 'alive' | 'dead' | 'unknown';

export function kindOf(session: Session): SessionKind {
  return session.kind ?? 'agent';
}
