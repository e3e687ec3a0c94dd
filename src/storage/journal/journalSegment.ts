import { join } from 'node:path';
import type { Logger } from '../../base/ports.ts';
import { codeOf } from '../storageFiles.ts';
import type { JournalFiles } from './journalFiles.ts';
import { encodeHead, journalFormat } from './record.ts';
import { liveName } from './segmentNames.ts';

const maxRetries = 9_999;

export interface SegmentPlace {
  readonly folder: string;
  readonly epoch: number;
  readonly files: JournalFiles;
  readonly logger: Logger;
}

/** One live segment that is open for writing. */
export class JournalSegment {
  readonly name: string;
  /** First q that is new in it. */
  readonly first: number;
  /** Length in bytes of what is known to be whole lines. */
  end = 0;
  /** Whether the file's name is known to be on the disk. */
  nameSynced = false;
  /** It takes no more lines. */
  #sealed = false;
  /** Bytes of a failed write may stand behind `end`. */
  #dirtyTail = false;
  #closing: Promise<void> | undefined;
  readonly #fd: number;
  readonly #place: SegmentPlace;

  /** Number in its name; 0 for the first attempt. */
  readonly retry: number;

  private constructor(place: SegmentPlace, name: string, first: number, fd: number, retry = 0) {
    this.retry = retry;
    this.#place = place;
    this.name = name;
    this.first = first;
    this.#fd = fd;
  }

  /** Makes the file. Rejects with the system's error, `EEXIST` if the name is taken. */
  static async open(place: SegmentPlace, first: number): Promise<JournalSegment> {
    const name = liveName(place.epoch, first);
    return new JournalSegment(place, name, first, await place.files.openNew(join(place.folder, name)));
  }

  /**
   * As `open`, at once, and a name that an earlier segment took, which was given up, is passed by.
   * @param fromRetry first number to try in the name: one that was used already must not be used again, even if its file is gone, because
   *   the later segment would then be read first and be void.
   */
  static openAtOnce(place: SegmentPlace, first: number, fromRetry: number): JournalSegment {
    for (let retry = fromRetry; ; retry++) {
      const name = liveName(place.epoch, first, retry);
      try {
        return new JournalSegment(place, name, first, place.files.openNewSync(join(place.folder, name)), retry);
      } catch (error) {
        if (codeOf(error) !== 'EEXIST' || retry >= maxRetries) throw error;
      }
    }
  }

  get isSealed(): boolean {
    return this.#sealed;
  }

  /** Writes the header. As `write`. */
  begin(t: number): void {
    if (this.end === 0) this.write(encodeHead({ format: journalFormat, epoch: this.#place.epoch, first: this.first, t }));
  }

  /**
   * Adds whole lines or nothing. Throws the system's error; if what was written in part could not be taken back, the
   * segment is sealed.
   */
  write(bytes: Buffer): void {
    const { files } = this.#place;
    try {
      for (let done = 0; done < bytes.length; ) {
        // eslint-disable-next-line no-restricted-syntax -- an acknowledged change must outlive this process: the call returns when the system has the bytes
        const written = files.writeSync(this.#fd, bytes, done, this.end + done);
        if (written <= 0) throw Object.assign(new Error(`EIO: nothing was written to ${this.name}`), { code: 'EIO' });
        done += written;
      }
    } catch (error) {
      this.#dirtyTail = true;
      if (!this.#cutTail()) this.seal();
      throw error;
    }
    this.end += bytes.length;
  }

  /** Brings what was written so far to the disk. Rejects with the system's error, or `ENOENT` if the file was removed. */
  async sync(): Promise<void> {
    const { files, folder } = this.#place;
    const { end } = this;
    // All of them must have ended before anyone may close the file.
    const [data, state, names] = await Promise.allSettled([
      files.fdatasync(this.#fd),
      files.fstat(this.#fd),
      this.nameSynced ? undefined : files.syncFolder(folder),
    ]);
    if (data.status === 'rejected') throw data.reason;
    if (state.status === 'rejected') throw state.reason;
    if (names.status === 'rejected') throw names.reason;
    this.nameSynced = true;
    if (state.value.links === 0) throw Object.assign(new Error(`ENOENT: ${this.name} was removed`), { code: 'ENOENT' });
    if (state.value.size < end) throw Object.assign(new Error(`EIO: ${this.name} was cut short`), { code: 'EIO' });
  }

  seal(): void {
    this.#sealed = true;
  }

  /** Closes the file; without an error, because nobody could do anything about it. Nothing else may be under way. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#sealed = true;
    if (this.#dirtyTail) this.#cutTail();
    await this.#place.files.close(this.#fd).catch((error: unknown) => this.#place.logger.warn(`Closing ${this.name} failed`, error));
  }

  /** Closes a file that was never used, and takes it away. One that stays is empty and does no harm. */
  async discard(): Promise<void> {
    await this.close();
    if (this.end > 0) return;
    const { files, folder, logger } = this.#place;
    await files.remove(join(folder, this.name)).catch((error: unknown) => logger.warn(`Removing the unused ${this.name} failed`, error));
  }

  #cutTail(): boolean {
    try {
      this.#place.files.truncateSync(this.#fd, this.end);
      this.#dirtyTail = false;
      return true;
    } catch (error) {
      this.#place.logger.warn(`Cutting ${this.name} back to ${this.end} bytes failed`, error);
      return false;
    }
  }
}
