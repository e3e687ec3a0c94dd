import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { DiaryLine } from './change.ts';
import { wasmFile } from './found.ts';
import type { WriterOptions } from './writer.ts';

const longestSilenceMs = 20_000;

type Given = Omit<WriterOptions, 'workerEntry' | 'wasmFile'>;

/** Writing processes from one bundle, so that a start costs little. Each ends at the latest with `stop`. */
export class Writers {
  readonly #running = new Set<Writer>();
  root = '';

  /** @param folder where everything is made. */
  async start(folder = tmpdir()): Promise<void> {
    this.root = await mkdtemp(join(folder, 'fleet-faults-'));
    const common = { bundle: true, platform: 'node', target: 'node22', format: 'cjs', logLevel: 'warning' } as const;
    // Top-level await is for ES modules only; as a command the writer needs none of what tells the two apart.
    await build({ ...common, format: 'esm', entryPoints: [join(import.meta.dirname, 'writer.ts')], outfile: join(this.root, 'writer.mjs') });
    await build({ ...common, entryPoints: [join(import.meta.dirname, '../../../src/storage/worker/main.ts')], outfile: this.workerEntry });
  }

  get workerEntry(): string {
    return join(this.root, 'registry-worker.cjs');
  }

  writer(given: Given): Writer {
    const options: WriterOptions = { ...given, workerEntry: this.workerEntry, wasmFile };
    const child = spawn(process.execPath, [join(this.root, 'writer.mjs'), JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin?.on('error', () => {});
    const writer = new Writer(child, given.diary);
    this.#running.add(writer);
    void writer.ended.then(() => this.#running.delete(writer));
    return writer;
  }

  /** @param keep the folders, because a failure is to be looked at. */
  async stop(keep: boolean): Promise<void> {
    for (const writer of [...this.#running]) await writer.kill();
    if (keep) console.log(`      the folders are kept in ${this.root}`);
    else await rm(this.root, { recursive: true, force: true });
  }
}

export class Writer {
  readonly #child: ChildProcess;
  readonly #diary: string;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  #said = '';
  #heard = (): void => {};

  constructor(child: ChildProcess, diary: string) {
    this.#child = child;
    this.#diary = diary;
    this.ended = once(child, 'close').then(() => {
      this.#said += 'e';
      this.#heard();
    });
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#said += text;
      this.#heard();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything it said: `o` it owns the registry, `r` it is a reader, `x` it could not open, `e` it ended. */
  get said(): string {
    return this.#said;
  }

  onSaid(heard: () => void): void {
    this.#heard = heard;
  }

  /** Resolves when it said one of these letters, or ended. Rejects when it does not for a long time. */
  async says(letters: string): Promise<void> {
    const late = Date.now() + longestSilenceMs;
    while (![...`${letters}e`].some((letter) => this.#said.includes(letter))) {
      if (Date.now() > late) throw new Error(`process ${this.pid} (${this.#diary}) says nothing but "${this.#said}"`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.#heard = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** What it wrote down; the last line may be torn. */
  async diary(): Promise<readonly DiaryLine[]> {
    const text = await readFile(this.#diary, 'utf8').catch(() => '');
    return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter(Boolean).map((line) => JSON.parse(line) as DiaryLine);
  }
}
