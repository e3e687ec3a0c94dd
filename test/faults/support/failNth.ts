import { nodeJournalFiles, type JournalFiles } from '../../../src/storage/journal/journalFiles.ts';
import { nodeFiles, type StorageFiles } from '../../../src/storage/storageFiles.ts';

export type Code = 'ENOSPC' | 'EIO';

/** What of a half-failed write reached the file. */
const half = (bytes: number): number => bytes >> 1;

/**
 * The real file system, of which some calls of one operation fail: the `first`-th and so many after it. A write that fails has written half
 * of it before. Everything is counted, so that a run without faults tells how many calls there are.
 */
export class FailNth {
  readonly calls = new Map<string, number>();
  readonly #operation: string;
  readonly #first: number;
  readonly #count: number;
  readonly #code: Code;
  #healed = false;
  /** How many calls failed. */
  failed = 0;

  constructor(operation = '', first = Infinity, count = 1, code: Code = 'EIO') {
    this.#operation = operation;
    this.#first = first;
    this.#count = count;
    this.#code = code;
  }

  /** From now on nothing fails. */
  heal(): void {
    this.#healed = true;
  }

  #fails(operation: string): boolean {
    const call = (this.calls.get(operation) ?? 0) + 1;
    this.calls.set(operation, call);
    const fails = !this.#healed && operation === this.#operation && call >= this.#first && call < this.#first + this.#count;
    if (fails) this.failed++;
    return fails;
  }

  #error(operation: string): Error {
    return Object.assign(new Error(`${this.#code}: ${operation}`), { code: this.#code });
  }

  /** Calls and fails, for all operations that need nothing of their own. */
  #wrap<T extends object>(kind: string, real: T): T {
    const wrapped: Record<string, unknown> = {};
    for (const [name, run] of Object.entries(real) as [string, (...given: unknown[]) => unknown][]) {
      const operation = `${kind}.${name}`;
      wrapped[name] = (...given: unknown[]): unknown => {
        if (!this.#fails(operation)) return run(...given);
        if (name.endsWith('Sync')) throw this.#error(operation);
        return Promise.reject(this.#error(operation));
      };
    }
    return wrapped as T;
  }

  readonly journalFiles: JournalFiles = {
    ...this.#wrap('journal', nodeJournalFiles),
    writeSync: (fd, bytes, offset, position) => {
      if (!this.#fails('journal.writeSync')) return nodeJournalFiles.writeSync(fd, bytes, offset, position);
      nodeJournalFiles.writeSync(fd, bytes.subarray(0, offset + half(bytes.length - offset)), offset, position);
      throw this.#error('journal.writeSync');
    },
  };

  readonly files: StorageFiles = {
    ...this.#wrap('files', nodeFiles),
    watch: (folder, changed) => nodeFiles.watch(folder, changed),
    create: async (path, ...parts) => {
      if (!this.#fails('files.create')) return nodeFiles.create(path, ...parts);
      await nodeFiles.create(path, ...parts.slice(0, 1).map((part) => part.subarray(0, half(part.length))));
      throw this.#error('files.create');
    },
  };
}
