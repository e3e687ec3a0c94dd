import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { detach, SerialQueue } from '../base/async.ts';
import { DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { RunnerEventBody } from '../core/runnerEvents.ts';
import { openOwnFile, statOwnFile } from './ownFile.ts';
import { watchFolder } from './watchFolder.ts';

export interface HookFolderOptions {
  readonly folder: string;
  /** Keeps an event. The file is deleted only after it returned. */
  readonly report: (event: RunnerEventBody) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Largest payload of one hook, bytes. */
export const maxHookBytes = 1024 * 1024;

/** How long a file that is not complete holds up the complete ones after it, milliseconds since it last grew. */
const patienceMs = 1000;
const pollMs = 1000;
const suffix = '.hook';
/** How soon an incomplete file is looked at again, milliseconds. */
const retryMs = 50;

interface Waiting {
  /** When it was last seen to change, monotonic milliseconds. */
  since: number;
  size: bigint;
  mtime: bigint;
}

interface Drop {
  readonly file: string;
  readonly name: string;
  readonly path: string;
  readonly size: bigint;
  readonly mtime: bigint;
}

/**
 * The folder into which the agent's hooks drop one JSON file each (`<name>.<unique>.hook`). Read in the order of arrival, reported once and
 * deleted. A hook must not wait for anybody, so it may be caught in the middle of writing: a file counts when it reads as JSON.
 */
export class HookFolder implements Disposable {
  readonly #options: HookFolderOptions;
  readonly #store = new DisposableStore();
  readonly #retry = this.#store.add(new MutableDisposable<Disposable>());
  readonly #queue = new SerialQueue();
  readonly #waiting = new Map<string, Waiting>();
  /** Files that were reported but could not be deleted: not again. */
  readonly #done = new Set<string>();
  /**
   * When each file was first heard of. The system tells of new files one after the other, while their times are too coarse: several hooks
   * of one agent fall into the same tick.
   */
  readonly #arrivals = new Map<string, number>();
  #lastArrival = 0;
  #isPlanned = false;

  constructor(options: HookFolderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#store.add(watchFolder(this.#options.folder, pollMs, (name) => this.#changed(name), this.#options));
    this.#plan();
  }

  /** After the agent's end: reads what is left. What is not complete now never will be. */
  async drain(): Promise<void> {
    this.#store.dispose();
    await this.#queue.add(() => this.#scan(true));
  }

  dispose(): void {
    this.#store.dispose();
  }

  #changed(file: string | undefined): void {
    if (file !== undefined && !file.endsWith(suffix)) return;
    if (file !== undefined) this.#arrivalOf(file);
    this.#plan();
  }

  /** The place of a file in the order in which files were first heard of. */
  #arrivalOf(file: string): number {
    const known = this.#arrivals.get(file);
    if (known !== undefined) return known;
    const arrival = ++this.#lastArrival;
    this.#arrivals.set(file, arrival);
    return arrival;
  }

  /** One scan is enough for any number of changes before it begins. */
  #plan(): void {
    if (this.#isPlanned || this.#store.isDisposed) return;
    this.#isPlanned = true;
    const scan = this.#queue.add(() => {
      this.#isPlanned = false;
      return this.#scan(false);
    });
    detach(scan, this.#options.logger, 'reading hooks');
  }

  async #scan(isLast: boolean): Promise<void> {
    for (const drop of await this.#drops()) {
      const result = await this.#read(drop);
      if (result === 'incomplete' && !isLast && this.#mayGrow(drop)) {
        // The order matters more than the moment: those behind it wait too.
        this.#retry.value = this.#options.timers.after(retryMs, () => this.#plan());
        return;
      }
      this.#waiting.delete(drop.path);
      if (result === 'gone') continue;
      this.#options.report(result === 'incomplete' ? skipped(drop.name, 'it is not complete JSON') : result);
      this.#done.add(drop.path);
      await this.#remove(drop.path);
    }
  }

  async #drops(): Promise<Drop[]> {
    // What is heard of from here on may not be among the names yet.
    const heard = [...this.#arrivals.keys()];
    let names: string[];
    try {
      names = await readdir(this.#options.folder);
    } catch (error) {
      this.#options.logger.debug(`the folder of hooks cannot be read: ${String(error)}`);
      return [];
    }
    const drops: Drop[] = [];
    for (const file of names) {
      const path = join(this.#options.folder, file);
      if (!file.endsWith(suffix) || this.#done.has(path)) continue;
      const stat = await statOwnFile(path);
      if (stat !== undefined) drops.push({ file, name: hookName(file), path, size: stat.size, mtime: stat.mtimeNs });
    }
    for (const file of heard) if (!names.includes(file)) this.#arrivals.delete(file);
    // Those that nobody told us of yet came after all others, in the order of their times.
    const byTime = drops.sort((a, b) => (a.mtime === b.mtime ? byNumbers(a.file, b.file) : a.mtime < b.mtime ? -1 : 1));
    for (const drop of byTime) this.#arrivalOf(drop.file);
    return byTime.sort((a, b) => this.#arrivalOf(a.file) - this.#arrivalOf(b.file));
  }

  async #read(drop: Drop): Promise<RunnerEventBody | 'incomplete' | 'gone'> {
    if (drop.size > maxHookBytes) return skipped(drop.name, `it has ${drop.size} bytes, more than the ${maxHookBytes} allowed`);
    const file = await openOwnFile(drop.path);
    if (file === undefined) return 'gone';
    try {
      const payload: unknown = JSON.parse(await file.readFile('utf8'));
      return { kind: 'hook', name: drop.name, payload };
    } catch {
      return 'incomplete';
    } finally {
      await file.close();
    }
  }

  #mayGrow(drop: Drop): boolean {
    const now = this.#options.clock.monotonic();
    const waiting = this.#waiting.get(drop.path);
    if (waiting === undefined || waiting.size !== drop.size || waiting.mtime !== drop.mtime) {
      this.#waiting.set(drop.path, { since: now, size: drop.size, mtime: drop.mtime });
      return true;
    }
    return now - waiting.since < patienceMs;
  }

  async #remove(path: string): Promise<void> {
    try {
      await rm(path, { force: true });
      this.#done.delete(path);
    } catch (error) {
      this.#options.logger.warn('a hook file could not be removed', error);
    }
  }
}

/** `PreToolUse` of `PreToolUse.4711-1.hook`. */
export function hookName(file: string): string {
  const parts = file.split('.');
  const name = parts.slice(0, Math.max(1, parts.length - 2)).join('.');
  return name.replace(/[^\w.:/-]/g, '').slice(0, 64) || 'unknown';
}

/** Order of files of the same tick: the numbers in `PreToolUse.4711-2.hook` grow, both those of processes and those that one process counts. */
function byNumbers(a: string, b: string): number {
  const [left, right] = [numbersIn(a), numbersIn(b)];
  return left[0] - right[0] || left[1] - right[1] || (a < b ? -1 : 1);
}

function numbersIn(file: string): readonly [process: number, count: number] {
  const [, process = '0', count = '0'] = /\.(\d+)(?:-(\d+))?\.hook$/.exec(file) ?? [];
  return [Number(process), Number(count)];
}

function skipped(name: string, reason: string): RunnerEventBody {
  return { kind: 'skipped', what: 'hook', reason: `${name}: ${reason}` };
}
