import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { FleetError, messageOf } from '../../base/errors.ts';
import { cleanPrompt } from '../../core/prompt.ts';
import { isActive, permissionPolicies, type PermissionPolicy, type Session } from '../../core/session.ts';
import { freeName, type SpawnRequest } from '../../core/spawner.ts';
import { commandIds, settingIds, viewIds } from '../../presentation/contributions.ts';
import { demoFleet } from '../../presentation/demoFleet.ts';
import { driverMissing, noFolder, unknownDefaultDriver, untrustedWorkspace } from '../../presentation/messages.ts';
import { buttonLabel, driverInput, firstPromptInput, folderInput, nameInput, nameProblem, policyInput } from '../../presentation/prompts.ts';
import { driverPicks, policyPicks, type DriverAvailability } from '../../presentation/quickPicks.ts';
import { demoVariant } from '../agentSettings.ts';
import { back, inputLine, pickOne, runSteps, type Step } from '../quickInput.ts';
import { setting } from '../settings.ts';
import { workspaceFolders } from '../workspaceFolders.ts';
import { confirmStart } from './confirmStart.ts';
import { register, type CommandContext } from './context.ts';
import { startExclusively } from './startExclusively.ts';
import { target, type TargetArgs } from './targets.ts';

/** What programs and key bindings may give to the spawn command; whatever is missing is asked. */
export interface SpawnArguments {
  readonly driver?: string;
  readonly name?: string;
  readonly prompt?: string;
  readonly policy?: PermissionPolicy;
  readonly cwd?: string;
  readonly variant?: string;
  readonly parentId?: string;
  /** It shall have its folder for itself; absent: as the setting says. */
  readonly exclusive?: boolean;
}

interface Draft {
  driver?: DriverAvailability;
  name?: string;
  prompt?: string;
  policy?: PermissionPolicy;
  cwd?: string;
}

export function registerSpawnCommands(context: CommandContext): Disposable {
  const store = new DisposableStore();
  store.add(register(context, commandIds.spawn, (given?: unknown) => spawn(context, readArguments(given))));
  store.add(
    register(context, commandIds.spawnUnder, async (...args: TargetArgs) => {
      const parent = await target(context, 'inspect', context.t('Spawn Agent Under…'), args);
      return parent === undefined ? undefined : spawn(context, { parentId: parent.id, cwd: parent.spec.cwd });
    }),
  );
  store.add(register(context, commandIds.tryDemo, () => tryDemo(context)));
  return store;
}

/** @returns the id of the new session; `undefined` when the person gave up. */
async function spawn(context: CommandContext, given: SpawnArguments): Promise<string | undefined> {
  const { t } = context;
  const folders = workspaceFolders();
  if (folders.length === 0 && given.cwd === undefined) throw new FleetError('NoFolder', noFolder(t));
  if (!vscode.workspace.isTrusted) throw notTrusted(context);
  const request = isComplete(given) ? given : await ask(context, given, folders);
  if (request === undefined) return undefined;
  if (!(await confirmStart(context, request))) return undefined;
  const session = await (given.exclusive === undefined ? startExclusively(context, request.cwd, (exclusive) => start(context, { ...request, exclusive })) : start(context, request));
  if (session === undefined) return undefined;
  await show(context, session.id, !isComplete(given));
  return session.id;
}

/** The agent runs already: that its row or terminal cannot be shown is no failure of the start. */
async function show(context: CommandContext, id: string, withTerminal: boolean): Promise<void> {
  try {
    if (withTerminal && context.terminals.has(id)) context.terminals.reveal(id, true);
    await context.tree.reveal(id);
  } catch (error) {
    context.logger.warn(`${id} could not be shown`, error);
  }
}

async function start(context: CommandContext, request: SpawnRequest): Promise<Session> {
  const label = context.drivers.get(request.driver)?.info.label ?? request.driver;
  return vscode.window.withProgress({ location: { viewId: viewIds.sessions }, title: context.t('Starting {0}', label) }, () => context.spawner.spawn(request));
}

async function ask(context: CommandContext, given: SpawnArguments, folders: readonly { name: string; path: string }[]): Promise<SpawnRequest | undefined> {
  const draft: Draft = { ...(given.name === undefined ? {} : { name: given.name }), ...(given.prompt === undefined ? {} : { prompt: given.prompt }) };
  const cwd = given.cwd ?? (folders.length === 1 ? folders[0]?.path : undefined);
  if (cwd !== undefined) draft.cwd = cwd;
  if (given.policy !== undefined) draft.policy = given.policy;
  const all = await vscode.window.withProgress({ location: { viewId: viewIds.sessions } }, () => context.drivers.availability());
  if (given.driver !== undefined) {
    const driver = all.find(({ info }) => info.id === given.driver);
    if (driver !== undefined) draft.driver = driver;
  }
  const steps: Step<Draft>[] = [
    ...(draft.driver === undefined ? [driverStep(context, all)] : []),
    nameStep(context),
    promptStep(context),
    ...(given.policy === undefined ? [policyStep(context)] : []),
    ...(cwd === undefined ? [folderStep(context, folders)] : []),
  ];
  const filled = await runSteps(draft, steps);
  if (filled?.driver === undefined || filled.name === undefined || filled.policy === undefined || filled.cwd === undefined) return undefined;
  const variant = given.variant ?? (filled.driver.info.id === 'demo' ? demoVariant('works') : undefined);
  return {
    driver: filled.driver.info.id,
    name: filled.name,
    policy: filled.policy,
    cwd: filled.cwd,
    ...(filled.prompt === undefined ? {} : { prompt: filled.prompt }),
    ...(variant === undefined ? {} : { variant }),
    ...(given.parentId === undefined ? {} : { parentId: given.parentId }),
    ...(given.exclusive === undefined ? {} : { exclusive: given.exclusive }),
  };
}

