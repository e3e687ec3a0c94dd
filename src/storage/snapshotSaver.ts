import type { Disposable } from '../base/disposable.ts';
import { Deferred, detach } from '../base/async.ts';
import { FleetError, isFleetError } from '../base/errors.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import { diskReason } from './diskReason.ts';

/** Changes within this time share one snapshot: below what a person notices, above a burst of events. */
const shortestDelayMs = 25;
/** The share of this thread's time that saving may take is one part in `1 + restFactor`. */
const restFactor = 4;
const longestDelayMs = 1_000;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

export interface SnapshotSaverOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Folder of the registry, for messages. */
  readonly folder: string;
  /** Writes the state as it is when called; returns how long it kept this thread, in milliseconds. */
  readonly save: () => Promise<number>;
  /** Told after every attempt: `undefined` when the state is on the disk, else why not, in words. */
  readonly attempted: (reason: string | undefined) => void;
}

/** Decides when to save: coalesced, one save at a time, and again with growing pauses while the disk refuses. */
export class SnapshotSaver implements Disposable {
  readonly #options: SnapshotSaverOptions;
  #waiting: Deferred<void>[] = [];
  #delay: Disposable | undefined;
  #retry: Disposable | undefined;
  #retryMs = firstRetryMs;
  #delayMs = shortestDelayMs;
  #saving: Promise<void> | undefined;
  /** The last attempt failed: there is something in memory that is not on the disk. */
  #failed = false;
  #disposed = false;

  constructor(options: SnapshotSaverOptions) {
    this.#options = options;
  }

  /**
   * Resolves when a snapshot that was begun after this call is in place.
   * @throws FleetError `NotPersisted` when that snapshot could not be written (it is tried again by itself); `NotOwner` or
   * `NewerRegistry` as `save` threw them (it is not tried again).
   */
  changed(): Promise<void> {
    const waiter = new Deferred<void>();
    this.#waiting.push(waiter);
    this.#schedule();
    return waiter.promise;
  }

  /** Saves now what waits, after the save under way. Never rejects: each change hears its own end. */
  async flush(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
    if (this.#waiting.length > 0 || this.#failed) await this.#start();
  }

  /** Stops all timers. What is not saved stays unsaved. */
  dispose(): void {
    this.#disposed = true;
    this.#delay?.dispose();
    this.#retry?.dispose();
    this.#retry = undefined;
    this.#refuse(new FleetError('NotPersisted', 'The fleet was closed before the change could be saved.'));
  }

  #schedule(): void {
    if (this.#disposed || this.#saving !== undefined || this.#delay !== undefined) return;
    this.#delay = this.#options.timers.after(this.#delayMs, () => this.#begin());
  }

  #begin(): void {
    detach(this.#start(), this.#options.logger, 'saving the fleet');
  }

  #start(): Promise<void> {
    this.#delay?.dispose();
    this.#delay = undefined;
    this.#saving ??= this.#attempt().finally(() => {
      this.#saving = undefined;
      if (this.#waiting.length > 0) this.#schedule();
    });
    return this.#saving;
  }

  async #attempt(): Promise<void> {
    const waiters = this.#waiting;
    this.#waiting = [];
    try {
      const blockedMs = await this.#options.save();
      this.#delayMs = Math.min(longestDelayMs, Math.max(shortestDelayMs, restFactor * blockedMs));
      this.#succeeded();
      for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      const final = isFleetError(error, 'NotOwner') || isFleetError(error, 'NewerRegistry');
      const told = final ? error : this.#keepTrying(error);
      if (final) this.#succeeded();
      for (const waiter of waiters) waiter.reject(told);
    }
  }

  #succeeded(): void {
    this.#failed = false;
    this.#retry?.dispose();
    this.#retry = undefined;
    this.#retryMs = firstRetryMs;
    this.#options.attempted(undefined);
  }

  #keepTrying(error: unknown): FleetError {
    const reason = diskReason(error, this.#options.folder);
    this.#failed = true;
    // Changes may come at any pace; only the retries themselves make the pause longer.
    if (this.#retry === undefined && !this.#disposed) {
      this.#retry = this.#options.timers.after(this.#retryMs, () => {
        this.#retry = undefined;
        this.#retryMs = Math.min(longestRetryMs, this.#retryMs * 2);
        this.#begin();
      });
    }
    this.#options.logger.warn('the fleet could not be saved', error);
    this.#options.attempted(reason);
    return new FleetError('NotPersisted', `The fleet could not be saved and is kept in memory until it can. ${reason}`, { cause: error });
  }

  #refuse(error: FleetError): void {
    const waiters = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiters) waiter.reject(error);
  }
}
