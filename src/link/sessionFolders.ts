import { access, chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FleetError } from '../base/errors.ts';
import type { PreparedLaunch, SessionFolders, TerminalLaunch } from '../core/ports.ts';
import type { RunnerEvent } from '../core/runnerEvents.ts';
import { agentEnv, sessionFiles, type LaunchFile } from './launchFile.ts';
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
      // What the runner needed itself; an agent that is a Node program of ours needs it too.
      hideEnv: Object.keys(node.env).filter((name) => !(name in launch.plan.env)),
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
      env: { ...launch.plan.env, ...(launch.parentId === undefined ? {} : { [agentEnv.parentId]: launch.parentId }), ...node.env },
    };
  }

  async spool(sessionId: string, afterSeq: number): Promise<{ events: readonly RunnerEvent[]; skipped: number }> {
    const { events, bad } = await readSpool(path.join(this.pathOf(sessionId), sessionFiles.spool), afterSeq);
    return { events, skipped: bad };
  }

  async isLaunchPending(sessionId: string): Promise<boolean> {
    try {
      await access(path.join(this.pathOf(sessionId), sessionFiles.launch));
      return true;
    } catch {
      return false;
    }
  }

  async remove(sessionId: string): Promise<void> {
    await rm(this.pathOf(sessionId), { recursive: true, force: true });
  }

  async #write(file: string, content: string): Promise<void> {
    await writeFile(file, content, { mode: 0o600 });
  }
}
