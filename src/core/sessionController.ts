import { DisposableMap, DisposableStore, type Disposable } from '../base/disposable.ts';
import { detach } from '../base/async.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';
import { clip, oneLine, plainText } from '../base/text.ts';
import type { AuditTrail } from './auditTrail.ts';
import { isReachable, isUnready, validActions, type SessionAction, type SessionSurroundings } from './actions.ts';
import { refused } from './errors.ts';
import { FirstPrompts } from './firstPrompts.ts';
import type { FleetService } from './fleetService.ts';
import type { DriverCatalog, OtherWindows, RunnerGateway, StopRequest, TerminalHost } from './ports.ts';
import { cleanPrompt, type PromptResult } from './prompt.ts';
import { PromptRecords } from './promptRecords.ts';
import { PromptTyper } from './promptTyper.ts';
import { isActive, isTerminal, type Session } from './session.ts';

export interface SessionControllerOptions {
  readonly fleet: FleetService;
  readonly drivers: DriverCatalog;
  readonly terminals: TerminalHost;
  readonly others: OtherWindows;
  readonly runners: RunnerGateway;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Pause between the steps of the stop ladder, milliseconds. Read at each stop. */
  readonly graceMs: () => number;
  /** Whether the person trusts the workspace. */
  readonly isTrusted: () => boolean;
  /** Where it is kept who asked for what, also when it was refused. */
  readonly audit?: Pick<AuditTrail, 'run'>;
}

/** Longest reason and summary that are kept, characters. */
const maxReason = 300;
const maxSummary = 4000;
/** A stop order that no runner takes within this time falls back to closing the terminal, milliseconds. */
const orderMs = 2000;

/**
 * What a person can do to a running session. Each call checks by itself whether it is valid, whoever calls,
 * and its effect comes back through the fleet like any other fact.
 */
export class SessionController implements Disposable {
  readonly #options: SessionControllerOptions;
  readonly #disposables = new DisposableStore();
  readonly #typer: PromptTyper;
  readonly #records: PromptRecords;
  /** Sessions whose runner took the order to stop, or is being told. */
  readonly #stopping = new Set<string>();
  /** Terminals that will be closed unless their runner calls. */
  readonly #closing: DisposableMap<string, Disposable>;

  constructor(options: SessionControllerOptions) {
    this.#options = options;
    const { fleet, drivers, runners, terminals, others, timers, logger } = options;
    this.#closing = this.#disposables.add(new DisposableMap());
    const canPrompt = (session: Session): boolean => this.#can(session, 'prompt');
    const send = (id: string, prompt: string): Promise<PromptResult> => this.#audited('prompt', id, () => this.#sendPrompt(id, prompt), 'fleet');
    this.#records = this.#disposables.add(new PromptRecords({ fleet, others, logger }));
    const record = (id: string, text: string, result: PromptResult): Promise<void> => this.#records.add(id, text, result);
    this.#typer = this.#disposables.add(new PromptTyper({ fleet, drivers, terminals, timers, logger, promptable: (id, isUnderWay) => this.#promptable(id, isUnderWay), record }));
    this.#disposables.add(new FirstPrompts({ fleet, terminals, timers, logger, canPrompt, send }));
    this.#disposables.add(runners.onDidConnect(({ sessionId }) => this.#onConnect(sessionId)));
    this.#disposables.add(fleet.onDidChange(({ changed }) => changed.filter((session) => !isActive(session.status)).forEach((session) => this.#forget(session.id))));
  }

  /**
   * Types a prompt into one session, here or in the window that holds its terminal. At most one at a time per session.
   * @throws FleetError `NotFound`, `EmptyPrompt`, `PromptTooLong`, `Refused` with the reason, `NoTerminal`, `NotOwner`, `PromptUncertain`.
   */
  sendPrompt(id: string, text: string): Promise<PromptResult> {
    return this.#audited('prompt', id, () => this.#sendPrompt(id, text));
  }

  /** As `sendPrompt`, for another window whose person asked: that window keeps the audit. */
  sendPromptFor(id: string, text: string): Promise<PromptResult> {
    return this.#sendPrompt(id, text);
  }

