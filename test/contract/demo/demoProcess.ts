import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Deferred } from '../../../src/base/async.ts';
import { readEventLog, type EventLog } from '../../fakes/eventLog.ts';

const entry = fileURLToPath(new URL('../../../src/demo/main.ts', import.meta.url));

/** Milliseconds per step in tests. */
const pace = '30';

/** A demo agent as a real process in a folder of its own. */
export class DemoProcess {
  readonly folder: string;
  #child: ChildProcessWithoutNullStreams | undefined;
  #output = '';
  /** Resolves when there is more output, or an end. */
  #news = new Deferred<void>();
  #exit: Promise<{ code: number | null; signal: string | null }> | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<DemoProcess> {
    return new DemoProcess(await mkdtemp(join(tmpdir(), 'fleet-demo-')));
  }

  /** Command line of a demo agent, for a test that starts it in its own way. */
  command(...args: readonly string[]): [string, ...string[]] {
    return [process.execPath, entry, '--pace', pace, ...args];
  }

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, FLEET_EVENTS: this.eventsFile, FLEET_SESSION_ID: 'agent-test' };
  }

  get eventsFile(): string {
    return join(this.folder, 'events.jsonl');
  }

  start(args: readonly string[], options: { command?: [string, ...string[]]; env?: NodeJS.ProcessEnv } = {}): void {
    const [executable, ...rest] = options.command ?? this.command(...args);
    const child = spawn(executable, rest, { cwd: this.folder, env: options.env ?? this.environment });
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        this.#output += text;
        this.#news.resolve();
      });
    }
    child.on('close', () => this.#news.resolve());
    this.#child = child;
    this.#exit = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  }

  get output(): string {
    return this.#output;
  }

  type(text: string): void {
    this.#child?.stdin.write(text);
  }

  endInput(): void {
    this.#child?.stdin.end();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when the output from position `from` on holds `text`; the result is the position behind it. */
  async shows(text: string, from = 0): Promise<number> {
    for (;;) {
      const at = this.#output.indexOf(text, from);
      if (at >= 0) return at + text.length;
      if (this.#child === undefined || this.#child.exitCode !== null) throw new Error(`ended without “${text}”:\n${this.#output}`);
      await this.#news.promise;
      this.#news = new Deferred<void>();
    }
  }

  /** Exit code, or the name of the signal that ended it. */
  async exited(): Promise<number | string | null> {
    const exit = await this.#exit;
    return exit?.code ?? exit?.signal ?? null;
  }

  async events(): Promise<EventLog> {
    return readEventLog(await readFile(this.eventsFile, 'utf8'));
  }

  async read(path: string): Promise<string> {
    return readFile(join(this.folder, path), 'utf8');
  }

  async remove(): Promise<void> {
    if (this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#exit;
    await rm(this.folder, { recursive: true, force: true });
  }
}
