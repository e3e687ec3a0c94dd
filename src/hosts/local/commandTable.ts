import { execFile } from 'node:child_process';
import type { ProcessListing, ProcessRow, ProcessTable } from './processTable.ts';
import { presenceBySignal } from './presence.ts';
import * as unix from './unixCommands.ts';
import type { Command } from './unixCommands.ts';
import type { ProcessEvidence } from './verdict.ts';
import * as windows from './windowsCommands.ts';

/** Runs a command and gives its standard output, whatever its exit code. @throws Error when it cannot be started or takes too long. */
export type CommandRunner = (command: Command) => Promise<string>;

/** PowerShell needs about a second to start; ten times that is a hang. */
const commandDeadlineMs = 10_000;

export const runCommand: CommandRunner = (command) =>
  new Promise((resolve, reject) => {
    execFile(
      command.file,
      [...command.args],
      { env: { ...process.env, ...unix.commandEnv }, timeout: commandDeadlineMs, maxBuffer: 32 * 1024 * 1024, windowsHide: true },
      (error, stdout) => {
        // `ps -p` exits with 1 when there is no such process: that is an answer. A string code, or a kill, is not.
        if (error === null || (typeof error.code === 'number' && error.killed !== true)) resolve(stdout);
        else reject(new Error(`${command.file} could not be asked`, { cause: error }));
      },
    );
  });

/** macOS: `ps` and `sysctl`. */
export class PsTable implements ProcessTable {
  readonly #run: CommandRunner;
  #bootId: Promise<string | undefined> | undefined;

  constructor(run: CommandRunner = runCommand) {
    this.#run = run;
  }

  bootId(): Promise<string | undefined> {
    this.#bootId ??= this.#run(unix.bootCommand()).then(unix.parseBoot, () => undefined);
    return this.#bootId;
  }

  async look(pid: number): Promise<ProcessEvidence> {
    const presence = presenceBySignal(pid);
    if (presence === 'missing' || presence === 'unknown') return { presence };
    try {
      const found = unix.parseStartTime(await this.#run(unix.startTimeCommand(pid)));
      if (found === undefined) return { presence };
      return found.ended ? { presence: 'missing' } : { presence, startTime: found.startTime };
    } catch {
      return { presence };
    }
  }

  async list(): Promise<ProcessListing> {
    return listing(unix.parseList(await this.#run(unix.listCommand())));
  }

  /** The list has measured already. */
  measure(row: ProcessRow): Promise<ProcessRow> {
    return Promise.resolve(row);
  }

  hasVariable(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

/** Windows: CIM through PowerShell. */
export class CimTable implements ProcessTable {
  readonly #run: CommandRunner;
  #bootId: Promise<string | undefined> | undefined;

  constructor(run: CommandRunner = runCommand) {
    this.#run = run;
  }

  bootId(): Promise<string | undefined> {
    this.#bootId ??= this.#run(windows.bootCommand()).then(windows.parseBoot, () => undefined);
    return this.#bootId;
  }

  async look(pid: number): Promise<ProcessEvidence> {
    const presence = presenceBySignal(pid);
    if (presence === 'missing' || presence === 'unknown') return { presence };
    try {
      const rows = windows.parseRows(await this.#run(windows.processCommand(pid)));
      const row = rows?.find((candidate) => candidate.pid === pid);
      return row === undefined ? { presence } : { presence, startTime: row.startTime };
    } catch {
      return { presence };
    }
  }

  async list(): Promise<ProcessListing> {
    const rows = windows.parseRows(await this.#run(windows.listCommand()));
    if (rows === undefined) throw new Error('the list of processes could not be read');
    return listing(windows.dropFalseParents(rows));
  }

  /** The list has measured already. */
  measure(row: ProcessRow): Promise<ProcessRow> {
    return Promise.resolve(row);
  }

  hasVariable(): Promise<boolean> {
    return Promise.resolve(false);
  }
}

function listing(rows: readonly ProcessRow[]): ProcessListing {
  return { rows, pids: new Set(rows.map((row) => row.pid)) };
}
