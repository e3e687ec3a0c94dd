import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Clock, Logger } from '../../base/ports.ts';
import { corruptName, parseName, snapshotName, type SnapshotName } from '../journal/segmentNames.ts';
import { codeOf, type StorageFiles } from '../storageFiles.ts';

const temporarySuffix = '.tmp';
/** As much as is checked, or handed to the system, between two looks at waiting queries. */
const crcSlice = 4 * 1024 * 1024;
const writeSlice = 1024 * 1024;
const kept = 2;

/** One turn of the event loop: whoever waits for this thread comes first. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** CRC-32, computed in slices. */
async function slicedCrc(bytes: Uint8Array): Promise<number> {
  let crc = 0;
  for (let offset = 0; offset < bytes.length; offset += crcSlice) {
    if (offset > 0) await breathe();
    crc = crc32(bytes.subarray(offset, offset + crcSlice), crc);
  }
  return crc;
}

export interface SnapshotsOptions {
  /** The folder `snapshots`; made when the first one is written. */
  readonly folder: string;
  readonly files: StorageFiles;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The snapshots on the disk. Only an owner calls what writes, renames or removes. */
export class Snapshots {
  readonly #options: SnapshotsOptions;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Newest first, by name. */
  async list(): Promise<readonly SnapshotName[]> {
    const { files, folder } = this.#options;
    const found = (await files.list(folder)).map(parseName).filter((name) => name?.type === 'snapshot');
    return found.sort((a, b) => b.q - a.q || (a.name < b.name ? 1 : -1));
  }

  /**
   * The image, if it agrees with its name.
   * @returns `gone`: another process removed it meanwhile.
   * @throws the system's error when the file is there and cannot be read.
   */
  async read(snapshot: SnapshotName): Promise<Buffer | 'damaged' | 'gone'> {
    let file: Buffer;
    try {
      file = await this.#options.files.read(this.#path(snapshot.name));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 'gone';
      throw error;
    }
    if (file.length !== snapshot.bytes || (await slicedCrc(file)) !== snapshot.crc) return 'damaged';
    // A Buffer: sql.js goes on using its memory, where it would copy any other array and leave the image behind as garbage.
    return file;
  }

  /** Renames a damaged snapshot; it is never deleted. @returns its new path. */
  async setAside(snapshot: SnapshotName): Promise<string> {
    const { files, clock } = this.#options;
    const base = this.#path(corruptName(snapshot.name, clock.now()));
    let target = base;
    for (let n = 2; (await files.identity(target)) !== undefined; n++) target = `${base}-${n}`;
    await files.rename(this.#path(snapshot.name), target);
    return target;
  }

  /**
   * Writes a snapshot. The name appears only when the bytes are on the disk and so is the journal that they stand for: otherwise a
   * power cut could leave an image that knows more than the journal, and new records would get the numbers of lost ones.
   * @param syncJournal brings the journal up to `q` to the disk.
   * @throws the system's error; nothing of the new snapshot is in place then.
   */
  async save(image: Uint8Array, q: number, syncJournal: () => Promise<void>): Promise<SnapshotName> {
    const { files, folder } = this.#options;
    const crc = await slicedCrc(image);
    const name = snapshotName(q, image.length, crc);
    const path = this.#path(name);
    const temporary = `${path}${temporarySuffix}`;
    await files.makeFolder(folder);
    await files.remove(temporary).catch(() => undefined);
    try {
      await files.create(temporary, ...slices(image));
      await files.syncFile(temporary);
      await syncJournal();
      await files.rename(temporary, path);
    } catch (error) {
      // A full disk needs the room back; what cannot be removed now is removed by the next owner.
      await files.remove(temporary).catch(() => undefined);
      throw error;
    }
    await files.syncFolder(folder);
    return { type: 'snapshot', name, q, bytes: image.length, crc };
  }

  /** Removes all but the newest two, and others that reach as far as the newest. */
  async prune(newest?: SnapshotName): Promise<void> {
    const others = (await this.list()).filter(({ q, name }) => q !== newest?.q || name === newest.name);
    const keep = new Set(others.slice(0, kept).map(({ name }) => name));
    for (const old of await this.list()) if (!keep.has(old.name)) await this.#drop(old.name);
  }

  /** Removes what a killed owner left half written. */
  async removeStrays(): Promise<void> {
    const { files, folder } = this.#options;
    for (const name of await files.list(folder)) {
      if (name.endsWith(temporarySuffix)) await this.#drop(name);
    }
  }

  async #drop(name: string): Promise<void> {
    try {
      await this.#options.files.remove(this.#path(name));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#options.logger.warn(`${name} could not be removed`, error);
    }
  }

  #path(name: string): string {
    return join(this.#options.folder, name);
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += writeSlice) yield bytes.subarray(offset, offset + writeSlice);
}

/** When a snapshot is due. Sizes in bytes. */
export interface SnapshotRule {
  readonly snapshotMinBytes: number;
  readonly snapshotMaxBytes: number;
  readonly snapshotIdleBytes: number;
  readonly snapshotIdleMs: number;
}

/** The part of an image that a snapshot waits for. */
const snapshotShare = 0.7;

/**
 * Whether enough journal lies behind the newest snapshot: replaying costs about 12 ms per megabyte, writing costs the whole image. So the
 * bound grows with the image, and a byte of the journal costs less than one and a half bytes of snapshots, up to an image of 40 MiB.
 */
export function isSnapshotDue(rule: SnapshotRule, bytesSince: number, snapshotBytes: number, idleMs: number): boolean {
  const bound = Math.min(rule.snapshotMaxBytes, Math.max(rule.snapshotMinBytes, snapshotBytes * snapshotShare));
  return bytesSince >= bound || (idleMs >= rule.snapshotIdleMs && bytesSince >= rule.snapshotIdleBytes);
}
