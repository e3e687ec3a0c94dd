import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';

/**
 * The bytes of a spool on disk. All calls are synchronous on purpose: when `append` returns, the bytes are with the system, and a
 * kill of this process in the next instruction loses nothing. The runner has no other work that this could hold up.
 */
export class SpoolFile {
  readonly #path: string;
  #fd: number | undefined;
  #size = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#size;
  }

  /** Opens or creates the file (mode 0600) and gives what is in it. @throws Error of the system. */
  open(): Buffer {
    this.#fd = openSync(this.#path, constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600);
    const content = readFileSync(this.#fd);
    this.#size = content.length;
    return content;
  }

  /** Adds bytes at the end. Adds all or nothing. @throws Error of the system, for example ENOSPC. */
  append(bytes: Buffer): void {
    const fd = this.#opened();
    try {
      writeAll(fd, bytes, this.#size);
      this.#size += bytes.length;
    } catch (error) {
      // Half a line must not glue itself to the next one.
      try {
        ftruncateSync(fd, this.#size);
      } catch {
        // The reader skips and counts a torn line.
      }
      throw error;
    }
  }

  /** @throws Error of the system. */
  read(offset: number, length: number): Buffer {
    const fd = this.#opened();
    const bytes = Buffer.allocUnsafe(length);
    let read = 0;
    while (read < length) {
      const count = readSync(fd, bytes, read, length - read, offset + read);
      if (count === 0) break;
      read += count;
    }
    return bytes.subarray(0, read);
  }

  /** Replaces the whole content in one step: a kill at any moment leaves the old file or the new one. @throws Error of the system. */
  replace(content: Buffer): void {
    const draft = `${this.#path}.new`;
    let fd: number | undefined;
    try {
      rmSync(draft, { force: true });
      fd = openSync(draft, 'wx+', 0o600);
      writeAll(fd, content, 0);
      fsyncSync(fd);
      renameSync(draft, this.#path);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      rmSync(draft, { force: true });
      throw error;
    }
    this.close();
    this.#fd = fd;
    this.#size = content.length;
  }

  /** Forgets the whole content. @throws Error of the system. */
  clear(): void {
    ftruncateSync(this.#opened(), 0);
    this.#size = 0;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #opened(): number {
    if (this.#fd === undefined) throw new Error('the spool is not open');
    return this.#fd;
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, position + written);
}
