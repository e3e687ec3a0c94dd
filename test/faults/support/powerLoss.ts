import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nodeJournalFiles, type JournalFiles } from '../../../src/storage/journal/journalFiles.ts';
import { nodeFiles, type StorageFiles } from '../../../src/storage/storageFiles.ts';
import type { Random } from './settings.ts';

interface Inode {
  /** A second name, so that its bytes are still there after it was removed. */
  readonly vault: string;
  size: number;
  /** So many bytes outlive a loss of power. */
  synced: number;
}

/**
 * The real file system, and a record of what of it would be there after a loss of power: bytes that were synced, names whose folder was. Of
 * everything else each thing may have reached the disk or not.
 */
export class Disk {
  readonly #vault: string;
  readonly #names = new Map<string, Inode>();
  readonly #synced = new Map<string, Inode>();
  readonly #byFd = new Map<number, Inode>();
  #inodes = 0;

  /** @param vault an empty folder on the same disk. */
  constructor(vault: string) {
    this.#vault = vault;
  }

  #made(path: string): Inode {
    const vault = join(this.#vault, String(this.#inodes++));
    linkSync(path, vault);
    const inode = { vault, size: statSync(path).size, synced: 0 };
    this.#names.set(path, inode);
    return inode;
  }

  /** What is written before the sync begins is safe when it has ended. */
  async #sync<T>(inode: Inode | undefined, run: () => Promise<T>): Promise<T> {
    const size = inode?.size ?? 0;
    const result = await run();
    if (inode !== undefined) inode.synced = Math.max(inode.synced, size);
    return result;
  }

  async #syncFolder(path: string): Promise<void> {
    const names = [...this.#names].filter(([name]) => dirname(name) === path);
    const gone = [...this.#synced.keys()].filter((name) => dirname(name) === path && !this.#names.has(name));
    await nodeFiles.syncFolder(path);
    // Another sync that began later may have ended sooner: what it brought to the disk stays there.
    for (const name of gone) if (!this.#names.has(name)) this.#synced.delete(name);
    for (const [name, inode] of names) this.#synced.set(name, inode);
  }

  readonly journalFiles: JournalFiles = {
    ...nodeJournalFiles,
    openNew: async (path) => {
      const fd = await nodeJournalFiles.openNew(path);
      this.#byFd.set(fd, this.#made(path));
      return fd;
    },
    openNewSync: (path) => {
      const fd = nodeJournalFiles.openNewSync(path);
      this.#byFd.set(fd, this.#made(path));
      return fd;
    },
    writeSync: (fd, bytes, offset, position) => {
      const written = nodeJournalFiles.writeSync(fd, bytes, offset, position);
      const inode = this.#byFd.get(fd);
      if (inode !== undefined) inode.size += written;
      return written;
    },
    fdatasync: (fd) => this.#sync(this.#byFd.get(fd), () => nodeJournalFiles.fdatasync(fd)),
    fstat: async (fd) => {
      const { links, size } = await nodeJournalFiles.fstat(fd);
      return { links: links - 1, size };
    },
    syncFolder: (path) => this.#syncFolder(path),
    remove: async (path) => {
      await nodeJournalFiles.remove(path);
      this.#names.delete(path);
    },
  };

  readonly files: StorageFiles = {
    ...nodeFiles,
    create: async (path, ...parts) => {
      await nodeFiles.create(path, ...parts);
      this.#made(path);
    },
    syncFile: (path) => this.#sync(this.#names.get(path), () => nodeFiles.syncFile(path)),
    syncFolder: (path) => this.#syncFolder(path),
    rename: async (from, to) => {
      await nodeFiles.rename(from, to);
      const inode = this.#names.get(from);
      this.#names.delete(from);
      if (inode !== undefined) this.#names.set(to, inode);
    },
    remove: async (path) => {
      await nodeFiles.remove(path);
      this.#names.delete(path);
    },
  };

  /** Makes a copy of `from` as it may be when the power is back. All at once. */
  lose(from: string, to: string, random: Random): void {
    for (const folder of ['journal', 'snapshots']) if (existsSync(join(from, folder))) mkdirSync(join(to, folder), { recursive: true });
    for (const path of new Set([...this.#names.keys(), ...this.#synced.keys()])) {
      const now = this.#names.get(path);
      const then = this.#synced.get(path);
      const inode = now === then || random.chance(0.5) ? now : then;
      if (inode === undefined) continue;
      const target = join(to, basename(dirname(path)), basename(path));
      copyFileSync(inode.vault, target);
      spoilTail(target, inode.synced, random);
    }
  }
}

/** Whatever was not synced is there, cut, zeros or noise. */
function spoilTail(path: string, from: number, random: Random): void {
  const bytes = readFileSync(path);
  if (bytes.length <= from) return;
  const cut = from + random.int(bytes.length - from + 1);
  switch (random.int(5)) {
    case 0:
      return;
    case 1:
      return writeFileSync(path, bytes.subarray(0, from));
    case 2:
      return writeFileSync(path, bytes.subarray(0, cut));
    case 3:
      return writeFileSync(path, bytes.fill(0, cut));
    default:
      for (let at = cut; at < bytes.length; at++) bytes[at] = random.int(256);
      return writeFileSync(path, bytes);
  }
}
