import type { SessionAction } from '../core/actions.ts';
import type { PermissionPolicy } from '../core/session.ts';
import type { GroupId } from './phase.ts';

/**
 * Every id that the editor knows us by. `package.json` says the same; `manifest.test.ts` compares them in both directions.
 */

/** As in package.json: publisher and name. */
export const extensionId = 'agent-fleet.agent-fleet';

export const commandIds = {
  spawn: 'agentFleet.spawn',
  spawnUnder: 'agentFleet.spawnUnder',
  tryDemo: 'agentFleet.tryDemo',
  sendPrompt: 'agentFleet.sendPrompt',
  revealTerminal: 'agentFleet.revealTerminal',
  interruptTurn: 'agentFleet.interruptTurn',
  markCompleted: 'agentFleet.markCompleted',
  cancel: 'agentFleet.cancel',
  restart: 'agentFleet.restart',
  inspect: 'agentFleet.inspect',
  openArtifact: 'agentFleet.openArtifact',
  clearFinished: 'agentFleet.clearFinished',
  retire: 'agentFleet.retire',
  release: 'agentFleet.release',
  endDead: 'agentFleet.endDead',
  endAll: 'agentFleet.endAll',
  searchHistory: 'agentFleet.searchHistory',
  showDashboard: 'agentFleet.showDashboard',
  showAuditLog: 'agentFleet.showAuditLog',
  exportAuditLog: 'agentFleet.exportAuditLog',
  exportEvents: 'agentFleet.exportEvents',
  importEvents: 'agentFleet.importEvents',
  copySessionId: 'agentFleet.copySessionId',
  showLog: 'agentFleet.showLog',
  openSettings: 'agentFleet.openSettings',
} as const;

export type CommandId = (typeof commandIds)[keyof typeof commandIds];

export const viewIds = { container: 'agentFleet', sessions: 'agentFleet.sessions' } as const;

/** Made by the editor for our view: shows and focuses it. */
export const focusViewCommand = 'agentFleet.sessions.focus';

export const walkthroughId = 'agentFleet.start';

/** Keys for `when` clauses. */
export const contextKeys = {
  /** `loading`, `ready` or `failed`: whether the registry could be read. */
  registry: 'agentFleet:registry',
  hasSessions: 'agentFleet:hasSessions',
  hasActive: 'agentFleet:hasActive',
  hasFinished: 'agentFleet:hasFinished',
} as const;

export type RegistryState = 'loading' | 'ready' | 'failed';

export const uriSchemes = {
  /** Inspect documents. */
  inspect: 'agent-fleet',
  /** A file at a git revision. */
  git: 'agent-fleet-git',
} as const;

/** Codicon of the terminals that we open. */
export const terminalIcon = 'rocket';

/** The agents that have a `path` and an `extraArgs` setting. */
export const configurableAgents = ['claude', 'codex', 'gemini', 'pi'] as const;
export type ConfigurableAgent = (typeof configurableAgents)[number];

export const configurationSection = 'agentFleet';

export type NotificationSetting = 'off' | 'important' | 'all';
/** Whether our hooks may run in an agent that wants its user's consent for them. */
export type HookSetting = 'ask' | 'on' | 'off';
export type DefaultPolicySetting = Exclude<PermissionPolicy, 'bypass'>;

/** Every setting with its default, as in package.json. */
export const settingDefaults = {
  'agentFleet.agents.claude.path': '',
  'agentFleet.agents.claude.extraArgs': [] as readonly string[],
  'agentFleet.agents.codex.path': '',
  'agentFleet.agents.codex.extraArgs': [] as readonly string[],
  'agentFleet.agents.codex.hooks': 'ask' as HookSetting,
  'agentFleet.agents.gemini.path': '',
  'agentFleet.agents.gemini.extraArgs': [] as readonly string[],
  'agentFleet.agents.pi.path': '',
  'agentFleet.agents.pi.extraArgs': [] as readonly string[],
  // Checked by the custom driver, which says what is wrong with each entry.
  'agentFleet.customAgents': [] as readonly unknown[],
  'agentFleet.defaultDriver': '',
  'agentFleet.defaultPermissionPolicy': 'ask' as DefaultPolicySetting,
  'agentFleet.maxConcurrent': 0,
  'agentFleet.exclusiveFolders': false,
  'agentFleet.stop.graceMs': 750,
  'agentFleet.retire.deadlineMinutes': 30,
  'agentFleet.timeLimitMinutes': 0,
  'agentFleet.retry.maxAttempts': 1,
  'agentFleet.heartbeatSeconds': 5,
  'agentFleet.staleAfterSeconds': 300,
  'agentFleet.retention.finishedSessions': 256,
  'agentFleet.retention.days': 7,
  'agentFleet.notifications': 'important' as NotificationSetting,
  'agentFleet.tree.revealTerminalOnClick': false,
  'agentFleet.demo.pace': 1000,
} satisfies Readonly<Record<`agentFleet.${string}`, unknown>>;

