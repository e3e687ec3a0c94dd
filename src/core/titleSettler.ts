import { DisposableMap, type Disposable } from '../base/disposable.ts';
import type { Clock, Timers } from '../base/ports.ts';

/** How long a title must stand before it counts, milliseconds. Measured: titles flicker between two states for up to 130 ms. */
export const titleHoldMs = 300;

export interface TitleSettlerOptions {
  readonly timers: Timers;
  /** Whether a title says that the agent rests; any other title counts at once. */
  readonly saysIdle: (sessionId: string, title: string) => boolean;
  readonly clock: Clock;
  /** `at`: since when the title stands, epoch milliseconds. */
  readonly apply: (sessionId: string, title: string, at: number) => void;
}

/**
 * Holds back titles that say "idle" until they have stood for a moment: an agent that goes on shows another title at once, and
 * a hook with better words may be on its way.
 */
export class TitleSettler implements Disposable {
  readonly #options: TitleSettlerOptions;
  readonly #held = new DisposableMap<string, Disposable>();
  /** The titles that are held. */
  readonly #titles = new Map<string, string>();

  constructor(options: TitleSettlerOptions) {
    this.#options = options;
  }

  /** Takes a title as the terminal shows it. */
  push(sessionId: string, title: string): void {
    const { timers, clock, saysIdle, apply } = this.#options;
    const at = clock.now();
    // Some agents set the same title again and again: it stands all the while.
    if (this.#titles.get(sessionId) === title) return;
    this.#forget(sessionId);
    if (!saysIdle(sessionId, title)) {
      apply(sessionId, title, at);
      return;
    }
    this.#titles.set(sessionId, title);
    this.#held.set(
      sessionId,
      timers.after(titleHoldMs, () => {
        this.#forget(sessionId);
        apply(sessionId, title, at);
      }),
    );
  }

  dispose(): void {
    this.#held.dispose();
  }

  #forget(sessionId: string): void {
    this.#titles.delete(sessionId);
    this.#held.delete(sessionId);
  }
}
