import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { settingIds, type SettingId } from '../../../src/presentation/contributions.ts';
import { repoRoot, spawn, type SpawnWish } from './fleet.ts';
import { until } from './until.ts';

const misbehaving = path.join(repoRoot, 'test', 'agents', 'misbehaving');
const own = path.join(repoRoot, 'test', 'integration', 'support', 'agents');

/** Spawns one of the small agents, as a custom command of the settings. */
export async function spawnAgent(folder: 'misbehaving' | 'own', name: string, args: readonly string[] = [], wish: SpawnWish = {}): Promise<string> {
  const script = path.join(folder === 'own' ? own : misbehaving, `${name}.mjs`);
  await setSetting(settingIds.customAgents, [{ name: 'Tiny', command: [process.execPath, script, ...args], env: nodeEnv() }]);
  return spawn({ driver: 'custom:tiny', ...wish });
}

/** What makes the desktop editor's executable a plain Node. */
function nodeEnv(): Record<string, string> {
  return process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };
}

/** Changes a user setting; `undefined` takes it away. */
export async function setSetting(id: SettingId, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration().update(id, value, vscode.ConfigurationTarget.Global);
}

/** A file in a folder of its own into which an agent writes what it saw. */
export class Recording {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async with(work: (record: Recording) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(path.join(tmpdir(), 'fleet-record-'));
    try {
      await work(new Recording(folder));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  get file(): string {
    return path.join(this.#folder, 'record');
  }

  /** Waits until the agent takes keys: what is typed sooner is changed by the terminal. */
  async begun(): Promise<void> {
    await until('the agent to read', () => access(this.file).then(() => true, () => false));
  }

  async text(): Promise<string> {
    return readFile(this.file, 'utf8').catch(() => '');
  }
}
