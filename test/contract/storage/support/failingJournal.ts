import { nodeJournalFiles, type JournalFiles } from '../../../../src/storage/journal/journalFiles.ts';

export type JournalOperation = keyof JournalFiles;

/** The journal's real files with faults: `refuse` is asked before each operation for the system's error code with which it fails. */
export class FailingJournal {
  /** Operations so far. */
  steps = 0;
  refuse: (operation: JournalOperation, step: number) => string | undefined = () => undefined;

  readonly files: JournalFiles = {
    openNew: (path) => this.#later('openNew', () => nodeJournalFiles.openNew(path)),
    openNewSync: (path) => this.#now('openNewSync', () => nodeJournalFiles.openNewSync(path)),
    writeSync: (fd, bytes, offset, position) =>
      this.#now(
        'writeSync',
        () => nodeJournalFiles.writeSync(fd, bytes, offset, position),
        // A full disk takes the first bytes.
        () => nodeJournalFiles.writeSync(fd, bytes.subarray(0, offset + ((bytes.length - offset) >> 1)), offset, position),
      ),
    truncateSync: (fd, length) => this.#now('truncateSync', () => nodeJournalFiles.truncateSync(fd, length)),
    fdatasync: (fd) => this.#later('fdatasync', () => nodeJournalFiles.fdatasync(fd)),
    fstat: (fd) => this.#later('fstat', () => nodeJournalFiles.fstat(fd)),
    // A file that cannot be closed is closed all the same.
    close: (fd) => this.#later('close', () => nodeJournalFiles.close(fd), () => nodeJournalFiles.close(fd)),
    syncFolder: (path) => this.#later('syncFolder', () => nodeJournalFiles.syncFolder(path)),
    remove: (path) => this.#later('remove', () => nodeJournalFiles.remove(path)),
  };

  #now<T>(operation: JournalOperation, run: () => T, half?: () => unknown): T {
    const code = this.refuse(operation, ++this.steps);
    if (code === undefined) return run();
    half?.();
    throw systemError(code, operation);
  }

  async #later<T>(operation: JournalOperation, run: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    const code = this.refuse(operation, ++this.steps);
    if (code === undefined) return run();
    await half?.();
    throw systemError(code, operation);
  }
}

function systemError(code: string, operation: string): Error {
  return Object.assign(new Error(`${code}: ${operation}`), { code });
}
