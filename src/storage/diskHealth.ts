import { DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import { FleetError, isFleetError } from '../base/errors.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { StoreHealth } from '../core/ports.ts';
import { diskReason } from './diskReason.ts';

/** Pause before a failed write is tried again, milliseconds: doubled each time up to the last. */
const firstRetryMs = 1_000;
const lastRetryMs = 30_000;

export interface DiskHealthOptions {
  /** The registry's folder, for messages. */
  readonly folder: string;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Writes what waits. */
  readonly retry: () => void;
}

/** Whether changes reach the disk, in words for people; tries again by itself while they do not. */
export class DiskHealth implements Disposable {
  readonly #options: DiskHealthOptions;
  readonly #disposables = new DisposableStore();
  readonly #retry: MutableDisposable<Disposable>;
  readonly #changes: Emitter<StoreHealth>;
  #state: StoreHealth = { persisted: true };
  #pauseMs = firstRetryMs;

  constructor(options: DiskHealthOptions) {
    this.#options = options;
    this.#changes = this.#disposables.add(new Emitter(options.logger));
    this.#retry = this.#disposables.add(new MutableDisposable<Disposable>());
    this.onDidChange = this.#changes.event;
  }

  readonly onDidChange: Event<StoreHealth>;

  get state(): StoreHealth {
    return this.#state;
  }

  /** A failed write will be tried again by itself. */
  get isWaiting(): boolean {
    return this.#retry.value !== undefined;
  }

  /** Something could not be written; it is tried again later. */
  failed(error: unknown): void {
    if (this.#disposables.isDisposed) return;
    const { folder, timers, logger, retry } = this.#options;
    // Everything that shares a failed sync comes here with the same error.
    if (!this.isWaiting) logger.warn('the registry could not be written', error);
    this.say(isFleetError(error) ? error.message : diskReason(error, folder));
    this.#retry.value ??= timers.after(this.#pauseMs, () => {
      this.#retry.value = undefined;
      this.#pauseMs = Math.min(this.#pauseMs * 2, lastRetryMs);
      retry();
    });
  }

  /** Everything is on the disk. */
  recovered(): void {
    this.#pauseMs = firstRetryMs;
    this.#retry.value = undefined;
    this.say(undefined);
  }

  /** @param reason why changes do not reach the disk; `undefined`: they do. */
  say(reason: string | undefined): void {
    const was = this.#state.persisted ? undefined : this.#state.reason;
    if (reason === was) return;
    this.#state = reason === undefined ? { persisted: true } : { persisted: false, reason };
    this.#changes.fire(this.#state);
  }

  /** The error for what waits. */
  notPersisted(): FleetError<'NotPersisted'> {
    const reason = this.#state.persisted ? 'The disk did not take it.' : this.#state.reason;
    return new FleetError('NotPersisted', `The fleet could not be saved: ${reason}`, { details: { reason } });
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}
