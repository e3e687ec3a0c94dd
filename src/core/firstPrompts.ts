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
/** An agent whose screen never rests (a clock, a spinner) or that draws nothing, gets its first prompt so long after it began to run, milliseconds. */
const patienceMs = 15_000;

interface Wait extends Disposable {
  /** Runs out when the agent has drawn something and then paused. */
  readonly quiet: MutableDisposable<Disposable>;
  /** Runs out when the agent has run for so long that it is taken as ready anyway. */
  readonly patience: MutableDisposable<Disposable>;
  /** It was ready once, but could not take a prompt then: still starting, or asking something. */
  ready: boolean;
}

/** Types first prompts that are not on the command line into the terminals of this window: once each, when the agent has drawn something and then paused. */
export class FirstPrompts implements Disposable {
  readonly #options: FirstPromptsOptions;
  readonly #disposables = new DisposableStore();
  readonly #waits: DisposableMap<string, Wait>;
  /** What is being typed draws output, too. */
  readonly #typing = new Set<string>();
  /** Typed, though the fleet may not know it yet: never twice. */
  readonly #typed = new Set<string>();
  /** Sessions that were seen running: a prompt that failed is tried again at the next output only. */
  readonly #begun = new Set<string>();

  constructor(options: FirstPromptsOptions) {
    this.#options = options;
    this.#waits = this.#disposables.add(new DisposableMap());
    this.#disposables.add(options.terminals.onOutput(({ sessionId }) => this.#onOutput(sessionId)));
    this.#disposables.add(options.fleet.onDidChange(({ added, changed, removed }) => {
      for (const session of [...added, ...changed]) this.#onChange(session);
      for (const id of removed) {
        this.#forget(id);
        this.#typed.delete(id);
      }
    }));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #onOutput(id: string): void {
    if (this.#disposables.isDisposed || this.#typing.has(id) || this.#typed.has(id)) return;
    if (this.#options.fleet.find(id)?.promptToType === undefined) return;
    const wait = this.#wait(id);
    if (this.#begun.has(id)) this.#bear(wait, id);
    this.#listen(wait, id);
  }

  #onChange(session: Session): void {
    const { id } = session;
    if (!isActive(session.status) || session.promptToType === undefined) {
      this.#forget(id);
      return;
    }
    if (session.status === 'running' && !this.#begun.has(id)) {
      this.#begun.add(id);
      this.#bear(this.#wait(id), id);
    }
    const wait = this.#waits.get(id);
    if (wait?.ready === true && wait.quiet.value === undefined && this.#can(session)) this.#listen(wait, id);
  }

  /** Each window looks after its own terminals, or two would type. */
  #can(session: Session): boolean {
    return this.#options.terminals.has(session.id) && !this.#typed.has(session.id) && this.#options.canPrompt(session);
  }

  #forget(id: string): void {
    this.#waits.delete(id);
    this.#begun.delete(id);
  }

  #wait(id: string): Wait {
    const known = this.#waits.get(id);
    if (known !== undefined) return known;
    const quiet = new MutableDisposable<Disposable>();
    const patience = new MutableDisposable<Disposable>();
    return this.#waits.set(id, {
      quiet,
      patience,
      ready: false,
      dispose() {
        quiet.dispose();
        patience.dispose();
      },
    });
  }

  #bear(wait: Wait, id: string): void {
    wait.patience.value ??= this.#options.timers.after(patienceMs, () => this.#ready(id));
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
    if (!this.#can(session)) return;
    // If it is refused after all, the next output begins a new wait.
    this.#waits.delete(id);
    this.#typing.add(id);
    const sent = this.#options.send(id, session.promptToType).then(() => this.#typed.add(id)).finally(() => this.#typing.delete(id));
    detach(sent, this.#options.logger, `the first prompt of ${id}`);
  }
}
