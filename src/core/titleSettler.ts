import { DisposableMap, type Disposable } from '../base/disposable.ts';
import type { Timers } from '../base/ports.ts';

/** How long a title must stand before it counts, milliseconds. Measured: titles flicker between two states for up to 130 ms. */
export const titleHoldMs = 300;

export interface TitleSettlerOptions {
  readonly timers: Timers;
  /** Whether a title says that the agent rests; any other title counts at once. */
  readonly saysIdle: (sessionId: string, title: string) => boolean;
  readonly apply: (sessionId: string, title: string) => void;
}

/**
 * Holds back titles that say "idle" until they have stood for a moment: an agent that goes on shows another title at once, and
 * a hook with better words may be on its way.
 */
export class TitleSettler implements Disposable {
  readonly #options: TitleSettlerOptions;
  readonly #held = new DisposableMap<string, Disposable>();

  constructor(options: TitleSettlerOptions) {
    this.#options = options;
  }

  /** Takes a title as the terminal shows it. */
  push(sessionId: string, title: string): void {
    const { timers, saysIdle, apply } = this.#options;
    this.#held.delete(sessionId);
    if (!saysIdle(sessionId, title)) {
      apply(sessionId, title);
      return;
    }
    this.#held.set(
      sessionId,
      timers.after(titleHoldMs, () => {
        this.#held.delete(sessionId);
        apply(sessionId, title);
      }),
    );
  }

  dispose(): void {
    this.#held.dispose();
  }
}
