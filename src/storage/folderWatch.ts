import { DisposableStore, MutableDisposable, noDisposable, type Disposable } from '../base/disposable.ts';
import type { Timers } from '../base/ports.ts';
import type { StorageFiles } from './storageFiles.ts';

/** A window that was just reloaded waits for the lock of its former self, which goes within a second or so. */
const quickPollMs = 250;
const quickPolls = 20;
const slowPollMs = 1_000;
/** Changes of files come in bursts: one save changes four names. */
const settleMs = 30;

/**
 * Calls `look` soon after the folder changed, and again and again: watching is a hint, polling is what counts
 * (watching misses network mounts, folders that do not exist yet, and the death of a process).
 * Never calls while the former call has not ended.
 */
export class FolderWatch implements Disposable {
  readonly #timers: Timers;
  readonly #look: () => Promise<void>;
  readonly #store = new DisposableStore();
  readonly #next = new MutableDisposable<Disposable>();
  #polls = 0;
  #looking = false;
  #hinted = false;

  /** @param look must not reject. */
  constructor(files: StorageFiles, folder: string, timers: Timers, look: () => Promise<void>) {
    this.#timers = timers;
    this.#look = look;
    this.#store.add(this.#next);
    this.#store.add(watchIfThere(files, folder, () => this.#hint()));
    this.#wait();
  }

  dispose(): void {
    this.#store.dispose();
  }

  #hint(): void {
    // A pending hint is not put off by the next one: a busy folder must be looked at, too.
    if (this.#hinted) return;
    this.#hinted = true;
    if (!this.#looking) this.#next.value = this.#timers.after(settleMs, () => this.#run());
  }

  #wait(): void {
    this.#polls++;
    this.#next.value = this.#timers.after(this.#polls <= quickPolls ? quickPollMs : slowPollMs, () => this.#run());
  }

  #run(): void {
    this.#looking = true;
    this.#hinted = false;
    const done = (): void => {
      this.#looking = false;
      if (this.#hinted) this.#next.value = this.#timers.after(settleMs, () => this.#run());
      else this.#wait();
    };
    this.#look().then(done, done);
  }
}

function watchIfThere(files: StorageFiles, folder: string, changed: () => void): Disposable {
  try {
    return files.watch(folder, changed);
  } catch {
    return noDisposable;
  }
}