function driverStep(context: CommandContext, all: readonly DriverAvailability[]): Step<Draft> {
  const { t } = context;
  return async (draft, position) => {
    const wanted = setting(settingIds.defaultDriver);
    if (wanted !== '' && !all.some(({ info }) => info.id === wanted)) context.logger.warn(unknownDefaultDriver(t, wanted));
    const picked = await pickOne(driverInput(t), driverPicks(t, all, wanted), position);
    if (picked === undefined || picked === back) return picked;
    if (!picked.installed) {
      await explainMissing(context, picked);
      return undefined;
    }
    draft.driver = picked;
    return 'next';
  };
}

function nameStep(context: CommandContext): Step<Draft> {
  const { t } = context;
  return async (draft, position) => {
    const taken = activeNames(context);
    const suggestion = draft.name ?? freeName(draft.driver?.info.id ?? 'agent', new Set(taken));
    const name = await inputLine(nameInput(t, labelOf(draft)), { value: suggestion, problem: (value) => nameProblem(t, value, taken) }, position);
    if (name === undefined || name === back) return name;
    draft.name = name.trim();
    return 'next';
  };
}

function promptStep(context: CommandContext): Step<Draft> {
  return async (draft, position) => {
    const problem = (value: string): string | undefined => (value.trim() === '' ? undefined : promptProblem(value));
    const prompt = await inputLine(firstPromptInput(context.t, labelOf(draft)), { value: draft.prompt ?? '', problem }, position);
    if (prompt === undefined || prompt === back) return prompt;
    draft.prompt = prompt;
    return 'next';
  };
}

function policyStep(context: CommandContext): Step<Draft> {
  return async (draft, position) => {
    const picked = await pickOne(policyInput(context.t, labelOf(draft)), policyPicks(context.t, setting(settingIds.defaultPermissionPolicy)), position);
    if (picked === undefined || picked === back) return picked;
    draft.policy = picked;
    return 'next';
  };
}

function folderStep(context: CommandContext, folders: readonly { name: string; path: string }[]): Step<Draft> {
  return async (draft, position) => {
    const picks = folders.map((folder) => ({ kind: 'item' as const, label: folder.name, description: folder.path, icon: 'folder', value: folder.path }));
    const picked = await pickOne(folderInput(context.t), picks, position);
    if (picked === undefined || picked === back) return picked;
    draft.cwd = picked;
    return 'next';
  };
}

/** Says how to get an agent that is not there, with a way to its website and to the setting for another place. */
async function explainMissing(context: CommandContext, driver: DriverAvailability): Promise<void> {
  const { t } = context;
  const [website, settings] = [buttonLabel(t, 'openHomepage'), buttonLabel(t, 'openSettings')];
  const pathSetting = context.drivers.pathSetting(driver.info.id);
  const buttons = [...(driver.info.homepage === undefined ? [] : [website]), ...(pathSetting === undefined ? [] : [settings])];
  const picked = await vscode.window.showWarningMessage(driverMissing(t, driver.info.label, driver.info.installHint, pathSetting), ...buttons);
  if (picked === website && driver.info.homepage !== undefined) await vscode.env.openExternal(vscode.Uri.parse(driver.info.homepage));
  if (picked === settings && pathSetting !== undefined) await vscode.commands.executeCommand('workbench.action.openSettings', pathSetting);
}

/** Four scripted agents that ship with the extension: no account, no network. @returns their session ids. */
async function tryDemo(context: CommandContext): Promise<readonly string[]> {
  const [folder] = workspaceFolders();
  if (folder === undefined) throw new FleetError('NoFolder', noFolder(context.t));
  if (!vscode.workspace.isTrusted) throw notTrusted(context);
  const ids: string[] = [];
  const problems: string[] = [];
  for (const demo of demoFleet(context.t)) {
    const name = freeName(demo.name, new Set(activeNames(context)));
    try {
      const session = await context.spawner.spawn({ driver: 'demo', variant: demoVariant(demo.variant), name, prompt: demo.prompt, policy: 'ask', cwd: folder.path });
      ids.push(session.id);
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  if (problems.length > 0) throw new FleetError('DemoIncomplete', [...new Set(problems)].join(' '));
  return ids;
}

function notTrusted(context: CommandContext): FleetError {
  return new FleetError('NotTrusted', untrustedWorkspace(context.t));
}

/** Said while the prompt can still be changed, not after the last step. */
function promptProblem(prompt: string): string | undefined {
  try {
    cleanPrompt(prompt);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function activeNames(context: CommandContext): readonly string[] {
  return context.fleet.sessions.filter((session) => isActive(session.status)).map((session) => session.name);
}

function labelOf(draft: Draft): string {
  return draft.driver?.info.label ?? '';
}

function isComplete(given: SpawnArguments): given is SpawnRequest {
  return given.driver !== undefined && given.name !== undefined && given.policy !== undefined && given.cwd !== undefined;
}

/** Arguments come from outside: only what has the right type counts. */
function readArguments(given: unknown): SpawnArguments {
  if (typeof given !== 'object' || given === null) return {};
  const source = given as Record<string, unknown>;
  const text = (key: keyof SpawnArguments): Record<string, string> => (typeof source[key] === 'string' ? { [key]: source[key] } : {});
  const exclusive = typeof source['exclusive'] === 'boolean' ? { exclusive: source['exclusive'] } : {};
  const policy = permissionPolicies.find((known) => known === source['policy']);
  return { ...text('driver'), ...text('name'), ...text('prompt'), ...text('cwd'), ...text('variant'), ...text('parentId'), ...exclusive, ...(policy === undefined ? {} : { policy }) };
}
