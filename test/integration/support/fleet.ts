import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { isActive, type ActivityKind, type SessionStatus } from '../../../src/core/session.ts';
import type { PromptReport } from '../../../src/presentation/messages.ts';
import { commandIds, extensionId, type CommandId } from '../../../src/presentation/contributions.ts';
import type { AgentFleetApi, PublicSession } from '../../../src/editor/api.ts';
import { surface } from './surface.ts';
import { until } from './until.ts';

export const repoRoot = path.resolve(__dirname, '../..');

/** The extension's exports; activates it if need be. */
export async function fleetApi(): Promise<AgentFleetApi> {
  const extension = vscode.extensions.getExtension<AgentFleetApi>(extensionId);
  if (extension === undefined) throw new Error('the extension is not there');
  return extension.activate();
}

export function command<T = unknown>(id: CommandId, ...args: unknown[]): Thenable<T> {
  return vscode.commands.executeCommand<T>(id, ...args);
}

export interface SpawnWish {
  readonly driver?: string;
  readonly variant?: string;
  readonly name?: string;
  readonly policy?: string;
  readonly cwd?: string;
  readonly prompt?: string;
  readonly parentId?: string;
}

let count = 0;

/** A name that no other test uses. */
export function freshName(stem = 'probe'): string {
  count += 1;
  return `${stem}-${count}`;
}

export function workspaceFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  if (folder === undefined) throw new Error('no folder is open');
  return folder.uri.fsPath;
}

/** The spawn command with every argument given, so that it asks nothing. `undefined` when it was refused. */
export function trySpawn(wish: SpawnWish): Thenable<string | undefined> {
  return command<string | undefined>(commandIds.spawn, { driver: 'demo', name: freshName(), policy: 'ask', cwd: workspaceFolder(), ...wish });
}

export async function spawn(wish: SpawnWish): Promise<string> {
  const before = surface().messages.length;
  const id = await trySpawn(wish);
  if (id === undefined) throw new Error(`nothing was spawned: ${surface().messages.slice(before).map(({ text }) => text).join(' ')}`);
  return id;
}

export async function find(id: string): Promise<PublicSession | undefined> {
  return (await fleetApi()).sessions().find((session) => session.id === id);
}

/** Waits until a session is as it should be; looks at each of its changes. */
export async function session(id: string, what: string, is: (session: PublicSession) => boolean, ms?: number): Promise<PublicSession> {
  const api = await fleetApi();
  const look = (): PublicSession | undefined => api.sessions().find((one) => one.id === id && is(one));
  let seen = look();
  // A state may last shorter than the pause between two looks.
  const listener = api.onDidChange(({ added, changed }) => (seen ??= [...added, ...changed].find((one) => one.id === id && is(one))));
  try {
    return await until(`${id} to be ${what}`, () => seen ?? look(), { ...(ms === undefined ? {} : { ms }), state: () => api.sessions().find((one) => one.id === id) ?? 'gone' });
  } finally {
    listener.dispose();
  }
}

export function hasStatus(id: string, status: SessionStatus, ms?: number): Promise<PublicSession> {
  return session(id, status, (one) => one.status === status, ms);
}

export function hasActivity(id: string, activity: ActivityKind): Promise<PublicSession> {
  return session(id, activity, (one) => one.status === 'running' && one.signal?.activity === activity);
}

export function hasEnded(id: string, ms?: number): Promise<PublicSession> {
  return session(id, 'over', (one) => !isActive(one.status), ms);
}

export function sendPrompt(id: string, text: string): Thenable<readonly PromptReport[]> {
  return command<readonly PromptReport[]>(commandIds.sendPrompt, id, undefined, text);
}

export function cancel(id: string): Thenable<unknown> {
  return command(commandIds.cancel, id, undefined, { confirmed: true });
}

/** Ends and forgets every session: each test file leaves nothing. */
export async function endAll(): Promise<void> {
  const api = await fleetApi();
  const active = api.sessions().filter((one) => isActive(one.status));
  for (const one of active) await cancel(one.id);
  for (const one of active) await hasEnded(one.id);
  await command(commandIds.clearFinished, undefined, undefined, { confirmed: true });
}

/** Runs `work` with a folder of its own, inside the workspace: agents start nowhere else. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(workspaceFolder(), 'fleet-work-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
