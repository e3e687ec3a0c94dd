import { DisposableMap, DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { Deferred, detach, SerialQueue } from '../base/async.ts';
import { FleetError, messageOf } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';
import { clip, oneLine, plainText } from '../base/text.ts';
import { isAsking, isUnready, validActions, type SessionAction, type SessionSurroundings } from './actions.ts';
import { refused } from './errors.ts';
import { FirstPrompts } from './firstPrompts.ts';
import type { FleetService } from './fleetService.ts';
import type { DriverCatalog, RunnerGateway, StopRequest, TerminalHost } from './ports.ts';
import { asPaste, cleanPrompt, enterDelayMs } from './prompt.ts';
import { isActive, isTerminal, type Session } from './session.ts';

/**
 * How sure it is that a prompt arrived: the agent's own event said so; it was typed and nothing can say; or the text lies in its input
 * line and Enter was not pressed because a question opened (it is pressed when that is closed).
 */
export type PromptResult = 'submitted' | 'typed' | 'pasted';

export interface SessionControllerOptions {
  readonly fleet: FleetService;
  readonly drivers: DriverCatalog;
  readonly terminals: TerminalHost;
  readonly runners: RunnerGateway;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Pause between the steps of the stop ladder, milliseconds. Read at each stop. */
  readonly graceMs: () => number;
  /** Whether the person trusts the workspace. */
  readonly isTrusted: () => boolean;
}

/** Longest reason and summary that are kept, characters. */
const maxReason = 300;
const maxSummary = 4000;
/** How long to wait for an agent's own word that it took a typed prompt, before Enter is pressed once more. */
const proofMs = 2500;
/** A stop order that no runner takes within this time falls back to closing the terminal, milliseconds. */
const orderMs = 2000;
/** How long a pasted prompt waits for a question to be closed, before its Enter is left to the person, milliseconds. */
const pastedMs = 10 * 60_000;

/**
 * What a person can do to a running session. Each call checks by itself whether it is valid, whoever calls,
 * and its effect comes back through the fleet like any other fact.
 */
export class SessionController implements Disposable {
  readonly #options: SessionControllerOptions;
  readonly #disposables = new DisposableStore();
  readonly #typing = new Map<string, SerialQueue>();
  /** Sessions whose runner took the order to stop, or is being told. */
  readonly #stopping = new Set<string>();
  /** Terminals that will be closed unless their runner calls. */
  readonly #closing: DisposableMap<string, Disposable>;
  /** Prompts that lie in the input line behind a question. */
  readonly #pasted: DisposableMap<string, Disposable>;

  constructor(options: SessionControllerOptions) {
    this.#options = options;
    const { fleet, runners, terminals, timers, logger } = options;
    this.#closing = this.#disposables.add(new DisposableMap());
    this.#pasted = this.#disposables.add(new DisposableMap());
    const canPrompt = (session: Session): boolean => this.#can(session, 'prompt');
    const send = (id: string, prompt: string): Promise<PromptResult> => this.sendPrompt(id, prompt);
    this.#disposables.add(new FirstPrompts({ fleet, terminals, timers, logger, canPrompt, send }));
    this.#disposables.add(runners.onDidConnect(({ sessionId }) => this.#onConnect(sessionId)));
    this.#disposables.add(fleet.onDidChange(({ changed }) => changed.filter((session) => !isActive(session.status)).forEach((session) => this.#forget(session.id))));
  }

  /**
   * Types a prompt into one session. At most one at a time per session.
   * @throws FleetError `NotFound`, `EmptyPrompt`, `PromptTooLong`, `Refused` with the reason, `NoTerminal`.
   */
  async sendPrompt(id: string, text: string): Promise<PromptResult> {
    const { fleet } = this.#options;
    const prompt = cleanPrompt(text);
    try {
      this.#promptable(id);
      const result = await this.#serial(id).add(async () => this.#type(this.#promptable(id), prompt));
      await fleet.promptSent(id, { text: prompt, result });
      return result;
    } catch (error) {
      if (fleet.isOwner && fleet.find(id) !== undefined && !this.#disposables.isDisposed) {
        const note = fleet.record(id, 'promptRefused', 'user', { reason: messageOf(error) });
        await note.catch((cause: unknown) => this.#options.logger.warn(`the refusal of a prompt to ${id} was not recorded`, cause));
      }
      throw error;
    }
  }

  /** Interrupts the turn; the session goes on. @throws FleetError `NotFound`, `Refused`. */
  async interrupt(id: string): Promise<void> {
    const { fleet, drivers, terminals, runners } = this.#options;
    const session = fleet.get(id);
    if (!this.#can(session, 'interrupt')) throw refused(session, 'has no turn to interrupt', whyNoInterrupt(session, this.#around(session)));
    const means = drivers.get(session.driver)?.interrupt ?? { type: 'keys' as const, keys: '\u0003' };
    if (means.type === 'keys') terminals.write(id, means.keys);
    else await runners.signal(id, means.signal);
    await fleet.record(id, 'interrupted', 'user', { means: means.type });
  }

  /** Shows the session's terminal. @throws FleetError `NotFound`, `Refused`. */
  reveal(id: string): void {
    const session = this.#options.fleet.get(id);
    if (!this.#options.terminals.has(id)) throw refused(session, 'has no terminal here', 'it was closed, or it belongs to another window.');
    this.#options.terminals.reveal(id);
  }

  /** Records that the work is done and ends the agent. @throws FleetError `NotFound`, `Refused`. */
  async complete(id: string, summary: string | undefined): Promise<void> {
    const { fleet, runners, logger } = this.#options;
    const session = fleet.get(id);
    if (!this.#can(session, 'complete')) throw refused(session, 'cannot be marked completed', whyNot(session, { ...this.#around(session), hasTerminal: true }));
    const text = summary === undefined ? undefined : clip(plainText(summary).trim(), maxSummary);
    await fleet.complete(id, text === undefined || text === '' ? undefined : text, { isStillToEnd: !runners.isConnected(id) });
    detach(this.#end(id, 'SIGTERM'), logger, `ending ${id}`);
  }

  /**
   * Ends a session. Its process is stopped first; the row becomes cancelled when the process is gone. Resolves
   * when the order is given. A second cancel is refused in words, unless nobody carries out the first.
   * @throws FleetError `NotFound`, `Refused`.
   */
  async cancel(id: string, reason: string | undefined): Promise<void> {
    const { fleet, runners, terminals } = this.#options;
    const session = fleet.get(id);
    const around = this.#around(session);
    if (!isActive(session.status) || !around.canChange) throw refused(session, 'cannot be cancelled', whyNot(session, { ...around, hasTerminal: true }));
    if ((this.#stopping.has(id) && runners.isConnected(id)) || this.#closing.has(id)) {
      throw refused(session, 'is being cancelled already', 'its processes are ending.');
    }
    const why = reason === undefined ? undefined : oneLine(reason, maxReason) || undefined;
    await fleet.requestStop(id, why);
    const isNowhere = !runners.isConnected(id) && !terminals.has(id) && session.runner === undefined && session.agent === undefined;
    if (isNowhere) await fleet.cancelled(id, why);
    else await this.#end(id, 'SIGINT');
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #can(session: Session, action: SessionAction): boolean {
    return validActions(session, this.#around(session)).has(action);
  }

  #around(session: Session): Around {
    const { fleet, terminals, drivers, isTrusted } = this.#options;
    return {
      hasTerminal: terminals.has(session.id),
      canChange: fleet.isOwner && isTrusted(),
      isTrusted: isTrusted(),
      provesPrompts: drivers.get(session.driver)?.provesPrompts ?? false,
    };
  }

  /** Has the agent ended by whoever can: its runner, or the closing of its terminal. Else the stored wish is left to the recovery. */
  async #end(id: string, from: StopRequest['from']): Promise<void> {
    const { runners, terminals, timers, logger } = this.#options;
    if (runners.isConnected(id)) {
      try {
        await this.#stop(id, from);
      } catch (error) {
        // A runner that takes no order still ends its agent when its terminal is closed.
        if (!terminals.has(id)) throw error;
        logger.warn(`the runner of ${id} took no order; its terminal is closed`, error);
        terminals.close(id);
      }
    } else if (terminals.has(id)) {
      // The runner is still starting, or away: it is told as soon as it calls; if it never does, its terminal is closed.
      this.#closing.set(
        id,
        timers.after(orderMs, () => {
          this.#closing.delete(id);
          if (!runners.isConnected(id)) terminals.close(id);
        }),
      );
    } else {
      logger.info(`${id} has no runner and no terminal here; it ends when its process is proven gone`);
    }
  }

  async #stop(id: string, from: StopRequest['from']): Promise<void> {
    this.#stopping.add(id);
    try {
      await this.#options.runners.stop(id, { from, graceMs: this.#options.graceMs() });
    } catch (error) {
      this.#stopping.delete(id);
      throw error;
    }
  }

  #serial(id: string): SerialQueue {
    let queue = this.#typing.get(id);
    if (queue === undefined) this.#typing.set(id, (queue = new SerialQueue()));
    return queue;
  }

  /** @throws FleetError `NotFound`, `Refused`. */
  #promptable(id: string): Session {
    const session = this.#options.fleet.get(id);
    if (!this.#can(session, 'prompt')) throw refused(session, 'cannot take a prompt', whyNoPrompt(session, this.#around(session)));
    return session;
  }

  /** The measured way: bracketed paste, a pause, Enter by itself; one more Enter if the agent's events do not show the prompt. */
  async #type(session: Session, prompt: string): Promise<PromptResult> {
    const { drivers, terminals, fleet } = this.#options;
    const { id } = session;
    const driver = drivers.get(session.driver);
    const clear = driver?.clearInput ?? '';
    if (clear !== '' && wasInterrupted(session)) {
      terminals.write(id, clear);
      await this.#pause(enterDelayMs);
      this.#promptable(id);
    }
    terminals.write(id, asPaste(prompt));
    await this.#pause(enterDelayMs);
    if (isAsking(fleet.get(id))) {
      this.#enterLater(id, prompt);
      return 'pasted';
    }
    return this.#enter(this.#promptable(id));
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
      if (!isTaken && this.#can(fleet.get(id), 'prompt')) {
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
    const { fleet, timers, logger } = this.#options;
    const wait = new DisposableStore();
    this.#pasted.set(id, wait);
    const record = (result: PromptResult): Promise<void> => fleet.promptSent(id, { text: prompt, result });
    let isPressing = false;
    const press = async (): Promise<void> => {
      // One question is often followed by the next.
      await this.#pause(enterDelayMs);
      isPressing = false;
      const session = fleet.find(id);
      if (wait.isDisposed || session === undefined || !this.#can(session, 'prompt')) return;
      this.#pasted.delete(id);
      await record(await this.#enter(session));
    };
    wait.add(timers.after(pastedMs, () => this.#pasted.delete(id)));
    wait.add(
      fleet.onDidChange(({ changed }) => {
        const session = changed.find((one) => one.id === id);
        if (session === undefined || isPressing || !this.#can(session, 'prompt')) return;
        isPressing = true;
        detach(this.#serial(id).add(press), logger, `Enter for the prompt of ${id}`);
      }),
    );
    wait.add(
      fleet.onDidTakePrompt(({ sessionId }) => {
        if (sessionId !== id) return;
        // The person was faster.
        this.#pasted.delete(id);
        detach(record('submitted'), logger, `recording the prompt of ${id}`);
      }),
    );
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

  #onConnect(id: string): void {
    const session = this.#options.fleet.find(id);
    if (session === undefined) return;
    const { logger } = this.#options;
    this.#closing.delete(id);
    // A status that this version cannot read is no reason to end an agent.
    if (isTerminal(session.status)) detach(this.#stop(id, 'SIGTERM'), logger, `ending ${id}`);
    else if (session.stopRequest !== undefined) detach(this.#stop(id, 'SIGINT'), logger, `cancelling ${id}`);
  }

  #forget(id: string): void {
    this.#typing.delete(id);
    this.#stopping.delete(id);
    this.#closing.delete(id);
    this.#pasted.delete(id);
  }
}

/** What decides whether an action is possible, and why not. */
interface Around extends SessionSurroundings {
  readonly isTrusted: boolean;
}

/** It rests, and only its title says so: hooks are silent when a person ends a turn with a key. */
function wasInterrupted({ status, signal }: Session): boolean {
  return status === 'running' && signal?.activity === 'idle' && signal.source === 'title';
}

function whyNoPrompt(session: Session, around: Around): string {
  const isGoing = session.status === 'running' && around.isTrusted && session.stopRequest === undefined;
  if (isGoing && session.signal?.activity === 'needs_permission') return 'it asks for permission. Answer that in its terminal first.';
  if (isGoing && session.signal?.activity === 'needs_answer') return 'it asks a question. Answer that in its terminal first.';
  if (isGoing && around.hasTerminal && around.canChange && isUnready(session, around)) return 'it has not said yet that it is ready. Look at its terminal.';
  return whyNot(session, around);
}

function whyNoInterrupt(session: Session, around: Around): string {
  const isResting = session.status === 'running' && session.signal?.activity === 'idle';
  return isResting && around.hasTerminal && around.canChange && session.stopRequest === undefined ? 'it is idle.' : whyNot(session, around);
}

function whyNot(session: Session, around: Around): string {
  if (!isActive(session.status)) return `it has ended: ${session.status}.`;
  if (!around.isTrusted) return 'this workspace is not trusted.';
  if (session.stopRequest !== undefined && around.canChange) return 'it is being ended.';
  if (session.status === 'provisioning') return 'it is still starting.';
  if (session.status === 'retiring') return 'it is retiring.';
  if (!around.hasTerminal) return 'its terminal is closed, or belongs to another window.';
  return 'another window manages this fleet.';
}
