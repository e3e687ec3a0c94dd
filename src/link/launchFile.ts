/**
 * What the extension hands to a runner: one JSON file (mode 0600) in the session's private folder,
 * given as the runner's only argument, renamed by it once read and deleted when the spool says how the start went. It holds the session's token but
 * no environment values: those travel through the terminal.
 */
export interface LaunchFile {
  readonly version: 1;
  readonly sessionId: string;
  /** Shown in the runner's own lines. */
  readonly name: string;
  readonly token: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** File that names the socket of the window which owns the registry now; rewritten at every activation. */
  readonly endpointFile: string;
  /** Private folder of the session. */
  readonly sessionDir: string;
  /** Variables that the runner itself needed and that the agent must not inherit. */
  readonly hideEnv: readonly string[];
  /** Inherited variables that the plan takes from the agent. */
  readonly unsetEnv: readonly string[];
  /** Pause between the steps of the ladder when the terminal is closed, milliseconds. */
  readonly graceMs: number;
  /** Milliseconds between heartbeats. */
  readonly heartbeatMs: number;
}

/** Content of the endpoint file. */
export interface Endpoint {
  readonly version: 1;
  /** Path of the Unix socket, or name of the pipe. */
  readonly address: string;
  /** Pid of the extension host that listens. */
  readonly pid: number;
}

/** Names inside a session's private folder. */
export const sessionFiles = {
  launch: 'launch.json',
  /** The launch file while a runner begins: until the start, or its failure, is in the spool. */
  takenLaunch: 'launch.taken.json',
  spool: 'spool.jsonl',
  /** Folder in which hooks drop one file each: `$FLEET_HOOK_DIR`. */
  hooks: 'hooks',
  /** File to which an agent appends fleet protocol lines: `$FLEET_EVENTS`. */
  events: 'events.jsonl',
} as const;

/**
 * The agent's own variables travel through the terminal under names with this prefix: what the agent needs (`NODE_OPTIONS`, `PATH`) must not
 * reach the runner, which is a Node program itself.
 */
export const agentEnvPrefix = 'AGENT_FLEET_ENV_';

/** Variables that the runner gives to the agent. */
export const agentEnv = {
  sessionId: 'FLEET_SESSION_ID',
  parentId: 'FLEET_PARENT_ID',
  hookDir: 'FLEET_HOOK_DIR',
  events: 'FLEET_EVENTS',
} as const;
