import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { NotificationType } from 'vscode-jsonrpc';
import { Coalescer, detach } from '../base/async.ts';
import { DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { FleetError } from '../base/errors.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { FleetService } from '../core/fleetService.ts';
import type { OtherWindows } from '../core/ports.ts';
import type { PromptResult } from '../core/prompt.ts';
import type { Session } from '../core/session.ts';
import type { LinkAddress } from './address.ts';
import { writePrivateJson } from './endpointFile.ts';
import type { RunnerRoad } from './linkGateway.ts';
import { cleanAfter, listenPrivately, removeSocket } from './listen.ts';
import { withDeadline } from './rpc.ts';
import { hashToken } from './token.ts';
import { fromWireArguments, isOfSession, isPerformParams, isPromptAnswer, isPromptOrder, isSignalOrder, isStopOrder, isWriteOrder } from './windowChecks.ts';
import { WindowConnection } from './windowConnection.ts';
import * as contract from './windowContract.ts';
import { readWindowFile } from './windowFile.ts';
import type { WindowTerminals } from './windowTerminals.ts';
import { fromResponseError } from './wireErrors.ts';

export interface WindowServerOptions {
  /** From `linkAddress`; never used before. */
  readonly where: LinkAddress;
  /** Where the other windows look for the address. Its folder must exist. */
  readonly file: string;
  /** Fresh and random; whoever can read `file` may act. */
  readonly token: string;
  readonly pid: number;
  readonly windowId: string;
  readonly fleet: Pick<FleetService, 'perform' | 'onDidChange' | 'onDidTakePrompt'>;
  readonly runners: RunnerRoad;
  readonly terminals: WindowTerminals;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Whether a process is gone for certain; lets a new owner clean up after a crashed one. */
  readonly isGone?: (pid: number) => boolean;
  /** Time for a connection's first message, milliseconds. */
  readonly helloDeadlineMs?: number;
  /** Time in which another window must carry out an order, milliseconds. */
  readonly orderDeadlineMs?: number;
}

/** How many sockets may be open that have not said who they are. */
const maxStrangers = 32;
/** Changes of sessions are told together when they come within this time, milliseconds. */
const burstMs = 20;

/** The owner's end of the link between windows: it acts for them, tells them what they cannot see, and passes on what is meant for a terminal. */
export class WindowServer implements OtherWindows, Disposable {
  readonly #options: WindowServerOptions;
  readonly #store = new DisposableStore();
  readonly #server: Server;
  readonly #connections = new Set<WindowConnection>();
  /** Those who have said who they are, the newest last. */
  readonly #windows = new Map<string, WindowConnection>();
  readonly #changed: Emitter<void>;
  readonly #news = new Map<string, Session>();
  readonly #burst: Coalescer;
  #where: LinkAddress | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: WindowServerOptions) {
    this.#options = options;
    const { fleet, runners, terminals, timers, logger } = options;
    this.#changed = this.#store.add(new Emitter<void>(logger));
    this.onDidChange = this.#changed.event;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.on('error', (error) => logger.error('the link to other windows has a fault', error));
    this.#store.add(toDisposable(() => [...this.#connections].forEach((connection) => connection.dispose())));
    this.#burst = this.#store.add(new Coalescer(timers, burstMs, () => this.#tellNews()));
    this.#store.add(
      fleet.onDidChange(({ added, changed }) => {
        if (this.#windows.size === 0) return;
        for (const session of [...added, ...changed]) this.#news.set(session.id, session);
        this.#burst.trigger();
      }),
    );
    this.#store.add(fleet.onDidTakePrompt(({ sessionId }) => this.#tell(contract.promptTakenNotification, { sessionId })));
    this.#store.add(runners.onDidConnect(({ sessionId, runner }) => this.#tell(contract.agentConnectedNotification, { sessionId, runner })));
    this.#store.add(runners.onDidDisconnect(({ sessionId }) => this.#tell(contract.agentDisconnectedNotification, { sessionId })));
    this.#store.add(runners.onHeartbeat(({ sessionId, heartbeat }) => this.#tell(contract.agentHeartbeatNotification, { sessionId, heartbeat })));
    this.#store.add(terminals.onDidChangeHeld(() => this.#tellHolders()));
  }

  /** Listens, then tells the other windows where. @throws Error of the system; leaves nothing behind then. */
  static async listen(options: WindowServerOptions): Promise<WindowServer> {
    const server = new WindowServer(options);
    try {
      const where = await listenPrivately(server.#server, options.where);
      server.#where = where;
      const former = await readWindowFile(options.file);
      const file: contract.WindowFile = { version: 1, address: where.address, token: options.token, pid: options.pid };
      await writePrivateJson(options.file, file, where.address.replace(/[^\w-]/g, '').slice(-24));
      if (former !== undefined && options.isGone?.(former.pid) === true) await cleanAfter(former.address, where, options.logger);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  readonly onDidChange: Event<void>;

  /** Ids of the windows that are connected. */
  get windows(): readonly string[] {
    return [...this.#windows.keys()];
  }

  holds(sessionId: string): boolean {
    return this.#holderOf(sessionId) !== undefined;
  }

  async write(sessionId: string, data: string): Promise<void> {
    await this.#pass(sessionId, contract.terminalWriteRequest, { sessionId, data });
  }

  async prompt(sessionId: string, text: string): Promise<PromptResult> {
    const answer = await this.#pass(sessionId, contract.terminalPromptRequest, { sessionId, text }, contract.deadlines.prompt);
    if (!isPromptAnswer(answer)) throw new FleetError('BadAnswer', 'The window with this terminal gave an answer that could not be understood.');
    return answer.result;
  }

  async close(sessionId: string): Promise<void> {
    if (this.holds(sessionId)) await this.#pass(sessionId, contract.terminalCloseRequest, { sessionId });
  }

  /** Closes every connection and takes socket and file away; the latter only if it still names this server. */
  stop(): Promise<void> {
    this.#closing ??= this.#stop();
    return this.#closing;
  }

  dispose(): void {
    detach(this.stop(), this.#options.logger, 'closing the link to other windows');
  }

  async #stop(): Promise<void> {
    this.#store.dispose();
    const where = this.#where;
    if (where === undefined) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await removeSocket(where);
    const named = await readWindowFile(this.#options.file);
    if (named?.address === where.address) await rm(this.#options.file, { force: true });
  }

  #accept(socket: Socket): void {
    if (this.#closing !== undefined || this.#connections.size - this.#windows.size >= maxStrangers) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const { token, windowId, timers, logger, helloDeadlineMs = contract.deadlines.hello } = this.#options;
    this.#connections.add(
      new WindowConnection(socket, {
        tokenHash: hashToken(token),
        windowId,
        timers,
        logger,
        helloDeadlineMs,
        onOpen: (connection) => this.#open(connection),
        onHello: (connection) => this.#greet(connection),
        onHeld: () => this.#tellHolders(),
        onClose: (connection) => this.#closed(connection),
      }),
    );
  }

  /** What a window may ask for. */
  #open(connection: WindowConnection): void {
    const { fleet, runners, terminals } = this.#options;
    const isAnything = (_: unknown): _ is unknown => true;
    const done = (work: Promise<unknown>): Promise<null> => work.then(() => null);
    connection.take(contract.performRequest, isPerformParams, async ({ command, args }) => fitting(await fleet.perform(command, fromWireArguments(args))));
    connection.take(contract.agentsListenRequest, isAnything, () => done(runners.start()));
    connection.take(contract.windowPingRequest, isAnything, () => done(Promise.resolve()));
    connection.take(contract.agentsStopRequest, isStopOrder, ({ sessionId, request }) => done(runners.stop(sessionId, request)));
    connection.take(contract.agentsSignalRequest, isSignalOrder, ({ sessionId, signal }) => done(runners.signal(sessionId, signal)));
    connection.take(contract.agentsReframeRequest, isOfSession, ({ sessionId }) => done(runners.reframe(sessionId)));
    connection.take(contract.terminalWriteRequest, isWriteOrder, ({ sessionId, data }) => done(terminals.has(sessionId) ? terminals.write(sessionId, data) : this.write(sessionId, data)));
    connection.take(contract.terminalPromptRequest, isPromptOrder, async ({ sessionId, text }) => ({
      result: await (terminals.has(sessionId) ? terminals.prompt(sessionId, text) : this.prompt(sessionId, text)),
    }));
    connection.take(contract.terminalCloseRequest, isOfSession, ({ sessionId }) => done(terminals.has(sessionId) ? terminals.close(sessionId) : this.close(sessionId)));
  }

  #greet(connection: WindowConnection): contract.WindowWelcome {
    const id = connection.windowId ?? '';
    const former = this.#windows.get(id);
    this.#windows.delete(id);
    this.#windows.set(id, connection);
    former?.rpc.close('a newer connection of its window took its place');
    // Told to the newcomer as well, after its welcome; that does no harm.
    this.#tellHolders();
    return { windowId: this.#options.windowId, connected: this.#options.runners.connected, holders: this.#holders() };
  }

  #closed(connection: WindowConnection): void {
    this.#connections.delete(connection);
    const { windowId } = connection;
    if (windowId === undefined || this.#windows.get(windowId) !== connection) return;
    this.#windows.delete(windowId);
    if (!this.#store.isDisposed) this.#tellHolders();
  }

  #holders(): readonly contract.Holder[] {
    const { windowId, terminals } = this.#options;
    return [{ windowId, sessionIds: terminals.held }, ...[...this.#windows].map(([id, { held }]) => ({ windowId: id, sessionIds: [...held] }))];
  }

  #tellHolders(): void {
    this.#tell(contract.holdersNotification, { holders: this.#holders() });
    this.#changed.fire();
  }

  #tellNews(): void {
    const sessions = [...this.#news.values()];
    this.#news.clear();
    // One by one: a message has a limit, and each session is true by itself.
    for (const session of sessions) this.#tell(contract.changedNotification, { sessions: [session] });
  }

  #tell<P>(type: NotificationType<P>, params: P): void {
    for (const connection of this.#windows.values()) connection.tell(type, params);
  }

  /** The window that holds the terminal; of several who say so, the newest: the editor shows a terminal where it was asked for last. */
  #holderOf(sessionId: string): WindowConnection | undefined {
    return [...this.#windows.values()].findLast(({ held }) => held.has(sessionId));
  }

  /** @throws FleetError `NoTerminal`, `Timeout`, and what the holder threw. */
  async #pass<P>(sessionId: string, type: { readonly method: string }, params: P, deadlineMs = this.#options.orderDeadlineMs ?? contract.deadlines.order): Promise<unknown> {
    const holder = this.#holderOf(sessionId);
    if (holder === undefined) throw noTerminal();
    try {
      return await withDeadline(this.#options.timers, deadlineMs, 'The window with this terminal', holder.rpc.connection.sendRequest<unknown>(type.method, params));
    } catch (error) {
      if (holder.rpc.isClosed) throw noTerminal(error);
      throw fromResponseError(error);
    }
  }
}

/** The journal tells the sessions as well: an answer that would be too long goes without them. */
function fitting(answer: Awaited<ReturnType<FleetService['perform']>>): Awaited<ReturnType<FleetService['perform']>> {
  const few = answer.sessions.length + answer.removed.length <= 50;
  if (few || Buffer.byteLength(JSON.stringify(answer)) < contract.maxWindowMessageBytes / 2) return answer;
  return { ...answer, sessions: [], removed: [] };
}

function noTerminal(cause?: unknown): FleetError {
  return new FleetError('NoTerminal', 'The terminal of this session is closed, or its window is gone.', cause === undefined ? {} : { cause });
}
