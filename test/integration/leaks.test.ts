import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import * as vscode from 'vscode';
import { agentEnv } from '../../src/link/launchFile.ts';
import { endAll, fleetApi, hasEnded, spawn } from './support/fleet.ts';
import { requireStorage } from './support/storage.ts';
import { until } from './support/until.ts';

/** What this process holds open, by kind: sockets, watches, files of the storage folder. */
async function handles(): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  const add = (kind: string): number => (counted[kind] = (counted[kind] ?? 0) + 1);
  for (const kind of process.getActiveResourcesInfo()) if (kind !== 'Timeout' && kind !== 'Immediate') add(kind);
  if (process.platform !== 'linux') return counted;
  const storage = await requireStorage();
  for (const fd of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => '');
    if (target.startsWith(storage)) add('storage file');
    else if (target.startsWith('socket:')) add('socket');
    else if (target.startsWith('anon_inode:inotify')) add('inotify');
  }
  return counted;
}

async function oneLife(): Promise<void> {
  const ids = await Promise.all([spawn({ variant: 'works:1' }), spawn({ variant: 'waits:20' }), spawn({ variant: 'fails:1' })]);
  await Promise.all([ids[0], ids[2]].map((id) => hasEnded(id ?? '')));
  await endAll();
}

describe('leftovers', () => {
  it('sessions that came and went leave no socket, watch or file open', async () => {
    await oneLife();
    const before = await handles();
    for (let round = 0; round < 3; round++) await oneLife();
    // Runners of cleared sessions close their sockets when their terminals do.
    await until(
      'as many handles as before',
      async () => {
        const now = await handles();
        return Object.keys(now).every((kind) => (now[kind] ?? 0) <= (before[kind] ?? 0));
      },
      { state: () => before },
    );
  });

  it('nothing of the suite is left: no session, no terminal, no private folder, no process', async () => {
    await endAll();
    assert.deepEqual((await fleetApi()).sessions(), []);
    await until('the terminals to close', () => vscode.window.terminals.length === 0);
    await until('the private folders to go', async () => (await readdir(`${await requireStorage()}/sessions`)).length === 0);
    if (process.platform === 'linux') await until('the agents to be gone', async () => (await strays()).length === 0);
  });

  it('and the window that comes next finds something', async () => {
    assert.equal((await hasEnded(await spawn({ variant: 'works:1', name: 'kept' }))).status, 'completed');
    assert.equal((await hasEnded(await spawn({ variant: 'works:1', name: 'kept too' }))).status, 'completed');
  });
});

/** Processes of this editor that were started by one of our agents, whoever is their parent now. */
async function strays(): Promise<string[]> {
  const mark = `AGENT_FLEET_EDITOR_MARK=${process.env['AGENT_FLEET_EDITOR_MARK'] ?? ''}`;
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const variables = (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0');
    if (variables.includes(mark) && variables.some((one) => one.startsWith(`${agentEnv.sessionId}=`))) found.push(pid);
  }
  return found;
}
