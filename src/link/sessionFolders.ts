import { access, chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorCode, FleetError } from '../base/errors.ts';
import type { PreparedLaunch, SessionFolders, TerminalLaunch } from '../core/ports.ts';
import type { RunnerEvent } from '../core/runnerEvents.ts';
import { agentEnv, agentEnvPrefix, sessionFiles, type LaunchFile } from './launchFile.ts';
import { readSpool } from './readSpool.ts';

export interface DiskSessionFoldersOptions {
  /** Folder of the registry; sessions get folders below it. */
  readonly registryDir: string;
  readonly endpointFile: string;
  /** The runner's bundle. */
  readonly runnerScript: string;
  /** A Node executable and, if it is Electron, the variable that makes it one. */
  readonly node: { readonly executable: string; readonly env: Readonly<Record<string, string>> };
  /** Read at each launch, milliseconds. */
  readonly graceMs: () => number;
  readonly heartbeatMs: () => number;
  /** Makes sure that somebody listens before a runner calls. */
  readonly listen: () => Promise<void>;
}

/** The private folders of sessions, below the registry's own folder. */
export class DiskSessionFolders implements SessionFolders {
  readonly #options: DiskSessionFoldersOptions;

  constructor(options: DiskSessionFoldersOptions) {
    this.#options = options;
  }

  pathOf(sessionId: string): string {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/.test(sessionId)) {
      throw new FleetError('BadSessionId', 'A session id may hold letters, digits, dash and underscore only.');
    }
    return path.join(this.#options.registryDir, 'sessions', sessionId);
  }

  async prepare(launch: PreparedLaunch): Promise<TerminalLaunch> {
    const { node, runnerScript, endpointFile, graceMs, heartbeatMs } = this.#options;
    await this.#options.listen();
    const dir = this.pathOf(launch.sessionId);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    // An umask cannot widen a mode, but an older folder may be wider.
    await chmod(dir, 0o700);
    for (const file of launch.plan.files) await this.#write(path.join(dir, path.basename(file.name)), file.content);
    const content: LaunchFile = {
      version: 1,
      sessionId: launch.sessionId,
      name: launch.name,
      token: launch.token,
      argv: launch.plan.argv,
      cwd: launch.cwd,
      endpointFile,
      sessionDir: dir,
      hideEnv: Object.keys(node.env),
      unsetEnv: Object.entries(launch.plan.env).flatMap(([name, value]) => (value === null ? [name] : [])),
      graceMs: graceMs(),
      heartbeatMs: heartbeatMs(),
    };
    const file = path.join(dir, sessionFiles.launch);
    await this.#write(file, JSON.stringify(content));
    return {
      sessionId: launch.sessionId,
      name: launch.name,
      cwd: launch.cwd,
      argv: [node.executable, runnerScript, file],
      env: { ...forAgent({ ...launch.plan.env, [agentEnv.parentId]: launch.parentId ?? null }), ...node.env },
    };
  }

  async spool(sessionId: string, afterSeq: number): Promise<{ events: readonly RunnerEvent[]; skipped: number }> {
    const { events, bad } = await readSpool(path.join(this.pathOf(sessionId), sessionFiles.spool), afterSeq);
    return { events, skipped: bad };
  }

  async exists(sessionId: string): Promise<boolean> {
    try {
      await access(this.pathOf(sessionId));
      return true;
    } catch (error) {
      // A disk that fails proves nothing.
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async isLaunchPending(sessionId: string): Promise<boolean> {
    const dir = this.pathOf(sessionId);
    for (const file of [sessionFiles.launch, sessionFiles.takenLaunch]) {
      try {
        await access(path.join(dir, file));
        return true;
      } catch {
        // Not this one.
      }
    }
    return false;
  }

  async remove(sessionId: string): Promise<void> {
    // On Windows a file that somebody just let go of cannot be removed at once.
    await rm(this.pathOf(sessionId), { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #write(file: string, content: string): Promise<void> {
    await writeFile(file, content, { mode: 0o600 });
  }
}

/** Under names that mean nothing to the runner. */
function forAgent(env: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === null ? [] : [[agentEnvPrefix + name, value]])));
}
