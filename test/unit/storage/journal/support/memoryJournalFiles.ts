import { basename } from 'node:path';
import type { JournalFiles } from '../../../../../src/storage/journal/journalFiles.ts';

export type JournalOperation = 'openNew' | 'openNewSync' | 'write' | 'truncate' | 'fdatasync' | 'fstat' | 'close' | 'syncFolder' | 'remove';

/** What goes wrong with one call. `written`: how many bytes of a write got through before it; without a code the write is just short. */
export interface Fault {
  readonly code?: string;
  readonly written?: number;
}

export interface MemoryFile {
  readonly name: string;
  data: Buffer;
  /** What would be left after a loss of power. */
  synced: Buffer;
  nameSynced: boolean;
  links: number;
}

/** A disk in memory that knows what would survive a loss of power, and fails where it is told to. */
export class MemoryJournalFiles implements JournalFiles {
  readonly files = new Map<string, MemoryFile>();
  readonly open = new Map<number, MemoryFile>();
  /** `operation name`, in order. */
  readonly log: string[] = [];
  fault: (operation: JournalOperation, name: string) => Fault | undefined = () => undefined;
  /** Syncs of data wait for it. */
  gate: Promise<void> | undefined;
  #nextFd = 10;

  async openNew(path: string): Promise<number> {
    // As with real files, the file is there some time before the caller hears of it.
    const fd = this.#create('openNew', path);
    await turn();
    return fd;
  }

  openNewSync(path: string): number {
    return this.#create('openNewSync', path);
  }

  writeSync(fd: number, bytes: Buffer, offset: number, position: number): number {
    const file = this.#file(fd);
    const fault = this.#step('write', file.name, true);
    const length = Math.min(bytes.length - offset, fault?.written ?? (fault?.code === undefined ? Infinity : 0));
    if (file.data.length !== position) throw new Error(`the writer takes ${file.data.length} bytes for ${position}`);
    file.data = Buffer.concat([file.data, bytes.subarray(offset, offset + length)]);
    if (fault?.code !== undefined) throw systemError(fault.code, 'write', file.name);
    return length;
  }

  truncateSync(fd: number, length: number): void {
    const file = this.#file(fd);
    this.#step('truncate', file.name);
    file.data = file.data.subarray(0, length);
  }

  async fdatasync(fd: number): Promise<void> {
    const file = this.#file(fd);
    const { data } = file;
    await (this.gate ?? turn());
    this.#file(fd);
    this.#step('fdatasync', file.name);
    file.synced = Buffer.from(data);
  }

  async fstat(fd: number): Promise<{ links: number; size: number }> {
    await turn();
    const file = this.#file(fd);
    this.#step('fstat', file.name);
    return { links: file.links, size: file.data.length };
  }

  async close(fd: number): Promise<void> {
    const file = this.#file(fd);
    this.open.delete(fd);
    await turn();
    this.#step('close', file.name);
  }

  async syncFolder(path: string): Promise<void> {
    const present = [...this.files.values()];
    await turn();
    this.#step('syncFolder', basename(path));
    for (const file of present) file.nameSynced = true;
  }

  async remove(path: string): Promise<void> {
    await turn();
    this.#step('remove', basename(path));
    this.unlink(basename(path));
  }

  /** Takes a file's name away, as another program would. */
  unlink(name: string): void {
    const file = this.files.get(name);
    if (file === undefined) throw systemError('ENOENT', 'remove', name);
    if (file.data.length > 0) this.log.push(`lost ${name}`);
    file.links = 0;
    this.files.delete(name);
  }

  #create(operation: 'openNew' | 'openNewSync', path: string): number {
    const name = basename(path);
    this.#step(operation, name);
    if (this.files.has(name)) throw systemError('EEXIST', operation, name);
    const file: MemoryFile = { name, data: Buffer.alloc(0), synced: Buffer.alloc(0), nameSynced: false, links: 1 };
    this.files.set(name, file);
    const fd = this.#nextFd++;
    this.open.set(fd, file);
    return fd;
  }

  #file(fd: number): MemoryFile {
    const file = this.open.get(fd);
    if (file === undefined) throw systemError('EBADF', 'use', String(fd));
    return file;
  }

  #step(operation: JournalOperation, name: string, pass = false): Fault | undefined {
    this.log.push(`${operation} ${name}`);
    const fault = this.fault(operation, name);
    if (fault?.code !== undefined && !pass) throw systemError(fault.code, operation, name);
    return fault;
  }
}

/** The next turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function systemError(code: string, operation: string, name: string): Error {
  return Object.assign(new Error(`${code}: ${operation} '${name}'`), { code });
}
