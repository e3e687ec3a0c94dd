import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { detach } from '../base/async.ts';
import { DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { FleetError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { RunnerEventSink, RunnerGateway, StopRequest } from '../core/ports.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';
import type { LinkAddress } from './address.ts';
import { reframeRequest, signalRequest, stopRequest } from './contract.ts';
import { readEndpoint, writeEndpoint } from './endpointFile.ts';
import { cleanAfter, listenPrivately, removeSocket } from './listen.ts';
import { withDeadline } from './rpc.ts';
import { RunnerConnection, type Authenticate } from './runnerConnection.ts';

export interface LinkServerOptions {
  /** From `linkAddress`; never used before. Its alternatives are tried when its folder cannot be used. */
  readonly where: LinkAddress;
  /** Where runners look for the address. Its folder must exist. */
  readonly endpointFile: string;
  /** Pid of this process, for the endpoint file. */
  readonly pid: number;
  readonly authenticate: Authenticate;
  readonly sink: RunnerEventSink;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Time for a connection's first message, milliseconds. */
  readonly helloDeadlineMs?: number;
  /** Time in which a runner must take an order, milliseconds. */
  readonly answerDeadlineMs?: number;
  /** Whether a process is gone for certain; lets a new server clean up after a crashed one. */
  readonly isGone?: (pid: number) => boolean;
}

/** A runner that talks to the owner of the registry. */
export interface ConnectedRunner {
  readonly sessionId: string;
  readonly runner: ProcessIdentity;
}

/** How many sockets may be open that have not said who they are. */
const maxStrangers = 64;

/**
 * The window's end of the link, and the road to the runners. At most one connection per session: a newer one takes the place of the older,
 * which fires `onDidConnect` again and no `onDidDisconnect`.
 */
export class LinkServer implements RunnerGateway, Disposable {
  readonly #options: LinkServerOptions;
  readonly #store = new DisposableStore();
  readonly #server: Server;
  readonly #connections = new Set<RunnerConnection>();
  readonly #bySession = new Map<string, RunnerConnection>();
  readonly #didConnect: Emitter<{ sessionId: string; runner: ProcessIdentity }>;
  readonly #didDisconnect: Emitter<{ sessionId: string }>;
  readonly #heartbeat: Emitter<{ sessionId: string; heartbeat: RunnerHeartbeat }>;
  /** Where it listens; undefined until it does. */
  #where: LinkAddress | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: LinkServerOptions) {
    this.#options = options;
    this.#didConnect = this.#store.add(new Emitter(options.logger));
    this.#didDisconnect = this.#store.add(new Emitter(options.logger));
    this.#heartbeat = this.#store.add(new Emitter(options.logger));
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.on('error', (error) => options.logger.error('the link to the agents has a fault', error));
    this.#store.add(
      toDisposable(() => {
        for (const connection of this.#connections) connection.dispose();
      }),
    );
  }

  /** Listens, then tells the runners where. @throws Error of the system; leaves nothing behind then. */
  static async listen(options: LinkServerOptions): Promise<LinkServer> {
    const server = new LinkServer(options);
    try {
      const where = await listenPrivately(server.#server, options.where);
      server.#where = where;
      const former = await readEndpoint(options.endpointFile);
      const unique = where.address.replace(/[^\w-]/g, '').slice(-24);
      await writeEndpoint(options.endpointFile, { version: 1, address: where.address, pid: options.pid }, unique);
      if (former !== undefined && options.isGone?.(former.pid) === true) await cleanAfter(former.address, where, options.logger);
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  get onDidConnect(): RunnerGateway['onDidConnect'] {
    return this.#didConnect.event;
  }

  get onDidDisconnect(): RunnerGateway['onDidDisconnect'] {
    return this.#didDisconnect.event;
  }

  get onHeartbeat(): RunnerGateway['onHeartbeat'] {
    return this.#heartbeat.event;
  }

  /** The runners that are connected now. */
  get connected(): readonly ConnectedRunner[] {
    return [...this.#bySession.values()].flatMap(({ session }) => (session === undefined ? [] : [{ sessionId: session.id, runner: session.runner }]));
  }

  isConnected(sessionId: string): boolean {
    return this.#bySession.has(sessionId);
  }

  /** @throws FleetError `NotConnected`, `Timeout`. */
  async stop(sessionId: string, request: StopRequest): Promise<void> {
    await this.#ask(sessionId, (connection) => connection.rpc.connection.sendRequest(stopRequest, request));
  }

  /** @throws FleetError `NotConnected`, `Timeout`. */
  async signal(sessionId: string, signal: 'SIGINT'): Promise<void> {
    await this.#ask(sessionId, (connection) => connection.rpc.connection.sendRequest(signalRequest, { signal }));
  }

  /** @throws FleetError `NotConnected`, `Timeout`. */
  async reframe(sessionId: string): Promise<void> {
    await this.#ask(sessionId, (connection) => connection.rpc.connection.sendRequest(reframeRequest, null));
  }

  /** Closes every connection and takes socket and endpoint file away; the latter only if it still names this server. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  dispose(): void {
    detach(this.close(), this.#options.logger, 'closing the link');
  }

  async #close(): Promise<void> {
    this.#store.dispose();
    // What was never ours (a folder of that name existed) is not ours to remove.
    const where = this.#where;
    if (where === undefined) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await removeSocket(where);
    const endpoint = await readEndpoint(this.#options.endpointFile);
    if (endpoint?.address === where.address) await rm(this.#options.endpointFile, { force: true });
  }

  #accept(socket: Socket): void {
    if (this.#closing !== undefined || this.#connections.size - this.#bySession.size >= maxStrangers) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const { authenticate, sink, timers, logger, helloDeadlineMs = 10_000 } = this.#options;
    this.#connections.add(
      new RunnerConnection(socket, {
        authenticate,
        sink,
        timers,
        logger,
        helloDeadlineMs,
        onHello: (connection) => this.#greeted(connection),
        onHeartbeat: (connection, heartbeat) => {
          const sessionId = connection.session?.id;
          if (sessionId !== undefined && this.#bySession.get(sessionId) === connection) this.#heartbeat.fire({ sessionId, heartbeat });
        },
        onClose: (connection) => this.#closed(connection),
      }),
    );
  }

  #greeted(connection: RunnerConnection): void {
    const session = connection.session;
    if (session === undefined) return;
    const former = this.#bySession.get(session.id);
    this.#bySession.set(session.id, connection);
    former?.close('a newer connection of its session took its place');
    this.#didConnect.fire({ sessionId: session.id, runner: session.runner });
  }

  #closed(connection: RunnerConnection): void {
    this.#connections.delete(connection);
    const sessionId = connection.session?.id;
    if (sessionId === undefined || this.#bySession.get(sessionId) !== connection) return;
    this.#bySession.delete(sessionId);
    this.#didDisconnect.fire({ sessionId });
  }

  async #ask(sessionId: string, ask: (connection: RunnerConnection) => Promise<unknown>): Promise<void> {
    const connection = this.#bySession.get(sessionId);
    if (connection === undefined) throw notConnected();
    const { timers, answerDeadlineMs = 5000 } = this.#options;
    try {
      await withDeadline(timers, answerDeadlineMs, 'The terminal of this agent', ask(connection));
    } catch (error) {
      if (connection.rpc.isClosed) throw notConnected(error);
      throw error;
    }
  }
}

function notConnected(cause?: unknown): FleetError {
  return new FleetError('NotConnected', 'The terminal of this agent does not answer: it is closed, or its process has ended.', { cause });
}
