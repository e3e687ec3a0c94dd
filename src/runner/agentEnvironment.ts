import { agentEnv, agentEnvPrefix } from '../link/launchFile.ts';

/**
 * What agents set for the processes they start, to say "you run inside me". A fleet that was itself started from an agent's shell would hand these
 * down, and the new agent would think that it is nested: refuse to start, join the other's session, or turn its sandbox off.
 */
export const parentAgentVariables: readonly string[] = [
  'AI_AGENT',
  'CLAUDECODE',
  'CODEX_CI',
  'CODEX_SANDBOX',
  'CODEX_SANDBOX_NETWORK_DISABLED',
  'CODEX_THREAD_ID',
  'COPILOT_AGENT_SESSION_ID',
  'COPILOT_CLI',
  'CURSOR_AGENT',
  'GEMINI_CLI',
  'GEMINI_CLI_NO_RELAUNCH',
  'GOOSE_TERMINAL',
  'OPENCODE',
  'OPENCODE_PID',
  'OPENCODE_PROCESS_ROLE',
  'OPENCODE_RUN_ID',
  'PI_CODING_AGENT',
  'QWEN_CODE',
  'QWEN_CODE_NO_RELAUNCH',
];

/** All of `CLAUDE_CODE_*` marks a parent, save what people set themselves to configure the CLI, such as the cloud that serves it. */
export const parentAgentPrefix = 'CLAUDE_CODE_';
export const claudeSettings =
  /^CLAUDE_CODE_(USE_|SKIP_|DISABLE_|ENABLE_|MAX_|CLIENT_|OAUTH_TOKEN$|API_KEY_|SUBAGENT_MODEL$|EFFORT_LEVEL$|GIT_BASH_PATH$|SHELL$|SHELL_PREFIX$|AUTO_COMPACT|PROXY_|IDE_)/;

/** What the runner adds. */
export interface SessionVariables {
  readonly sessionId: string;
  readonly hookDir: string;
  readonly events: string;
}

/** Variables of the fleet itself: those of another session must not be taken for this one's. */
const fleetPrefix = 'FLEET_';

/**
 * The agent's environment: the runner's own, minus what the runner itself needed and what the plan takes away (`drop`), minus the marks of a parent
 * agent and of another session, plus what the plan sets (which arrives under `agentEnvPrefix`), plus the session's. Names are compared without case on Windows, where the system does so.
 */
export function agentEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  drop: readonly string[],
  session: SessionVariables,
  platform: NodeJS.Platform,
): Record<string, string> {
  const fold = (name: string): string => (platform === 'win32' ? name.toUpperCase() : name);
  const added = { [agentEnv.sessionId]: session.sessionId, [agentEnv.hookDir]: session.hookDir, [agentEnv.events]: session.events };
  const isPlanned = (name: string): boolean => fold(name).startsWith(agentEnvPrefix);
  const planned = Object.entries(own).flatMap(([name, value]) =>
    value !== undefined && isPlanned(name) ? [[name.slice(agentEnvPrefix.length), value] as const] : [],
  );
  const sessionNames = new Set(Object.keys(added).map(fold));
  const removed = new Set([...drop, ...parentAgentVariables, ...planned.map(([name]) => name)].map(fold));
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    const folded = fold(name);
    if (value === undefined || removed.has(folded) || isPlanned(name) || folded.startsWith(fleetPrefix)) continue;
    if (folded.startsWith(parentAgentPrefix) && !claudeSettings.test(folded)) continue;
    result[name] = value;
  }
  for (const [name, value] of planned) if (!sessionNames.has(fold(name))) result[name] = value;
  return { ...result, ...added };
}
