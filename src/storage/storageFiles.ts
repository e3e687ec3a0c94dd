import { watch } from 'node:fs';
import { link, mkdir, open, readFile, readdir, rename, stat, unlink, utimes } from 'node:fs/promises';
import { toDisposable, type Disposable } from '../base/disposable.ts';

/** Tells one file from the next one under the same name. */
export interface FileIdentity {
  readonly inode: number;
  readonly size: number;
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly modifiedAt: number;
}

/** The few file operations that the registry needs. All reject with the system's error (`code: 'ENOENT'`, …). */
export interface StorageFiles {
  /** Makes the folder and what is above it, mode 0700; does nothing if it is there. */
  makeFolder(path: string): Promise<void>;
  /** Names in the folder; empty if there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  read(path: string): Promise<Buffer>;
  /** Makes a new file of these parts, mode 0600. Rejects with `EEXIST` if there is one. */
  create(path: string, ...parts: readonly Uint8Array[]): Promise<void>;
  /** Brings a file's bytes to the disk. */
  syncFile(path: string): Promise<void>;
  /** Brings a folder's names to the disk, where the platform can. */
  syncFolder(path: string): Promise<void>;
  /** A second name for a file. Rejects with `EEXIST` if `to` is taken. */
  link(from: string, to: string): Promise<void>;
  /** Moves, replacing what is there. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** `undefined` if there is no such file. */
  identity(path: string): Promise<FileIdentity | undefined>;
  /** Sets the time of the last change. */
  touch(path: string, epochMs: number): Promise<void>;
  /** Calls back when something in the folder may have changed, or when watching broke off. Best effort: poll as well. */
  watch(folder: string, changed: () => void): Disposable;
}

/** The system's error code of a thrown value, or `undefined`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A large file goes to the disk in steps of so many bytes: one long sync at its end would hold up whoever writes to the same disk meanwhile, the journal above all. */
const syncStep = 4 * 1024 * 1024;

/** The real file system. */
export const nodeFiles: StorageFiles = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  async list(path) {
    try {
      return await readdir(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  },
  read: (path) => readFile(path),
  async create(path, ...parts) {
    const handle = await open(path, 'wx', 0o600);
    try {
      let unsynced = 0;
      for (const part of parts) {
        await handle.writeFile(part);
        unsynced += part.length;
        if (unsynced < syncStep) continue;
        await handle.datasync();
        unsynced = 0;
      }
    } finally {
      await handle.close();
    }
  },
  async syncFile(path) {
    const handle = await open(path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async syncFolder(path) {
    // Windows has no handle for folders to sync; its file systems journal the names themselves.
    if (process.platform === 'win32') return;
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  link,
  rename,
  remove: unlink,
  async identity(path) {
    try {
      const found = await stat(path);
      return { inode: found.ino, size: found.size, modifiedAt: found.mtimeMs };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  async touch(path, epochMs) {
    await utimes(path, epochMs / 1000, epochMs / 1000);
  },
  watch(folder, changed) {
    const watcher = watch(folder, { persistent: false }, changed);
    watcher.on('error', () => {
      watcher.close();
      changed();
    });
    return toDisposable(() => watcher.close());
  },
};
