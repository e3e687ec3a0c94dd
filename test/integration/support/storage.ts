import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Endpoint } from '../../../src/link/launchFile.ts';
import { extensionId } from '../../../src/presentation/contributions.ts';

/** The folder that the test runner made for this run. */
export function scratchFolder(): string {
  const folder = process.env['AGENT_FLEET_TEST_SCRATCH'] ?? '';
  if (folder === '') throw new Error('AGENT_FLEET_TEST_SCRATCH does not say where this run keeps its files');
  return folder;
}

/** The extension's storage folder of this workspace; `undefined` while there is none. */
export async function storageFolder(): Promise<string | undefined> {
  const all = path.join(scratchFolder(), 'user-data', 'User', 'workspaceStorage');
  for (const id of await readdir(all).catch(() => [])) {
    const folder = path.join(all, id, extensionId);
    if (await readdir(folder).then(() => true, () => false)) return folder;
  }
  return undefined;
}

export async function requireStorage(): Promise<string> {
  const folder = await storageFolder();
  if (folder === undefined) throw new Error('the extension has no storage folder yet');
  return folder;
}

/** Where the window listens for its runners. */
export async function endpoint(): Promise<Endpoint> {
  return JSON.parse(await readFile(path.join(await requireStorage(), 'endpoint.json'), 'utf8')) as Endpoint;
}
