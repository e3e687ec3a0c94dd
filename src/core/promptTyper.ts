import { Deferred, detach, SerialQueue } from '../base/async.ts';
import { DisposableMap, DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { FleetError } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';
import { isAsking } from './actions.ts';
import type { FleetService } from './fleetService.ts';
import type { DriverCatalog, TerminalHost } from './ports.ts';
import { asPaste, enterDelayMs, type PromptResult } from './prompt.ts';
import type { Session } from './session.ts';

export interface PromptTyperOptions {
  readonly fleet: FleetService;
  readonly drivers: DriverCatalog;
  readonly terminals: TerminalHost;
  readonly timers: Timers;
  readonly logger: Logger;
  /** The session, if it takes a prompt now; `isUnderWay`: its text has been typed. @throws FleetError `NotFound`, `Refused`. */
  readonly promptable: (id: string, isUnderWay: boolean) => Session;
  readonly record: (id: string, text: string, result: PromptResult) => Promise<void>;
}

/** How long to wait for an agent's own word that it took a typed prompt, before Enter is pressed once more. */
const proofMs = 2500;
/** How long a pasted prompt waits for a question to be closed, before its Enter is left to the person, milliseconds. */
const pastedMs = 10 * 60_000;

/** Types prompts into the terminals of this window, one at a time per session. */
export class PromptTyper implements Disposable {
  readonly #options: PromptTyperOptions;
  readonly #disposables = new DisposableStore();
  readonly #typing = new Map<string, SerialQueue>();
  /** Prompts that lie in the input line behind a question. */
  readonly #pasted: DisposableMap<string, Disposable>;

  constructor(options: PromptTyperOptions) {
    this.#options = options;
    this.#pasted = this.#disposables.add(new DisposableMap());
  }

  /** @throws FleetError `NotFound`, `Refused`, `NoTerminal`, `Closing`. */
  type(id: string, prompt: string): Promise<PromptResult> {
    return this.#serial(id).add(async () => this.#type(this.#options.promptable(id, false), prompt));
  }

  /** Nothing is typed into an ended session any more. */
  forget(id: string): void {
    this.#typing.delete(id);
    this.#pasted.delete(id);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #serial(id: string): SerialQueue {
    let queue = this.#typing.get(id);
    if (queue === undefined) this.#typing.set(id, (queue = new SerialQueue()));
    return queue;
  }

  /** The measured way: bracketed paste, a pause, Enter by itself; one more Enter if the agent's events do not show the prompt. */
  async #type(session: Session, prompt: string): Promise<PromptResult> {
    const { drivers, terminals, fleet, promptable } = this.#options;
    const { id } = session;
    const driver = drivers.get(session.driver);
    const clear = driver?.clearInput ?? '';
    if (clear !== '' && wasInterrupted(session)) {
      terminals.write(id, clear);
      await this.#pause(enterDelayMs);
      promptable(id, false);
    }
    terminals.write(id, asPaste(prompt));
    await this.#pause(enterDelayMs);
    if (isAsking(fleet.get(id))) {
      this.#enterLater(id, prompt);
      return 'pasted';
    }
    return this.#enter(promptable(id, true));
  }

  /** Presses Enter, and once more if the agent's events do not show the prompt. */
  async #enter(session: Session): Promise<'submitted' | 'typed'> {
    const { drivers, terminals, fleet } = this.#options;
    const { id } = session;
    const taken = new Deferred<void>();
    let isTaken = false;
    const listener = this.#disposables.add(
      fleet.onDidTakePrompt(({ sessionId }) => {
        if (sessionId !== id) return;
        isTaken = true;
        taken.resolve();
      }),
    );
    try {
      terminals.write(id, '\r');
      if (drivers.get(session.driver)?.provesPrompts !== true) return 'typed';
      await this.#pause(proofMs, taken.promise);
      // Never press Enter into a dialog that opened meanwhile: it would choose its first item.
      if (!isTaken && this.#canGoOn(id)) {
        terminals.write(id, '\r');
        await this.#pause(proofMs, taken.promise);
      }
      return isTaken ? 'submitted' : 'typed';
    } finally {
      this.#disposables.delete(listener);
    }
  }

  /** The text of a prompt lies in the input line behind a question: Enter is pressed once that is closed, if it does not take too long. */
  #enterLater(id: string, prompt: string): void {
    const { fleet, timers, logger, record } = this.#options;
    const wait = new DisposableStore();
    this.#pasted.set(id, wait);
    let isPressing = false;
    const press = async (): Promise<void> => {
      // One question is often followed by the next.
      await this.#pause(enterDelayMs);
      isPressing = false;
      const session = fleet.find(id);
      if (wait.isDisposed || session === undefined || !this.#canGoOn(id)) return;
      this.#pasted.delete(id);
      await record(id, prompt, await this.#enter(session));
    };
    wait.add(timers.after(pastedMs, () => this.#pasted.delete(id)));
    wait.add(
      fleet.onDidChange(({ changed }) => {
        const session = changed.find((one) => one.id === id);
        if (session === undefined || isPressing || !this.#canGoOn(id)) return;
        isPressing = true;
        detach(this.#serial(id).add(press), logger, `Enter for the prompt of ${id}`);
      }),
    );
    wait.add(
      fleet.onDidTakePrompt(({ sessionId }) => {
        if (sessionId !== id) return;
        // The person was faster.
        this.#pasted.delete(id);
        detach(record(id, prompt, 'submitted'), logger, `recording the prompt of ${id}`);
      }),
    );
  }

  #canGoOn(id: string): boolean {
    try {
      this.#options.promptable(id, true);
      return true;
    } catch {
      return false;
    }
  }

  /** Waits for `ms` milliseconds, or until `sooner`. @throws FleetError `Closing` when the window goes away meanwhile. */
  async #pause(ms: number, sooner?: Promise<void>): Promise<void> {
    const over = new Deferred<void>();
    const wait = new DisposableStore();
    wait.add(this.#options.timers.after(ms, () => over.resolve()));
    wait.add(toDisposable(() => over.reject(new FleetError('Closing', 'The window is closing.'))));
    this.#disposables.add(wait);
    try {
      await Promise.race(sooner === undefined ? [over.promise] : [over.promise, sooner]);
    } finally {
      over.promise.catch(() => undefined);
      this.#disposables.delete(wait);
    }
  }
}

/** It rests, and only its title says so: hooks are silent when a person ends a turn with a key. */
function wasInterrupted({ status, signal }: Session): boolean {
  return status === 'running' && signal?.activity === 'idle' && signal.source === 'title';
}
