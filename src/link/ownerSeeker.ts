import { detach } from '../base/async.ts';
import { DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';
import { dial } from './dial.ts';
import { openRpc, withDeadline, type Rpc } from './rpc.ts';
import { watchFile } from './watchFile.ts';
import { deadlines, maxWindowMessageBytes, type WindowFile } from './windowContract.ts';
import { readWindowFile } from './windowFile.ts';

export interface OwnerSeekerOptions {
  readonly file: string;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Registers handlers, listens and says hello. Rejects when the other side is not the one it should be. */
  readonly greet: (rpc: Rpc, token: string) => Promise<void>;
  readonly onClose: (rpc: Rpc) => void;
  readonly isGreeted: () => boolean;
}

/** First and longest pause between attempts, and the pace at which the file is looked at while connected; milliseconds. */
const firstPauseMs = 100;
const longestPauseMs = 2000;

/** While it looks, it always tries to be connected to the window that the file names. A change of the file is seen by a watch and, where watches fail, by the next look. */
export class OwnerSeeker implements Disposable {
  readonly #options: OwnerSeekerOptions;
  readonly #store = new DisposableStore();
  readonly #running = this.#store.add(new MutableDisposable<Disposable>());
  readonly #nextLook = this.#store.add(new MutableDisposable<Disposable>());
  #rpc: Rpc | undefined;
  #address: string | undefined;
  #isReading = false;
  #lookAgain = false;
  #pauseMs = firstPauseMs;
  #lastFault = '';

  constructor(options: OwnerSeekerOptions) {
    this.#options = options;
  }

  get isLooking(): boolean {
    return this.#running.value !== undefined;
  }

  look(): void {
    if (this.isLooking || this.#store.isDisposed) return;
    this.#running.value = watchFile(this.#options.file, this.#options.logger, () => this.#look());
    this.#look();
  }

  /** Closes the connection and looks no more. */
  leave(): void {
    this.#running.value = undefined;
    this.#nextLook.value = undefined;
    this.#rpc?.close();
  }

  dispose(): void {
    this.leave();
    this.#store.dispose();
  }

  /** Looks at the file now; never two at once. */
  #look(): void {
    if (!this.isLooking) return;
    this.#lookAgain = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#nextLook.value = undefined;
    detach(this.#looking(), this.#options.logger, 'looking for the window that manages this fleet');
  }

  async #looking(): Promise<void> {
    try {
      while (this.#lookAgain && this.isLooking) {
        this.#lookAgain = false;
        const file = await readWindowFile(this.#options.file);
        // A window that goes away removes the file and closes the connection; the first alone means nothing.
        if (file === undefined || (this.#rpc !== undefined && file.address === this.#address)) continue;
        await this.#connect(file);
      }
    } finally {
      this.#isReading = false;
      this.#lookLater();
    }
  }

  #lookLater(): void {
    if (!this.isLooking || this.#isReading) return;
    const pause = this.#options.isGreeted() ? longestPauseMs : this.#pauseMs;
    this.#pauseMs = this.#options.isGreeted() ? firstPauseMs : Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#nextLook.value = this.#options.timers.after(pause, () => this.#look());
  }

  async #connect(file: WindowFile): Promise<void> {
    const { timers, logger, greet } = this.#options;
    this.#rpc?.close();
    const running = this.#running.value;
    try {
      const socket = await withDeadline(timers, deadlines.hello, 'The window that manages this fleet', dial(file.address));
      if (running === undefined || this.#running.value !== running) {
        socket.destroy();
        return;
      }
      const rpc = openRpc(socket, logger, 'the window that manages this fleet', () => this.#closed(rpc), maxWindowMessageBytes);
      this.#rpc = rpc;
      this.#address = file.address;
      await greet(rpc, file.token);
      this.#pauseMs = firstPauseMs;
      this.#lastFault = '';
    } catch (error) {
      this.#rpc?.close();
      this.#fault(`no connection to the window that manages this fleet: ${messageOf(error)}`);
    }
  }

  #closed(rpc: Rpc): void {
    if (this.#rpc === rpc) {
      this.#rpc = undefined;
      this.#address = undefined;
    }
    this.#options.onClose(rpc);
    this.#lookLater();
  }

  /** Says the same fault once: the owner may not answer for hours. */
  #fault(text: string): void {
    if (text !== this.#lastFault) this.#options.logger.info(text);
    this.#lastFault = text;
  }
}
