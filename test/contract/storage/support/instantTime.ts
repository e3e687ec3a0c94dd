import { toDisposable, type Disposable } from '../../../../src/base/disposable.ts';
import type { Clock, Timers } from '../../../../src/base/ports.ts';

interface Entry {
  due: number;
  readonly every: number | undefined;
  readonly run: () => void;
}

/**
 * Time for tests with real files: delays that only gather a burst (up to 50 ms) are over in the next turn of the event
 * loop; longer ones (retries, polls, heartbeats) wait until the test lets time pass.
 */
export class InstantTime implements Clock, Timers {
  #elapsed = 0;
  readonly #entries = new Set<Entry>();

  now(): number {
    return 1_790_000_000_000 + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, run: () => void): Disposable {
    if (ms > 50) return this.#add({ due: this.#elapsed + ms, every: undefined, run });
    const turn = setImmediate(run);
    return toDisposable(() => clearImmediate(turn));
  }

  every(ms: number, run: () => void): Disposable {
    return this.#add({ due: this.#elapsed + ms, every: ms, run });
  }

  /** How many long timers wait. */
  get pending(): number {
    return this.#entries.size;
  }

  /** Lets `ms` pass; what is due runs. */
  pass(ms: number): void {
    this.#elapsed += ms;
    for (const entry of [...this.#entries]) {
      if (entry.due > this.#elapsed || !this.#entries.has(entry)) continue;
      if (entry.every === undefined) this.#entries.delete(entry);
      else entry.due = this.#elapsed + entry.every;
      entry.run();
    }
  }

  #add(entry: Entry): Disposable {
    this.#entries.add(entry);
    return toDisposable(() => this.#entries.delete(entry));
  }
}
