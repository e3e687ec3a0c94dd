import type { NotificationType } from 'vscode-jsonrpc';
import { detach } from '../base/async.ts';
import { DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import { FleetError, isFleetError } from '../base/errors.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { FleetCommandName, OwnerAnswer, OwnerWindow } from '../core/fleetCommands.ts';
import type { OtherWindows, RunnerGateway, StopRequest } from '../core/ports.ts';
import type { PromptResult } from '../core/prompt.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity, Session } from '../core/session.ts';
import type { RunnerRoad } from './linkGateway.ts';
import { OwnerSeeker } from './ownerSeeker.ts';
import { withDeadline, type Rpc } from './rpc.ts';
import type { ConnectedRunner } from './server.ts';
import { isChanged, isConnectedRunner, isHolders, isOfSession, isOwnerAnswer, isPromptAnswer, isPromptOrder, isSessionBeat, isWindowWelcome, isWriteOrder, toWireArguments } from './windowChecks.ts';
import * as contract from './windowContract.ts';
import type { WindowTerminals } from './windowTerminals.ts';
import { fromResponseError, toResponseError } from './wireErrors.ts';

export interface WindowClientOptions {
  /** Where the owner says how it is reached. */
  readonly file: string;
  readonly windowId: string;
  readonly terminals: WindowTerminals;
  readonly timers: Timers;
  readonly logger: Logger;
  /** An owner that is not reached for so long is worth a word; a reload or a take-over is quicker. Milliseconds. */
  readonly silentAfterMs?: number;
  /** How often the owner is asked whether it is there, milliseconds. */
  readonly pulseMs?: number;
}

const defaultPulseMs = 10_000;
const defaultSilentMs = 3000;
/** How messages call it. */
const owner = 'The window that manages this fleet';

/** A connection whose hello the owner has answered. */
interface Greeted {
  readonly rpc: Rpc;
  readonly connected: Map<string, ProcessIdentity>;
  /** Sessions whose terminals are in other windows. */
  elsewhere: ReadonlySet<string>;
}

/**
 * Another window's end of the link: the owner of the registry, its runners and the terminals of all windows, as far as they can be reached.
 * While it is started it always tries to be connected to the window that the file names.
 */
export class WindowClient implements OwnerWindow, OtherWindows, RunnerRoad, Disposable {
  readonly #options: WindowClientOptions;
  readonly #store = new DisposableStore();
  readonly #seeker: OwnerSeeker;
  readonly #silence = this.#store.add(new MutableDisposable<Disposable>());
  readonly #pulse = this.#store.add(new MutableDisposable<Disposable>());
  readonly #changed: Emitter<void>;
  readonly #taken: Emitter<{ readonly sessionId: string }>;
  readonly #news: Emitter<readonly Session[]>;
  readonly #didConnect: Emitter<{ sessionId: string; runner: ProcessIdentity }>;
  readonly #didDisconnect: Emitter<{ sessionId: string }>;
  readonly #heartbeat: Emitter<{ sessionId: string; heartbeat: RunnerHeartbeat }>;
  #greeted: Greeted | undefined;
  #isSilent = false;

  constructor(options: WindowClientOptions) {
    this.#options = options;
    const { file, timers, logger } = options;
    this.#seeker = this.#store.add(
      new OwnerSeeker({ file, timers, logger, greet: (rpc, token) => this.#hello(rpc, token), onClose: (rpc) => this.#closed(rpc), isGreeted: () => this.isReachable }),
    );
    this.#changed = this.#store.add(new Emitter<void>(logger));
    this.#taken = this.#store.add(new Emitter(logger));
    this.#news = this.#store.add(new Emitter(logger));
    this.#didConnect = this.#store.add(new Emitter(logger));
    this.#didDisconnect = this.#store.add(new Emitter(logger));
    this.#heartbeat = this.#store.add(new Emitter(logger));
    this.onDidChange = this.#changed.event;
    this.onDidTakePrompt = this.#taken.event;
    this.onDidChangeSessions = this.#news.event;
    this.onDidConnect = this.#didConnect.event;
    this.onDidDisconnect = this.#didDisconnect.event;
    this.onHeartbeat = this.#heartbeat.event;
    this.#store.add(
      options.terminals.onDidChangeHeld(() => {
        if (this.#greeted !== undefined) detach(this.#greeted.rpc.connection.sendNotification(contract.heldNotification, { held: options.terminals.held }), logger, 'telling of terminals');
      }),
    );
  }

  /** The owner can be reached or not, or other windows hold other terminals. */
  readonly onDidChange: Event<void>;
  readonly onDidTakePrompt: OwnerWindow['onDidTakePrompt'];
  readonly onDidChangeSessions: OwnerWindow['onDidChangeSessions'];
  readonly onDidConnect: RunnerGateway['onDidConnect'];
  readonly onDidDisconnect: RunnerGateway['onDidDisconnect'];
  readonly onHeartbeat: RunnerGateway['onHeartbeat'];

  /** The owner has answered our hello, and the connection stands. */
  get isReachable(): boolean {
    return this.#greeted !== undefined;
  }

  /** It looks for an owner in vain, for longer than a reload or a take-over needs. */
  get isSilent(): boolean {
    return this.#isSilent;
  }

  get connected(): readonly ConnectedRunner[] {
    return [...(this.#greeted?.connected ?? [])].map(([sessionId, runner]) => ({ sessionId, runner }));
  }

  /** Begins to look for the owner. */
  look(): void {
    if (this.#seeker.isLooking || this.#store.isDisposed) return;
    this.#seeker.look();
    this.#waitForSilence();
  }

  /** Lets the owner go: this window has become the owner itself, or is closing. */
  leave(): void {
    this.#seeker.leave();
    this.#silence.value = undefined;
    this.#isSilent = false;
  }

  async perform(command: FleetCommandName, args: readonly unknown[]): Promise<OwnerAnswer> {
    const params: contract.PerformParams = { command, args: toWireArguments(args) };
    const bytes = Buffer.byteLength(JSON.stringify(params));
    if (bytes > contract.maxRequestBytes) {
      throw new FleetError('TooLarge', 'That is too much to ask of another window at once. Do it in the window that manages this fleet.', { details: { bytes, limit: contract.maxRequestBytes } });
    }
    const answer = await this.#ask(contract.performRequest, params, contract.deadlines.perform);
    if (!isOwnerAnswer(answer)) throw badAnswer();
    return answer;
  }

  async start(): Promise<void> {
    await this.#ask(contract.agentsListenRequest, null);
  }

  isConnected(sessionId: string): boolean {
    return this.#greeted?.connected.has(sessionId) ?? false;
  }

  async stop(sessionId: string, request: StopRequest): Promise<void> {
    await this.#ask(contract.agentsStopRequest, { sessionId, request });
  }

  async signal(sessionId: string, signal: 'SIGINT'): Promise<void> {
    await this.#ask(contract.agentsSignalRequest, { sessionId, signal });
  }

  async reframe(sessionId: string): Promise<void> {
    await this.#ask(contract.agentsReframeRequest, { sessionId });
  }

  holds(sessionId: string): boolean {
    return this.#greeted?.elsewhere.has(sessionId) ?? false;
  }

  async write(sessionId: string, data: string): Promise<void> {
    await this.#ask(contract.terminalWriteRequest, { sessionId, data });
  }

  async prompt(sessionId: string, text: string): Promise<PromptResult> {
    // The owner waits for the holder, so it knows first that it waited too long.
    // Refused before it was asked, so nothing was typed.
    if (!this.isReachable) throw gone();
    const answer = await this.#ask(contract.terminalPromptRequest, { sessionId, text }, contract.deadlines.prompt + contract.deadlines.order).catch((error: unknown) => {
      throw isFleetError(error, 'NotOwner') || isFleetError(error, 'Timeout') ? promptUncertain(error) : error;
    });
    if (!isPromptAnswer(answer)) throw badAnswer();
    return answer.result;
  }

  async close(sessionId: string): Promise<void> {
    await this.#ask(contract.terminalCloseRequest, { sessionId });
  }

  dispose(): void {
    this.leave();
    this.#store.dispose();
  }

  /** @throws FleetError `NotOwner` when the owner is not there or goes away, `Timeout`, and what the owner threw. */
  async #ask(type: { readonly method: string }, params: unknown, deadlineMs: number = contract.deadlines.order + 1000): Promise<unknown> {
    const rpc = this.#greeted?.rpc;
    if (rpc === undefined) throw gone();
    try {
      return await withDeadline(this.#options.timers, deadlineMs, owner, rpc.connection.sendRequest<unknown>(type.method, params));
    } catch (error) {
      if (rpc.isClosed) throw gone(error);
      throw fromResponseError(error);
    }
  }

  async #hello(rpc: Rpc, token: string): Promise<void> {
    const { windowId, terminals, timers } = this.#options;
    this.#listen(rpc);
    rpc.connection.listen();
    const { held } = terminals;
    const hello = rpc.connection.sendRequest(contract.windowHelloRequest, { version: contract.windowVersion, windowId, token, held });
    const welcome: unknown = await withDeadline(timers, contract.deadlines.hello, owner, hello);
    if (rpc.isClosed) throw gone();
    if (!isWindowWelcome(welcome)) throw badAnswer();
    this.#greet(rpc, welcome, held);
  }

  #greet(rpc: Rpc, welcome: contract.WindowWelcome, told: readonly string[]): void {
    const { terminals, logger } = this.#options;
    const connected = new Map(welcome.connected.map(({ sessionId, runner }) => [sessionId, runner]));
    this.#greeted = { rpc, connected, elsewhere: this.#elsewhere(welcome.holders) };
    this.#silence.value = undefined;
    this.#isSilent = false;
    this.#pulse.value = this.#options.timers.every(this.#options.pulseMs ?? defaultPulseMs, () => void this.#feelPulse(rpc));
    // What changed while the hello was on its way.
    if (terminals.held.join() !== told.join()) detach(rpc.connection.sendNotification(contract.heldNotification, { held: terminals.held }), logger, 'telling of terminals');
    this.#changed.fire();
    for (const runner of welcome.connected) this.#didConnect.fire(runner);
  }

  /** A process that was stopped keeps its sockets open: who does not answer is let go, so that a person hears of it. */
  async #feelPulse(rpc: Rpc): Promise<void> {
    try {
      await withDeadline(this.#options.timers, Math.min(contract.deadlines.ping, this.#options.pulseMs ?? Infinity), owner, rpc.connection.sendRequest(contract.windowPingRequest, null));
    } catch (error) {
      if (isFleetError(error, 'Timeout')) rpc.close('the window that manages this fleet does not answer');
    }
  }

  /** What the owner tells and asks. Before its welcome it tells nothing that the welcome does not hold. */
  #listen(rpc: Rpc): void {
    const { terminals } = this.#options;
    const on = <P>(type: NotificationType<P>, isMeant: (value: unknown) => value is P, hear: (params: P, greeted: Greeted) => void): void => {
      rpc.connection.onNotification(type.method, (params: unknown) => {
        if (!isMeant(params)) rpc.close(`the window that manages this fleet told something malformed (${type.method})`);
        else if (this.#greeted?.rpc === rpc) hear(params, this.#greeted);
      });
    };
    on(contract.changedNotification, isChanged, ({ sessions }) => this.#news.fire(sessions));
    on(contract.promptTakenNotification, isOfSession, (taken) => this.#taken.fire(taken));
    on(contract.agentConnectedNotification, isConnectedRunner, (runner, greeted) => {
      greeted.connected.set(runner.sessionId, runner.runner);
      this.#didConnect.fire(runner);
    });
    on(contract.agentDisconnectedNotification, isOfSession, ({ sessionId }, greeted) => {
      if (greeted.connected.delete(sessionId)) this.#didDisconnect.fire({ sessionId });
    });
    on(contract.agentHeartbeatNotification, isSessionBeat, (beat) => this.#heartbeat.fire(beat));
    on(contract.holdersNotification, isHolders, ({ holders }, greeted) => {
      greeted.elsewhere = this.#elsewhere(holders);
      this.#changed.fire();
    });
    const take = <P>(method: string, isMeant: (value: unknown) => value is P, carryOut: (params: P) => Promise<unknown>): void => {
      rpc.connection.onRequest(method, async (params: unknown) => {
        try {
          if (!isMeant(params)) throw new FleetError('BadRequest', `Another window could not be understood (${method}).`);
          return (await carryOut(params)) ?? null;
        } catch (error) {
          throw toResponseError(error);
        }
      });
    };
    take(contract.terminalWriteRequest.method, isWriteOrder, ({ sessionId, data }) => terminals.write(sessionId, data));
    take(contract.terminalPromptRequest.method, isPromptOrder, async ({ sessionId, text }) => ({ result: await terminals.prompt(sessionId, text) }));
    take(contract.terminalCloseRequest.method, isOfSession, ({ sessionId }) => terminals.close(sessionId));
  }

  #elsewhere(holders: readonly contract.Holder[]): ReadonlySet<string> {
    return new Set(holders.filter(({ windowId }) => windowId !== this.#options.windowId).flatMap(({ sessionIds }) => sessionIds));
  }

  #closed(rpc: Rpc): void {
    const lost = this.#greeted;
    if (lost?.rpc !== rpc) return;
    this.#greeted = undefined;
    this.#pulse.value = undefined;
    for (const sessionId of lost.connected.keys()) this.#didDisconnect.fire({ sessionId });
    this.#waitForSilence();
    this.#changed.fire();
  }

  #waitForSilence(): void {
    if (!this.#seeker.isLooking) return;
    this.#silence.value = this.#options.timers.after(this.#options.silentAfterMs ?? defaultSilentMs, () => {
      this.#isSilent = true;
      this.#changed.fire();
    });
  }
}

function gone(cause?: unknown): FleetError<'NotOwner'> {
  return new FleetError('NotOwner', 'The window that manages this fleet went away. Try again in a moment.', cause === undefined ? {} : { cause });
}

/** Nobody can say any more whether it was typed: a second one must not be invited. */
function promptUncertain(cause: unknown): FleetError<'PromptUncertain'> {
  return new FleetError('PromptUncertain', 'The prompt may have been typed. Look at its terminal before you send it again.', { cause });
}

function badAnswer(): FleetError<'BadAnswer'> {
  return new FleetError('BadAnswer', 'The window that manages this fleet gave an answer that could not be understood. Use the same version of Agent Fleet in all windows.');
}
