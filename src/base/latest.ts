import type { Disposable } from './disposable.ts';
import type { Timers } from './ports.ts';

export interface LatestOptions<Question, Answer> {
  readonly timers: Timers;
  /** How long nothing must be asked before the question goes out, milliseconds. */
  readonly delayMs: number;
  readonly ask: (question: Question) => Promise<Answer>;
  /** An answer to the newest question. */
  readonly onAnswer: (answer: Answer, question: Question) => void;
  /** The newest question could not be answered. */
  readonly onError: (error: unknown, question: Question) => void;
  /** A question waits for its answer, or none does. */
  readonly onBusy: (busy: boolean) => void;
}

/** Asks while somebody types: only after a pause, and only the answer to the newest question counts. */
export class Latest<Question, Answer> implements Disposable {
  readonly #options: LatestOptions<Question, Answer>;
  #pending: Disposable | undefined;
  #newest = 0;
  #busy = false;

  constructor(options: LatestOptions<Question, Answer>) {
    this.#options = options;
  }

  /** The question takes the place of all that were put before. `at once` skips the pause. */
  put(question: Question, when: 'after a pause' | 'at once' = 'after a pause'): void {
    const { timers, delayMs } = this.#options;
    this.#pending?.dispose();
    this.#pending = undefined;
    this.#newest += 1;
    this.#setBusy(true);
    if (when === 'at once') return this.#ask(question, this.#newest);
    const number = this.#newest;
    this.#pending = timers.after(delayMs, () => {
      this.#pending = undefined;
      this.#ask(question, number);
    });
  }

  dispose(): void {
    this.#newest = -1;
    this.#pending?.dispose();
    this.#pending = undefined;
  }

  #ask(question: Question, number: number): void {
    const { ask, onAnswer, onError } = this.#options;
    const end = (tell: () => void): void => {
      if (number !== this.#newest) return;
      this.#setBusy(false);
      tell();
    };
    ask(question).then(
      (answer) => end(() => onAnswer(answer, question)),
      (error: unknown) => end(() => onError(error, question)),
    );
  }

  #setBusy(busy: boolean): void {
    if (this.#busy === busy) return;
    this.#busy = busy;
    this.#options.onBusy(busy);
  }
}
