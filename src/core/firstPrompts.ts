import { detach } from '../base/async.ts';
import { DisposableMap, DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import type { TerminalHost } from './ports.ts';
import { isActive, type Session } from './session.ts';

export interface FirstPromptsOptions {
  readonly fleet: FleetService;
  readonly terminals: TerminalHost;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly canPrompt: (session: Session) => boolean;
  readonly send: (sessionId: string, prompt: string) => Promise<unknown>;
}

/** A terminal that was silent for so long after its first output is taken as ready for a typed first prompt (seed row T9). */
const quietMs = 800;
/** An agent whose screen never rests (a clock, a spinner) gets its first prompt so long after its first output, milliseconds. */
const patienceMs = 15_000;

interface Wait extends Disposable {
  /** Runs out when the agent has drawn something and then paused. */
  readonly quiet: MutableDisposable<Disposable>;
  /** It was ready once, but could not take a prompt then: still starting, or asking something. */
  ready: boolean;
}

/** Types first prompts that are not on the command line: once each, when the agent has drawn something and then paused. */
export class FirstPrompts implements Disposable {
  readonly #options: FirstPromptsOptions;
  readonly #disposables = new DisposableStore();
  readonly #waits: DisposableMap<string, Wait>;
  /** What is being typed draws output, too. */
  readonly #typing = new Set<string>();

  constructor(options: FirstPromptsOptions) {
    this.#options = options;
    this.#waits = this.#disposables.add(new DisposableMap());
    this.#disposables.add(options.terminals.onOutput(({ sessionId }) => this.#onOutput(sessionId)));
    this.#disposables.add(options.fleet.onDidChange(({ changed, removed }) => {
      for (const session of changed) this.#onChange(session);
      for (const id of removed) this.#waits.delete(id);
    }));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #onOutput(id: string): void {
    if (this.#disposables.isDisposed || this.#typing.has(id)) return;
    if (this.#options.fleet.find(id)?.promptToType === undefined) return;
    this.#listen(this.#waits.get(id) ?? this.#waits.set(id, this.#wait(id)), id);
  }

  #onChange(session: Session): void {
    const wait = this.#waits.get(session.id);
    if (wait === undefined) return;
    if (!isActive(session.status) || session.promptToType === undefined) this.#waits.delete(session.id);
    else if (wait.ready && wait.quiet.value === undefined && this.#options.canPrompt(session)) this.#listen(wait, session.id);
  }

  #wait(id: string): Wait {
    const quiet = new MutableDisposable<Disposable>();
    const patience = this.#options.timers.after(patienceMs, () => this.#ready(id));
    return {
      quiet,
      ready: false,
      dispose() {
        quiet.dispose();
        patience.dispose();
      },
    };
  }

  #listen(wait: Wait, id: string): void {
    wait.quiet.value = this.#options.timers.after(quietMs, () => this.#ready(id));
  }

  #ready(id: string): void {
    const wait = this.#waits.get(id);
    const session = this.#options.fleet.find(id);
    if (wait === undefined || session?.promptToType === undefined) return;
    wait.ready = true;
    wait.quiet.value = undefined;
    if (!this.#options.canPrompt(session)) return;
    // If it is refused after all, the next output begins a new wait.
    this.#waits.delete(id);
    this.#typing.add(id);
    const sent = this.#options.send(id, session.promptToType).finally(() => this.#typing.delete(id));
    detach(sent, this.#options.logger, `the first prompt of ${id}`);
  }
}
