import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { win32 } from 'node:path';
import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';

export interface GitOptions {
  /** Executable; `git` on PATH when absent. */
  readonly executable?: string;
  /** Milliseconds until a call is given up. */
  readonly timeoutMs?: number;
  /** Largest output in bytes. */
  readonly maxBytes?: number;
}

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  /** One line. */
  readonly stderr: string;
}

const defaultTimeoutMs = 15_000;
const defaultMaxBytes = 32 * 1024 * 1024;
const maxStderrBytes = 16 * 1024;

/**
 * Settings of the repository that start programs: agents can write them, so they are overruled.
 * (Clean filters cannot be overruled without knowing their names.)
 */
const safeSettings = ['-c', 'core.fsmonitor=false'];

/**
 * Runs git with `args` in `cwd` and resolves with its exit code, whatever it is.
 * @throws FleetError `GitMissing`, `FolderGone`, `GitTimedOut`, `GitOutputTooLarge`, `GitFailed` (ended by a signal, or could not be started).
 */
export async function runGit(args: readonly string[], cwd: string, options: GitOptions = {}): Promise<GitResult> {
  const { executable = 'git', timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes } = options;
  if (!(await isFolder(cwd))) {
    throw new FleetError('FolderGone', `The folder ${cwd} does not exist any more.`, { details: { cwd } });
  }
  const program = process.platform === 'win32' ? await windowsProgram(executable, process.env, isFile) : executable;
  if (program === undefined) throw gitMissing(executable);
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['--no-pager', ...safeSettings, ...args], {
      cwd,
      env: gitEnvironment(process.env),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    let size = 0;
    let complaintSize = 0;
    // Also ends the pipes: something that git left behind could hold them open for ever.
    const giveUp = (error: FleetError): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      giveUp(new FleetError('GitTimedOut', `git ${args[0] ?? ''} did not answer within ${timeoutMs / 1000} seconds.`, { details: { timeoutMs } }));
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) output.push(chunk);
      else giveUp(new FleetError('GitOutputTooLarge', `git ${args[0] ?? ''} answered with more than ${maxBytes} bytes.`, { details: { maxBytes } }));
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaintSize += chunk.length;
      if (complaintSize <= maxStderrBytes) complaints.push(chunk);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(startFailure(error, executable));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === null) reject(new FleetError('GitFailed', `git ${args[0] ?? ''} was ended by ${signal ?? 'a signal'}.`));
      else resolve({ code, stdout: Buffer.concat(output), stderr: oneLine(Buffer.concat(complaints).toString('utf8'), 500) });
    });
  });
}

/** A `GitFailed` with git's own words. */
export function gitFailed(what: string, result: GitResult): FleetError<'GitFailed'> {
  const words = result.stderr === '' ? `exit code ${result.code}` : result.stderr;
  return new FleetError('GitFailed', `git could not ${what}: ${words}`, { details: { exitCode: result.code } });
}

function startFailure(error: NodeJS.ErrnoException, executable: string): FleetError {
  if (error.code === 'ENOENT') return gitMissing(executable, error);
  return new FleetError('GitFailed', `git could not be started: ${error.message}`, { cause: error });
}

function gitMissing(executable: string, cause?: unknown): FleetError<'GitMissing'> {
  return new FleetError('GitMissing', `The command “${executable}” was not found. Install git, or name it in the setting git.path.`, { cause });
}

/**
 * Absolute path of a program on Windows, where the system would look into the current folder first: that is the repository, and agents write there.
 * Undefined when it is not on the PATH; relative paths and batch files are never taken.
 */
export async function windowsProgram(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  isFile: (path: string) => Promise<boolean>,
): Promise<string | undefined> {
  if (win32.isAbsolute(name)) return name;
  if (/[\\/:]/.test(name)) return undefined;
  const path = Object.entries(env).find(([key]) => key.toUpperCase() === 'PATH')?.[1] ?? '';
  const names = /\.(exe|com)$/i.test(name) ? [name] : [`${name}.com`, `${name}.exe`];
  for (const entry of path.split(';')) {
    const folder = entry.trim().replace(/^"|"$/g, '');
    if (!win32.isAbsolute(folder)) continue;
    for (const file of names) {
      const candidate = win32.join(folder, file);
      if (await isFile(candidate)) return candidate;
    }
  }
  return undefined;
}

/**
 * The environment without variables that point git at another repository (an editor started from a git hook has them), and with
 * what keeps it from waiting for a person or taking locks.
 */
function gitEnvironment(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(own).filter(([name]) => !/^GIT_/i.test(name) || /^GIT_(EXEC_PATH|SSL_|CEILING_)/i.test(name));
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_LITERAL_PATHSPECS: '1',
    // A partial clone would fetch what it lacks: reading must not go to the network or start a helper.
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
  };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