  async #sendPrompt(id: string, text: string): Promise<PromptResult> {
    const prompt = cleanPrompt(text);
    const { terminals, others } = this.#options;
    const isElsewhere = !terminals.has(id) && others.holds(id);
    let result: PromptResult | undefined;
    try {
      this.#promptable(id);
      if (!isElsewhere) result = await this.#typer.type(id, prompt);
    } catch (error) {
      await this.#recordRefusal(id, error);
      throw error;
    }
    // The other window records what comes of it, refusals too.
    if (result === undefined) return others.prompt(id, prompt);
    await this.#records.add(id, prompt, result);
    return result;
  }

  /** Interrupts the turn; the session goes on. @throws FleetError `NotFound`, `Refused`. */
  interrupt(id: string): Promise<void> {
    return this.#audited('interrupt', id, () => this.#interrupt(id));
  }

  async #interrupt(id: string): Promise<void> {
    const { fleet, drivers, runners } = this.#options;
    const session = fleet.get(id);
    if (!this.#can(session, 'interrupt')) throw refused(session, 'has no turn to interrupt', whyNoInterrupt(session, this.#around(session)));
    const means = drivers.get(session.driver)?.interrupt ?? { type: 'keys' as const, keys: '\u0003' };
    if (means.type === 'keys') await this.#write(id, means.keys);
    else await runners.signal(id, means.signal);
    await fleet.record(id, 'interrupted', 'user', { means: means.type });
  }

  /** Shows the session's terminal. @throws FleetError `NotFound`, `Refused`. */
  reveal(id: string): void {
    const { fleet, terminals, others } = this.#options;
    const session = fleet.get(id);
    if (!terminals.has(id)) {
      throw refused(session, 'has no terminal here', others.holds(id) ? 'it is in another window of this folder. Look there.' : 'it was closed, or it belongs to another window.');
    }
    terminals.reveal(id);
  }

  /** Records that the work is done and ends the agent. @throws FleetError `NotFound`, `Refused`. */
  complete(id: string, summary: string | undefined): Promise<void> {
    return this.#audited('complete', id, () => this.#complete(id, summary));
  }

  async #complete(id: string, summary: string | undefined): Promise<void> {
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
  cancel(id: string, reason: string | undefined): Promise<void> {
    return this.#audited('cancel', id, () => this.#cancel(id, reason));
  }

  /** Ends an agent whose time is up, in the way of `cancel` (seed row L17). That it then failed, `TimeLimits` has recorded. @throws as `cancel`. */
  timeOut(id: string, reason: string): Promise<void> {
    return this.#audited('timeout', id, () => this.#cancel(id, reason), 'fleet');
  }

  async #cancel(id: string, reason: string | undefined): Promise<void> {
    const { fleet, runners } = this.#options;
    const session = fleet.get(id);
    const around = this.#around(session);
    if (!isActive(session.status) || !around.canChange) throw refused(session, 'cannot be cancelled', whyNot(session, { ...around, hasTerminal: true }));
    if ((this.#stopping.has(id) && runners.isConnected(id)) || this.#closing.has(id)) {
      throw refused(session, 'is being cancelled already', 'its processes are ending.');
    }
    const why = reason === undefined ? undefined : oneLine(reason, maxReason) || undefined;
    await fleet.requestStop(id, why);
    const isNowhere = !runners.isConnected(id) && !this.#hasTerminal(id) && session.runner === undefined && session.agent === undefined;
    if (isNowhere) await fleet.cancelled(id, why);
    else await this.#end(id, 'SIGINT');
  }

  /** No new prompts; its agent ends after its turn, or after `deadlineMs`. @throws FleetError `NotFound`, `Refused`. */
  async retire(id: string, deadlineMs: number | undefined): Promise<void> {
    const session = this.#options.fleet.get(id);
    if (!this.#can(session, 'retire')) throw refused(session, 'cannot be retired', whyNot(session, { ...this.#around(session), hasTerminal: true }));
    await this.#options.fleet.requestRetire(id, deadlineMs);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #audited<T>(action: string, target: string, run: () => Promise<T>, actor: 'user' | 'fleet' = 'user'): Promise<T> {
    return this.#options.audit?.run({ action, target, actor }, run) ?? run();
  }

  #can(session: Session, action: SessionAction): boolean {
    return validActions(session, this.#around(session)).has(action);
  }

  #around(session: Session): Around {
    const { fleet, terminals, others, drivers, isTrusted } = this.#options;
    return {
      hasTerminal: terminals.has(session.id),
      elsewhere: others.holds(session.id),
      canChange: fleet.canChange && isTrusted(),
      isTrusted: isTrusted(),
      provesPrompts: drivers.get(session.driver)?.provesPrompts ?? false,
    };
  }

  /** Has the agent ended by whoever can: its runner, or the closing of its terminal. Else the stored wish is left to the recovery. */
  async #end(id: string, from: StopRequest['from']): Promise<void> {
    const { runners, timers, logger } = this.#options;
    if (runners.isConnected(id)) {
      try {
        await this.#stop(id, from);
      } catch (error) {
        // A runner that takes no order still ends its agent when its terminal is closed.
        if (!this.#hasTerminal(id)) throw error;
        logger.warn(`the runner of ${id} took no order; its terminal is closed`, error);
        this.#close(id);
      }
    } else if (this.#hasTerminal(id)) {
      // The runner is still starting, or away: it is told as soon as it calls; if it never does, its terminal is closed.
      this.#closing.set(
        id,
        timers.after(orderMs, () => {
          this.#closing.delete(id);
          if (!runners.isConnected(id)) this.#close(id);
        }),
      );
    } else {
      logger.info(`${id} has no runner and no terminal that can be reached; it ends when its process is proven gone`);
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

  /** Some window that can be reached holds its terminal. */
  #hasTerminal(id: string): boolean {
    return this.#options.terminals.has(id) || this.#options.others.holds(id);
  }

  async #write(id: string, data: string): Promise<void> {
    const { terminals, others } = this.#options;
    if (terminals.has(id) || !others.holds(id)) terminals.write(id, data);
    else await others.write(id, data);
  }

  #close(id: string): void {
    const { terminals, others, logger } = this.#options;
    if (terminals.has(id)) terminals.close(id);
    else if (others.holds(id)) detach(others.close(id), logger, `closing the terminal of ${id} in another window`);
  }

  async #recordRefusal(id: string, error: unknown): Promise<void> {
    const { fleet, logger } = this.#options;
    if (!fleet.canChange || fleet.find(id) === undefined || this.#disposables.isDisposed) return;
    const note = fleet.record(id, 'promptRefused', 'user', { reason: messageOf(error) });
    await note.catch((cause: unknown) => logger.warn(`the refusal of a prompt to ${id} was not recorded`, cause));
  }

  /** @param isUnderWay its text lies in the input line: that nobody manages the fleet right now does not stop it. @throws FleetError `NotFound`, `Refused`. */
  #promptable(id: string, isUnderWay = false): Session {
    const session = this.#options.fleet.get(id);
    const around = this.#around(session);
    const now = isUnderWay ? { ...around, canChange: around.isTrusted } : around;
    if (!validActions(session, now).has('prompt')) throw refused(session, 'cannot take a prompt', whyNoPrompt(session, now));
    return session;
  }

  #onConnect(id: string): void {
    const { fleet, logger } = this.#options;
    const session = fleet.find(id);
    if (session === undefined) return;
    this.#closing.delete(id);
    // Every window hears of the runner; one of them gives the order.
    if (!fleet.isOwner) return;
    // A status that this version cannot read is no reason to end an agent.
    if (isTerminal(session.status)) detach(this.#stop(id, 'SIGTERM'), logger, `ending ${id}`);
    else if (session.stopRequest !== undefined) detach(this.#stop(id, 'SIGINT'), logger, `cancelling ${id}`);
  }

  #forget(id: string): void {
    this.#typer.forget(id);
    this.#stopping.delete(id);
    this.#closing.delete(id);
  }
}

