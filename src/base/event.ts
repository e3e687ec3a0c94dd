import { DisposableStore, toDisposable, type Disposable } from './disposable.ts';
import type { Logger } from './ports.ts';

/** Subscribes a listener; dispose the result to stop listening. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/**
 * Announces what has happened. Listeners hear events in the order they were fired, also when
 * one of them fires again from inside; one that throws is logged and harms no other.
 */
export class Emitter<T> implements Disposable {
  readonly #listeners = new Set<(value: T) => void>();
  readonly #queue: T[] = [];
  readonly #logger: Logger;
  #delivering = false;
  #disposed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  readonly event: Event<T> = (listener) => {
    if (this.#disposed) return toDisposable(() => {});
    // A wrapper makes two subscriptions of one function independent of each other.
    const entry = (value: T): void => listener(value);
    this.#listeners.add(entry);
    return toDisposable(() => this.#listeners.delete(entry));
  };

  get hasListeners(): boolean {
    return this.#listeners.size > 0;
  }

  fire(value: T): void {
    if (this.#disposed) return;
    this.#queue.push(value);
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#queue.length > 0) {
        const next = this.#queue.shift() as T;
        for (const listener of [...this.#listeners]) this.#call(listener, next);
      }
    } finally {
      this.#delivering = false;
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#listeners.clear();
    this.#queue.length = 0;
  }

  #call(listener: (value: T) => void, value: T): void {
    if (!this.#listeners.has(listener)) return;
    try {
      listener(value);
    } catch (error) {
      this.#logger.error('an event listener failed', error);
    }
  }
}

/** Resolves with the first event that satisfies `accept`. */
export function nextEvent<T>(event: Event<T>, accept: (value: T) => boolean = () => true): Promise<T> {
  return new Promise((resolve) => {
    const store = new DisposableStore();
    store.add(
      event((value) => {
        if (!accept(value)) return;
        store.dispose();
        resolve(value);
      }),
    );
  });
}
