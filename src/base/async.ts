import type { Disposable } from './disposable.ts';
import type { Logger, Timers } from './ports.ts';

/** A promise with its handles outside. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T | PromiseLike<T>) => void;
  reject!: (reason: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Runs tasks one after the other, in the order they were added. A failing task does not stop the next. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the task does. */
  add<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything added so far has ended. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}

/** Lets a promise run without waiting for it; a rejection is logged, never lost. */
export function detach(promise: Promise<unknown>, logger: Logger, what: string): void {
  promise.catch((error: unknown) => logger.error(`${what} failed`, error));
}

/**
 * Coalesces calls: the first `trigger` starts a delay, `run` is called once at its end.
 * Calls during the delay are absorbed; a call during `run` starts the next delay.
 */
export class Coalescer implements Disposable {
  readonly #timers: Timers;
  readonly #delayMs: number;
  readonly #run: () => void;
  #pending: Disposable | undefined;
  #disposed = false;

  constructor(timers: Timers, delayMs: number, run: () => void) {
    this.#timers = timers;
    this.#delayMs = delayMs;
    this.#run = run;
  }

  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  trigger(): void {
    if (this.#disposed) return;
    this.#pending ??= this.#timers.after(this.#delayMs, () => {
      this.#pending = undefined;
      this.#run();
    });
  }

  /** Runs now if a call is pending. */
  flush(): void {
    if (this.#pending === undefined) return;
    this.#pending.dispose();
    this.#pending = undefined;
    this.#run();
  }

  dispose(): void {
    this.#disposed = true;
    this.#pending?.dispose();
    this.#pending = undefined;
  }
}

/**
 * Limits how often something runs: the first `trigger` runs it at once, those that follow within `intervalMs` are
 * gathered into one run at its end.
 */
export class Throttle implements Disposable {
  readonly #timers: Timers;
  readonly #intervalMs: number;
  readonly #run: () => void;
  #cooling: Disposable | undefined;
  #again = false;
  #disposed = false;

  constructor(timers: Timers, intervalMs: number, run: () => void) {
    this.#timers = timers;
    this.#intervalMs = intervalMs;
    this.#run = run;
  }

  trigger(): void {
    if (this.#disposed) return;
    if (this.#cooling !== undefined) {
      this.#again = true;
      return;
    }
    this.#cooling = this.#timers.after(this.#intervalMs, () => {
      this.#cooling = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.trigger();
    });
    this.#run();
  }

  dispose(): void {
    this.#disposed = true;
    this.#cooling?.dispose();
    this.#cooling = undefined;
  }
}