/** What decides whether an action is possible, and why not. */
interface Around extends SessionSurroundings {
  readonly isTrusted: boolean;
}

function whyNoPrompt(session: Session, around: Around): string {
  const isGoing = session.status === 'running' && around.isTrusted && session.stopRequest === undefined;
  if (isGoing && session.signal?.activity === 'needs_permission') return 'it asks for permission. Answer that in its terminal first.';
  if (isGoing && session.signal?.activity === 'needs_answer') return 'it asks a question. Answer that in its terminal first.';
  if (isGoing && isReachable(around) && around.canChange && isUnready(session, around)) return 'it has not said yet that it is ready. Look at its terminal.';
  return whyNot(session, around);
}

function whyNoInterrupt(session: Session, around: Around): string {
  const isResting = session.status === 'running' && session.signal?.activity === 'idle';
  return isResting && isReachable(around) && around.canChange && session.stopRequest === undefined ? 'it is idle.' : whyNot(session, around);
}

function whyNot(session: Session, around: Around): string {
  if (!isActive(session.status)) return `it has ended: ${session.status}.`;
  if (!around.isTrusted) return 'this workspace is not trusted.';
  if (!around.canChange) return 'another window manages this fleet and does not answer.';
  if (session.stopRequest !== undefined) return 'it is being ended.';
  if (session.status === 'provisioning') return 'it is still starting.';
  if (session.status === 'retiring') return 'it is retiring.';
  return 'its terminal is closed, or belongs to another window.';
}
