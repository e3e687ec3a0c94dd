import { spawn, type ChildProcess } from 'node:child_process';
import { stat, readFile } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { Deferred } from '../base/async.ts';
import { errorCode, FleetError, isFleetError, messageOf } from '../base/errors.ts';
import { startableArgv, type ProgramFiles } from './agentCommand.ts';

/** How the agent's process ended. */
export interface AgentExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface AgentProcess {
  readonly pid: number;
  readonly exit: Promise<AgentExit>;
  /** Signals the process itself; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals): void;
}

export interface AgentStart {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const programFiles: ProgramFiles = {
  async isFile(path) {
    try {
      return (await stat(path)).isFile();
    } catch {
      return false;
    }
  },
  readText: (path) => readFile(path, 'utf8'),
};

/**
 * Starts the agent by argv, with this process's terminal. A folder that is gone is refused: no other one is taken in its place.
 * @throws FleetError with the system's code; its message begins with a small letter and has no full stop.
 */
export async function startAgent(start: AgentStart): Promise<AgentProcess> {
  await checkFolder(start.cwd);
  let child: ChildProcess;
  try {
    const [program, ...args] = await startableArgv(start.argv, start.env, process.platform, programFiles);
    child = spawn(program, args, { cwd: start.cwd, env: { ...start.env }, stdio: 'inherit', shell: false });
  } catch (error) {
    throw isFleetError(error) ? error : await startError(error, start.argv[0]);
  }
  const exit = new Deferred<AgentExit>();
  child.on('exit', (code, signal) => exit.resolve({ code, signal }));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => {
      startError(error, start.argv[0]).then(reject, reject);
    });
  });
  // A failing `kill` reports itself as an error too; that is no news after the start.
  child.on('error', () => undefined);
  const pid = child.pid;
  if (pid === undefined) throw new FleetError('UNKNOWN', 'the system gave it no process id');
  return {
    pid,
    exit: exit.promise,
    kill: (signal) => {
      child.kill(signal);
    },
  };
}

async function checkFolder(cwd: string): Promise<void> {
  try {
    if ((await stat(cwd)).isDirectory()) return;
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new FleetError(errorCode(error) ?? 'UNKNOWN', `its folder ${cwd} cannot be used (${messageOf(error)})`);
    throw new FleetError('ENOENT', `its folder ${cwd} is gone`);
  }
  throw new FleetError('ENOTDIR', `its folder ${cwd} is not a folder any more`);
}

/** The system reports only a code, and ENOENT also when it is the interpreter of a script that is missing. */
async function startError(error: unknown, program: string): Promise<FleetError> {
  const code = errorCode(error) ?? 'UNKNOWN';
  return new FleetError(code, await startSentence(code, program), { cause: error });
}

async function startSentence(code: string, program: string): Promise<string> {
  switch (code) {
    case 'ENOENT':
      if (isAbsolute(program) && (await programFiles.isFile(program))) return `${program} names an interpreter that was not found`;
      return isAbsolute(program) ? `the program ${program} is gone` : `the program ${program} was not found on the PATH`;
    case 'EACCES':
    case 'EPERM':
      return `the program ${program} may not be executed`;
    case 'E2BIG':
      return 'its arguments are too long; shorten the prompt';
    default:
      return `the system refused to start ${program} (${code})`;
  }
}
