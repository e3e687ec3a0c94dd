import { toDisposable, type Disposable } from '../../src/base/disposable.ts';
import type { Clock, Timers } from '../../src/base/ports.ts';

interface Entry {
  due: number;
  readonly every: number | undefined;
  readonly run: () => void;
}

/** A clock and timers that move only when a test says so. */
export class FakeTime implements Clock, Timers {
  #wall = 1_700_000_000_000;
  #monotonic = 0;
  readonly #entries = new Set<Entry>();

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  get pending(): number {
    return this.#entries.size;
  }

  after(ms: number, run: () => void): Disposable {
    return this.#add({ due: this.#monotonic + ms, every: undefined, run });
  }

  every(ms: number, run: () => void): Disposable {
    return this.#add({ due: this.#monotonic + ms, every: ms, run });
  }

  /** Sets the wall clock without any time passing. */
  setWall(epochMs: number): void {
    this.#wall = epochMs;
  }

  /** Lets `ms` milliseconds pass; timers run in order, and promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    for (;;) {
      await settle();
      const next = [...this.#entries].filter((entry) => entry.due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#move(Math.max(next.due, this.#monotonic));
      if (next.every === undefined) this.#entries.delete(next);
      else next.due += next.every;
      next.run();
    }
    this.#move(end);
    await settle();
  }

  #move(to: number): void {
    this.#wall += to - this.#monotonic;
    this.#monotonic = to;
  }

  #add(entry: Entry): Disposable {
    this.#entries.add(entry);
    return toDisposable(() => this.#entries.delete(entry));
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
