import { close, fdatasync, fstatSync, ftruncateSync, open, openSync, writeSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { nodeFiles } from '../storageFiles.ts';

/** The file operations of the journal's writer. All fail with the system's error (`code: 'ENOSPC'`, …). */
export interface JournalFiles {
  /** Makes a new file, mode 0600, for writing. Rejects with `EEXIST` if there is one. */
  openNew(path: string): Promise<number>;
  /** As `openNew`, at once; for the rare case that a segment is needed which nobody saw coming. */
  openNewSync(path: string): number;
  /**
   * Writes `bytes` from `offset` on at the end of the file, which is at `position`.
   * Synchronous: what is in the system's hands when the caller gets its answer outlives this process.
   * @returns how many bytes were written; fewer than asked for is no error.
   */
  writeSync(fd: number, bytes: Buffer, offset: number, position: number): number;
  truncateSync(fd: number, length: number): void;
  /** Brings what was written to the disk. */
  fdatasync(fd: number): Promise<void>;
  /** How many names the file has (0: it was removed), and its size in bytes. */
  fstat(fd: number): Promise<{ readonly links: number; readonly size: number }>;
  close(fd: number): Promise<void>;
  /** Brings a folder's names to the disk, where the platform can. */
  syncFolder(path: string): Promise<void>;
  /** Only for a file that this process made and has written nothing to. */
  remove(path: string): Promise<void>;
}

// Appending: bytes that someone else cut off leave no hole behind. On Windows a handle for appending may not truncate.
const flags = process.platform === 'win32' ? 'wx' : 'ax';

const openFile = promisify(open);
const syncData = promisify(fdatasync);
const closeFile = promisify(close);

/** The real file system. */
export const nodeJournalFiles: JournalFiles = {
  openNew: (path) => openFile(path, flags, 0o600),
  openNewSync: (path) => openSync(path, flags, 0o600),
  writeSync: (fd, bytes, offset, position) => writeSync(fd, bytes, offset, bytes.length - offset, position),
  truncateSync: ftruncateSync,
  fdatasync: (fd) => syncData(fd),
  fstat: (fd) =>
    new Promise((resolve) => {
      // The system answers from memory in half a microsecond; by way of another thread it would take fifty.
      const { nlink, size } = fstatSync(fd);
      resolve({ links: nlink, size });
    }),
  close: (fd) => closeFile(fd),
  syncFolder: (path) => nodeFiles.syncFolder(path),
  remove: unlink,
};
