import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { detach, SerialQueue } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { RunnerEventBody } from '../core/runnerEvents.ts';
import { isRecord } from '../link/wireChecks.ts';
import { LineSplitter, type Line } from './lineSplitter.ts';
import { openOwnFile, statOwnFile } from './ownFile.ts';
import { watchFolder } from './watchFolder.ts';

export interface EventsFileOptions {
  readonly path: string;
  readonly report: (event: RunnerEventBody) => void;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Longest line, bytes. */
export const maxLineBytes = 1024 * 1024;
const chunkBytes = 64 * 1024;
const pollMs = 1000;

/**
 * Follows the file to which an agent appends lines of fleet protocol. Only complete lines count. When the file is replaced, the
 * old one is read to its end first; when it is cut, reading begins anew.
 */
export class EventsFile implements Disposable {
  readonly #options: EventsFileOptions;
  readonly #store = new DisposableStore();
  readonly #queue = new SerialQueue();
  readonly #splitter = new LineSplitter(maxLineBytes);
  #file: { readonly handle: FileHandle; readonly id: string } | undefined;
  #offset = 0;
  #isPlanned = false;

  constructor(options: EventsFileOptions) {
    this.#options = options;
  }

  start(): void {
    const { path } = this.#options;
    const name = basename(path);
    const onChange = (changed: string | undefined): void => {
      if (changed === undefined || changed === name) this.#plan();
    };
    this.#store.add(watchFolder(dirname(path), pollMs, onChange, this.#options));
    this.#plan();
  }

  /** After the agent's end: reads the rest, also a last line without its end if it is complete otherwise. */
  async drain(): Promise<void> {
    this.#store.dispose();
    await this.#queue.add(async () => {
      await this.#follow();
      this.#endLine('the last line is not complete');
      await this.#leave();
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  #plan(): void {
    if (this.#isPlanned || this.#store.isDisposed) return;
    this.#isPlanned = true;
    const follow = this.#queue.add(() => {
      this.#isPlanned = false;
      return this.#follow();
    });
    detach(follow, this.#options.logger, 'reading the events file');
  }

  async #follow(): Promise<void> {
    const stat = await statOwnFile(this.#options.path);
    const id = stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
    if (this.#file !== undefined && this.#file.id !== id) {
      await this.#readOn(this.#file.handle);
      this.#endLine('the file was replaced in the middle of a line');
      await this.#leave();
    }
    if (id === undefined) return;
    this.#file ??= await this.#enter();
    if (this.#file === undefined) return;
    if ((await this.#file.handle.stat()).size < this.#offset) {
      this.#endLine('the file was cut in the middle of a line');
      this.#offset = 0;
    }
    await this.#readOn(this.#file.handle);
  }

  async #enter(): Promise<{ handle: FileHandle; id: string } | undefined> {
    const handle = await openOwnFile(this.#options.path);
    if (handle === undefined) return undefined;
    this.#offset = 0;
    const stat = await handle.stat({ bigint: true });
    return { handle, id: `${stat.dev}:${stat.ino}` };
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  async #readOn(handle: FileHandle): Promise<void> {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      for (const line of this.#splitter.push(chunk.subarray(0, bytesRead))) this.#take(line, 'it is not a JSON object');
    }
  }

  #endLine(reason: string): void {
    if (this.#splitter.hasRest) this.#take(this.#splitter.takeRest(), reason);
  }

  #take(line: Line, reason: string): void {
    const event = readLine(line, reason);
    if (event !== undefined) this.#options.report(event);
  }
}

/** The event of one line; undefined for an empty one. */
export function readLine(line: Line, reason: string): RunnerEventBody | undefined {
  if (line.type === 'tooLong') {
    return { kind: 'skipped', what: 'fleetEvent', reason: `a line has ${line.bytes} bytes, more than the ${maxLineBytes} allowed` };
  }
  if (line.text.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(line.text);
    if (isRecord(value)) return { kind: 'fleetEvent', value };
  } catch {
    // Told below; what the line says does not belong into a reason.
  }
  return { kind: 'skipped', what: 'fleetEvent', reason };
}
