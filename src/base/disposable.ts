/** Something that must be let go of, exactly once. */
export interface Disposable {
  dispose(): void;
}

/** Told of every store that is made and disposed; lets a test suite find leaks. */
export interface DisposableTracker {
  created(store: object): void;
  disposed(store: object): void;
}

let tracker: DisposableTracker | undefined;

/** Installs (or, with `undefined`, removes) the tracker. For test suites. */
export function trackDisposables(next: DisposableTracker | undefined): void {
  tracker = next;
}

/** Makes a disposable from a function. The function runs at most once. */
export function toDisposable(run: () => void): Disposable {
  let done = false;
  return {
    dispose() {
      if (done) return;
      done = true;
      run();
    },
  };
}

/** A disposable that owns nothing. */
export const noDisposable: Disposable = { dispose() {} };

/**
 * Owns disposables and lets them go in reverse order of adding.
 * Adding to a disposed store disposes at once: nothing can slip in after the end.
 */
export class DisposableStore implements Disposable {
  readonly #items = new Set<Disposable>();
  #disposed = false;

  constructor() {
    tracker?.created(this);
  }

  get isDisposed(): boolean {
    return this.#disposed;
  }

  /** Takes ownership of `item` and returns it. */
  add<T extends Disposable>(item: T): T {
    if (this.#disposed) item.dispose();
    else this.#items.add(item);
    return item;
  }

  /** Disposes one owned item now. */
  delete(item: Disposable): void {
    if (this.#items.delete(item)) item.dispose();
  }

  /** Disposes all owned items; the store stays usable. Every item is disposed even if one throws; the first error is rethrown. */
  clear(): void {
    const items = [...this.#items].reverse();
    this.#items.clear();
    disposeAll(items);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    tracker?.disposed(this);
    this.clear();
  }
}

/** Holds at most one disposable; setting a new one disposes the old. */
export class MutableDisposable<T extends Disposable> implements Disposable {
  #value: T | undefined;
  #disposed = false;

  get value(): T | undefined {
    return this.#value;
  }

  set value(next: T | undefined) {
    if (next === this.#value) return;
    this.#value?.dispose();
    if (this.#disposed) next?.dispose();
    this.#value = this.#disposed ? undefined : next;
  }

  dispose(): void {
    this.#disposed = true;
    this.#value?.dispose();
    this.#value = undefined;
  }
}

/** Disposables by key; replacing or deleting a key disposes what was there. At the end every one is disposed even if one throws; the first error is rethrown. */
export class DisposableMap<K, V extends Disposable> implements Disposable {
  readonly #items = new Map<K, V>();
  #disposed = false;

  constructor() {
    tracker?.created(this);
  }

  get size(): number {
    return this.#items.size;
  }

  get(key: K): V | undefined {
    return this.#items.get(key);
  }

  has(key: K): boolean {
    return this.#items.has(key);
  }

  set(key: K, value: V): V {
    if (this.#disposed) {
      value.dispose();
      return value;
    }
    const old = this.#items.get(key);
    this.#items.set(key, value);
    if (old !== value) old?.dispose();
    return value;
  }

  delete(key: K): void {
    const old = this.#items.get(key);
    this.#items.delete(key);
    old?.dispose();
  }

  entries(): IterableIterator<[K, V]> {
    return this.#items.entries();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    tracker?.disposed(this);
    const items = [...this.#items.values()].reverse();
    this.#items.clear();
    disposeAll(items);
  }
}

function disposeAll(items: readonly Disposable[]): void {
  const errors: unknown[] = [];
  for (const item of items) {
    try {
      item.dispose();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
