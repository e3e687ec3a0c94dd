import type { PreparedLaunch, SessionFolders, TerminalLaunch } from '../../src/core/ports.ts';
import type { RunnerEvent } from '../../src/core/runnerEvents.ts';

interface Folder {
  readonly events: RunnerEvent[];
  skipped: number;
  isPending: boolean;
}

/** Session folders in memory; a test plays the runner that writes into them. */
export class FakeFolders implements SessionFolders {
  readonly prepared: PreparedLaunch[] = [];
  readonly removed: string[] = [];
  /** Set: `prepare` fails with it, after the folder was made. */
  prepareFault: Error | undefined;
  /** Called inside `prepare`: what happens while the files are written. */
  duringPrepare: () => void | Promise<void> = () => undefined;
  /** Called at each reading of a spool, before the answer. */
  duringSpool: () => void = () => undefined;
  /** Set: `spool` fails with it. */
  spoolFault: Error | undefined;
  readonly #folders = new Map<string, Folder>();

  has(sessionId: string): boolean {
    return this.#folders.has(sessionId);
  }

  /** The folder of a session that was started before this test began. */
  make(sessionId: string, folder: Partial<Folder> = {}): void {
    this.#folders.set(sessionId, { events: [], skipped: 0, isPending: false, ...folder });
  }

  /** The runner has read its launch file. */
  begin(sessionId: string): void {
    const folder = this.#folders.get(sessionId);
    if (folder !== undefined) folder.isPending = false;
  }

  pathOf(sessionId: string): string {
    return `/storage/sessions/${sessionId}`;
  }

  async prepare(launch: PreparedLaunch): Promise<TerminalLaunch> {
    this.make(launch.sessionId, { isPending: true });
    await this.duringPrepare();
    if (this.prepareFault !== undefined) throw this.prepareFault;
    this.prepared.push(launch);
    const { sessionId, name, cwd } = launch;
    return { sessionId, name, cwd, argv: ['/node', '/runner.cjs', `${this.pathOf(sessionId)}/launch.json`], env: {} };
  }

  async spool(sessionId: string, afterSeq: number): Promise<{ readonly events: readonly RunnerEvent[]; readonly skipped: number }> {
    await Promise.resolve();
    this.duringSpool();
    if (this.spoolFault !== undefined) throw this.spoolFault;
    const folder = this.#folders.get(sessionId);
    return { events: folder?.events.filter((event) => event.seq > afterSeq) ?? [], skipped: folder?.skipped ?? 0 };
  }

  async exists(sessionId: string): Promise<boolean> {
    await Promise.resolve();
    return this.has(sessionId);
  }

  async isLaunchPending(sessionId: string): Promise<boolean> {
    await Promise.resolve();
    return this.#folders.get(sessionId)?.isPending ?? false;
  }

  async remove(sessionId: string): Promise<void> {
    await Promise.resolve();
    this.#folders.delete(sessionId);
    this.removed.push(sessionId);
  }
}
