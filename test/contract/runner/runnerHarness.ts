import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCode } from '../../../src/base/errors.ts';
import { systemProcessTable } from '../../../src/hosts/local/systemTable.ts';
import type { LaunchFile } from '../../../src/link/launchFile.ts';
import type { LinkServer } from '../../../src/link/server.ts';
import { FakeHost, Watchpoint } from '../link/linkHarness.ts';

const runnerEntry = fileURLToPath(new URL('../../../src/runner/main.ts', import.meta.url));
const agents = fileURLToPath(new URL('../../agents/misbehaving/', import.meta.url));

/** The command of one of the misbehaving agents. */
export function agentArgv(name: string, ...args: string[]): [string, ...string[]] {
  return [process.execPath, join(agents, `${name}.mjs`), ...args];
}

/** A runner process under test. */
export class TestRunner {
  readonly child: ChildProcess;
  readonly exit: Promise<number | string | null>;
  readonly #point = new Watchpoint();
  #output = '';
  #ended: { value: number | string | null } | undefined;

  constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.#output += data.toString();
        this.#point.changed();
      });
    }
    this.exit = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended = { value: code ?? signal };
        this.#point.changed();
        resolve(code ?? signal);
      });
    });
    child.stdin?.on('error', () => undefined);
  }

  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** The first match in what the terminal showed. */
  shows(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#point.until(() => {
      const match = pattern.exec(this.#output);
      if (match === null && this.#ended !== undefined) throw new Error(`the runner ended without showing ${pattern}; it showed: ${this.#output}`);
      return match ?? undefined;
    });
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Waits for the last line, presses Enter, gives the exit code. */
  async pressEnter(): Promise<number | string | null> {
    await this.shows(/Press Enter/);
    this.type('\n');
    return this.exit;
  }
}

/** One session's folder, a window that may listen, and runners; all of it gone at the end. */
export class Bench {
  readonly folder: string;
  readonly sessionDir: string;
  readonly cwd: string;
  readonly endpointFile: string;
  readonly spoolPath: string;
  readonly host = new FakeHost();
  readonly #runners: TestRunner[] = [];
  readonly #servers: LinkServer[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.sessionDir = join(folder, 'session');
    this.cwd = join(folder, 'work');
    this.endpointFile = join(folder, 'endpoint.json');
    this.spoolPath = join(this.sessionDir, 'spool.jsonl');
    this.host.tokens.set('agent-test', 'secret-token');
  }

  static async with(work: (bench: Bench) => Promise<void>): Promise<void> {
    const bench = new Bench(await mkdtemp(join(tmpdir(), 'fleet-runner-')));
    try {
      await mkdir(bench.sessionDir, { mode: 0o700 });
      await mkdir(bench.cwd);
      await work(bench);
    } finally {
      await bench.#end();
    }
  }

  async listen(): Promise<LinkServer> {
    const server = await this.host.listen(this.endpointFile);
    this.#servers.push(server);
    return server;
  }

  /** Writes a launch file and gives its path. */
  async launchFile(argv: [string, ...string[]], changes: Partial<LaunchFile> = {}): Promise<string> {
    const launch: LaunchFile = {
      version: 1,
      sessionId: 'agent-test',
      name: 'probe',
      token: 'secret-token',
      argv,
      cwd: this.cwd,
      endpointFile: this.endpointFile,
      sessionDir: this.sessionDir,
      hideEnv: ['ONLY_FOR_THE_RUNNER'],
      unsetEnv: [],
      graceMs: 200,
      heartbeatMs: 200,
      ...changes,
    };
    const path = join(this.sessionDir, 'launch.json');
    await writeFile(path, JSON.stringify(launch), { mode: 0o600 });
    return path;
  }

  /** Starts a runner on pipes. */
  async start(argv: [string, ...string[]], changes: Partial<LaunchFile> = {}, env: NodeJS.ProcessEnv = {}): Promise<TestRunner> {
    return this.spawn([process.execPath, runnerEntry, await this.launchFile(argv, changes)], env);
  }

  /** Starts a runner as the process of a pseudo terminal. */
  async startInTerminal(argv: [string, ...string[]], changes: Partial<LaunchFile> = {}): Promise<TestRunner> {
    const command = [process.execPath, runnerEntry, await this.launchFile(argv, changes)];
    return this.spawn(['script', '-qefc', `exec ${command.map((part) => `'${part}'`).join(' ')}`, '/dev/null'], {});
  }

  spawn([program, ...args]: [string, ...string[]], env: NodeJS.ProcessEnv): TestRunner {
    const child = spawn(program, args, { stdio: 'pipe', env: { ...process.env, ...env } });
    const runner = new TestRunner(child);
    this.#runners.push(runner);
    return runner;
  }

  async #end(): Promise<void> {
    for (const runner of this.#runners) {
      if (runner.child.exitCode === null && runner.child.signalCode === null) {
        runner.child.kill('SIGKILL');
        await runner.exit;
      }
    }
    await killMarked('agent-test');
    for (const server of this.#servers) await server.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Pids of processes that carry the session's mark. */
export async function marked(sessionId: string): Promise<number[]> {
  const table = systemProcessTable();
  const found: number[] = [];
  for (const { pid } of (await table.list()).rows) if (await table.hasVariable(pid, 'FLEET_SESSION_ID', sessionId)) found.push(pid);
  return found;
}

async function killMarked(sessionId: string): Promise<void> {
  for (const pid of await marked(sessionId)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // It may have ended between the look and the kill.
      if (errorCode(error) !== 'ESRCH') throw error;
    }
  }
}