/** Least and largest value of each number, as in package.json. */
export const settingBounds = {
  'agentFleet.maxConcurrent': [0, 1000],
  'agentFleet.stop.graceMs': [50, 60_000],
  'agentFleet.retire.deadlineMinutes': [0, 10_080],
  'agentFleet.timeLimitMinutes': [0, 10_080],
  'agentFleet.retry.maxAttempts': [1, 20],
  'agentFleet.heartbeatSeconds': [1, 300],
  'agentFleet.staleAfterSeconds': [30, 3600],
  'agentFleet.retention.finishedSessions': [0, 100_000],
  'agentFleet.retention.days': [0, 3650],
  'agentFleet.demo.pace': [1, 60_000],
} as const satisfies Partial<Record<keyof typeof settingDefaults, readonly [number, number]>>;

export type SettingId = keyof typeof settingDefaults;

/** The settings that are read one by one. */
export const settingIds = {
  customAgents: 'agentFleet.customAgents',
  defaultDriver: 'agentFleet.defaultDriver',
  defaultPermissionPolicy: 'agentFleet.defaultPermissionPolicy',
  maxConcurrent: 'agentFleet.maxConcurrent',
  exclusiveFolders: 'agentFleet.exclusiveFolders',
  graceMs: 'agentFleet.stop.graceMs',
  retireDeadlineMinutes: 'agentFleet.retire.deadlineMinutes',
  timeLimitMinutes: 'agentFleet.timeLimitMinutes',
  retryMaxAttempts: 'agentFleet.retry.maxAttempts',
  heartbeatSeconds: 'agentFleet.heartbeatSeconds',
  staleAfterSeconds: 'agentFleet.staleAfterSeconds',
  retentionFinished: 'agentFleet.retention.finishedSessions',
  retentionDays: 'agentFleet.retention.days',
  notifications: 'agentFleet.notifications',
  revealTerminalOnClick: 'agentFleet.tree.revealTerminalOnClick',
  demoPace: 'agentFleet.demo.pace',
  codexHooks: 'agentFleet.agents.codex.hooks',
} as const satisfies Record<string, SettingId>;

/** Settings of an agent that can be configured. */
export function agentSettingIds<Agent extends ConfigurableAgent>(agent: Agent): { readonly path: `agentFleet.agents.${Agent}.path`; readonly extraArgs: `agentFleet.agents.${Agent}.extraArgs` } {
  return { path: `agentFleet.agents.${agent}.path`, extraArgs: `agentFleet.agents.${agent}.extraArgs` };
}
export type SettingValue<Id extends SettingId> = (typeof settingDefaults)[Id];

const actionOrder: readonly SessionAction[] = [
  'prompt', 'reveal', 'interrupt', 'complete', 'cancel', 'retire', 'release', 'restart', 'inspect', 'openArtifact', 'clear',
];

/** The command that carries out an action on a session. */
export const commandOfAction: Readonly<Record<SessionAction, CommandId>> = {
  prompt: commandIds.sendPrompt,
  reveal: commandIds.revealTerminal,
  interrupt: commandIds.interruptTurn,
  complete: commandIds.markCompleted,
  cancel: commandIds.cancel,
  retire: commandIds.retire,
  release: commandIds.release,
  restart: commandIds.restart,
  inspect: commandIds.inspect,
  openArtifact: commandIds.openArtifact,
  clear: commandIds.clearFinished,
};

/** `session;prompt;reveal;…;` for `when` clauses such as `viewItem =~ /;cancel;/`. */
export function sessionContextValue(actions: ReadonlySet<SessionAction>): string {
  return `session;${actionOrder.filter((action) => actions.has(action)).map((action) => `${action};`).join('')}`;
}

/** `group;finished;` */
export function groupContextValue(group: GroupId): string {
  return `group;${group};`;
}

/** The values of our context keys. */
export function contextKeyValues(
  registry: RegistryState,
  counts: { readonly attention: number; readonly active: number; readonly finished: number },
): Readonly<Record<(typeof contextKeys)[keyof typeof contextKeys], string | boolean>> {
  const active = counts.attention + counts.active;
  return {
    [contextKeys.registry]: registry,
    [contextKeys.hasSessions]: active + counts.finished > 0,
    [contextKeys.hasActive]: active > 0,
    [contextKeys.hasFinished]: counts.finished > 0,
  };
}
