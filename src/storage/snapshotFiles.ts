import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { FleetError } from '../base/errors.ts';
import type { Clock, Logger } from '../base/ports.ts';
import { diskReason } from './diskReason.ts';
import { schemaVersion } from './schema.ts';
import { unseal } from './seal.ts';
import { codeOf, type FileIdentity, type StorageFiles } from './storageFiles.ts';

const newest = 'registry.db';
const previous = 'registry.db.previous';
const temporaryPrefix = 'registry.db.tmp-';

/** What a look into the folder found. */
export interface Loaded<T> {
  /** `undefined`: nothing is stored, or nothing of it is usable. */
  readonly content: T | undefined;
  /** The newest snapshot was damaged and the one before it was used: the last change or two are missing. */
  readonly restored: boolean;
  /** New paths of damaged files. */
  readonly setAside: readonly string[];
  /** The registry's schema version, if it is newer than ours. `content` is absent then. */
  readonly newerVersion?: number;
}

/**
 * The snapshot and its predecessor on the disk. One save at a time; only the owner saves and sets aside.
 * A kill between any two steps of `save` leaves the old or the new state: the new one is complete before
 * its name changes, and while `registry.db` is between two names, `registry.db.previous` is the old state.
 */
export class SnapshotFiles {
  readonly #folder: string;
  readonly #files: StorageFiles;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** The snapshot that memory agrees with: read or written last. */
  #known: FileIdentity | undefined;

  constructor(folder: string, files: StorageFiles, clock: Clock, logger: Logger) {
    this.#folder = folder;
    this.#files = files;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Whether there is anything to open. */
  async exist(): Promise<boolean> {
    const names = await this.#files.list(this.#folder);
    return names.includes(newest) || names.includes(previous);
  }

  /** Whether another process put a snapshot in place since we read or wrote one. A missing file is no change. */
  async changedElsewhere(): Promise<boolean> {
    const found = await this.#files.identity(this.#path(newest));
    return found !== undefined && !same(found, this.#known);
  }

  /**
   * Reads the newest snapshot that is whole.
   * @param parse makes the content of an SQLite image; throws if it is not one of ours.
   * @param setAside whether damaged files may be renamed: for the owner only.
   * @throws FleetError `RegistryUnreadable` if the newest snapshot is there but the system refuses to hand it out.
   */
  async load<T>(parse: (image: Uint8Array) => T, setAside: boolean): Promise<Loaded<T>> {
    const moved: string[] = [];
    let damaged = false;
    this.#known = undefined;
    for (const name of [newest, previous]) {
      const path = this.#path(name);
      const identity = await this.#files.identity(path);
      const file = identity === undefined ? undefined : await this.#read(path);
      if (file === undefined) continue;
      if (name === newest) this.#known = identity;
      const unsealed = unseal(file);
      if (unsealed !== undefined && unsealed.version > schemaVersion) {
        return { content: undefined, restored: false, setAside: moved, newerVersion: unsealed.version };
      }
      try {
        if (unsealed === undefined) throw new Error('the checksum is wrong');
        return { content: parse(unsealed.image), restored: damaged, setAside: moved };
      } catch (error) {
        this.#logger.warn(`${path} is damaged`, error);
        damaged = true;
        if (setAside) moved.push(await this.#setAside(name));
      }
    }
    return { content: undefined, restored: false, setAside: moved };
  }

  /** Puts an SQLite image, sealed, in place of the newest snapshot. @throws the system's error; the old state is in place then, or the new one. */
  async save(image: Uint8Array, seal: Uint8Array): Promise<void> {
    const temporary = this.#path(`${temporaryPrefix}${randomBytes(6).toString('hex')}`);
    await this.#files.makeFolder(this.#folder);
    try {
      await this.#files.create(temporary, image, seal);
      await this.#files.syncFile(temporary);
      await this.#renameIfThere(this.#path(newest), this.#path(previous));
      await this.#files.rename(temporary, this.#path(newest));
    } catch (error) {
      // A full disk needs the room back; what cannot be removed now is removed when the registry is opened.
      await this.#files.remove(temporary).catch(() => undefined);
      throw error;
    }
    this.#known = await this.#files.identity(this.#path(newest));
    await this.#files.syncFolder(this.#folder);
  }

  /** Removes what a killed save left behind. Only for the owner: nobody else makes these files. */
  async removeStrays(): Promise<void> {
    for (const name of await this.#files.list(this.#folder)) {
      if (name.startsWith(temporaryPrefix)) await this.#files.remove(this.#path(name)).catch(() => undefined);
    }
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #read(path: string): Promise<Buffer | undefined> {
    try {
      return await this.#files.read(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw new FleetError('RegistryUnreadable', `The fleet cannot be read from ${path}. ${diskReason(error, this.#folder)}`, { cause: error });
    }
  }

  async #renameIfThere(from: string, to: string): Promise<void> {
    try {
      await this.#files.rename(from, to);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  async #setAside(name: string): Promise<string> {
    const base = this.#path(`${name}.corrupt-${new Date(this.#clock.now()).toISOString().replace(/[:.]/g, '-')}`);
    let target = base;
    for (let n = 2; (await this.#files.identity(target)) !== undefined; n++) target = `${base}-${n}`;
    await this.#files.rename(this.#path(name), target);
    return target;
  }
}

function same(a: FileIdentity, b: FileIdentity | undefined): boolean {
  return b !== undefined && a.inode === b.inode && a.size === b.size && a.modifiedAt === b.modifiedAt;
}
