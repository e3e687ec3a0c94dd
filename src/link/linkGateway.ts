import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { detach } from '../base/async.ts';
import { DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import { FleetError } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type { Logger } from '../base/ports.ts';
import type { RunnerGateway, StopRequest } from '../core/ports.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';
import type { ConnectedRunner, LinkServer } from './server.ts';

export interface LinkGatewayOptions {
  readonly endpointFile: string;
  readonly logger: Logger;
  /** Starts the server; called once, when the first runner is expected. */
  readonly listen: (endpointFile: string) => Promise<LinkServer>;
}

/** The road to the runners as windows share it. */
export interface RunnerRoad extends RunnerGateway {
  /** The runners that are connected now. */
  readonly connected: readonly ConnectedRunner[];
  /** Makes sure that runners can call. @throws FleetError `LinkFailed`, `NotOwner`. */
  start(): Promise<void>;
}

/** The road to the runners, which opens a socket no sooner than a runner is expected: a window without agents has none. */
export class LinkGateway implements RunnerRoad, Disposable {
  readonly #options: LinkGatewayOptions;
  readonly #store = new DisposableStore();
  readonly #didConnect: Emitter<{ sessionId: string; runner: ProcessIdentity }>;
  readonly #didDisconnect: Emitter<{ sessionId: string }>;
  readonly #heartbeat: Emitter<{ sessionId: string; heartbeat: RunnerHeartbeat }>;
  /** What listens to the server. */
  readonly #serving = this.#store.add(new MutableDisposable<Disposable>());
  #starting: Promise<void> | undefined;
  #server: LinkServer | undefined;

  constructor(options: LinkGatewayOptions) {
    this.#options = options;
    this.#didConnect = this.#store.add(new Emitter(options.logger));
    this.#didDisconnect = this.#store.add(new Emitter(options.logger));
    this.#heartbeat = this.#store.add(new Emitter(options.logger));
    this.onDidConnect = this.#didConnect.event;
    this.onDidDisconnect = this.#didDisconnect.event;
    this.onHeartbeat = this.#heartbeat.event;
  }

  readonly onDidConnect: RunnerGateway['onDidConnect'];
  readonly onDidDisconnect: RunnerGateway['onDidDisconnect'];
  readonly onHeartbeat: RunnerGateway['onHeartbeat'];

  /** Makes sure that runners can call. A failed attempt is repeated by the next call. @throws FleetError `LinkFailed`. */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw new FleetError('LinkFailed', 'The socket for the agents could not be opened. See the log for the reason.', { cause: error });
    });
    return this.#starting;
  }

  isConnected(sessionId: string): boolean {
    return this.#server?.isConnected(sessionId) ?? false;
  }

  async stop(sessionId: string, request: StopRequest): Promise<void> {
    await this.#running().stop(sessionId, request);
  }

  async signal(sessionId: string, signal: 'SIGINT'): Promise<void> {
    await this.#running().signal(sessionId, signal);
  }

  async reframe(sessionId: string): Promise<void> {
    await this.#running().reframe(sessionId);
  }

  /** The runners that are connected now. */
  get connected(): readonly ConnectedRunner[] {
    return this.#server?.connected ?? [];
  }

  /** Closes the socket, because another window has become the owner; `start` opens a new one. */
  async release(): Promise<void> {
    await this.#starting?.catch(() => undefined);
    const server = this.#server;
    this.#server = undefined;
    this.#starting = undefined;
    // Before the connections go: for whoever listens they are with the new owner now.
    this.#serving.value = undefined;
    await server?.close();
  }

  /** Closes the socket. Runners go on and write to their spools. */
  async close(): Promise<void> {
    this.#store.dispose();
    await this.#starting?.catch(() => undefined);
    await this.#server?.close();
  }

  dispose(): void {
    detach(this.close(), this.#options.logger, 'closing the link');
  }

  async #start(): Promise<void> {
    const { endpointFile, listen } = this.#options;
    await mkdir(path.dirname(endpointFile), { recursive: true, mode: 0o700 });
    const server = await listen(endpointFile);
    if (this.#store.isDisposed) {
      await server.close();
      return;
    }
    this.#server = server;
    const serving = new DisposableStore();
    this.#serving.value = serving;
    serving.add(server.onDidConnect((connected) => this.#didConnect.fire(connected)));
    serving.add(server.onDidDisconnect((gone) => this.#didDisconnect.fire(gone)));
    serving.add(server.onHeartbeat((beat) => this.#heartbeat.fire(beat)));
    // A runner sees the endpoint file before we hear that the server listens: whoever was that quick is announced now.
    for (const connected of server.connected) this.#didConnect.fire(connected);
  }

  #running(): LinkServer {
    if (this.#server === undefined) throw new FleetError('NotConnected', 'The terminal of this agent does not answer: this window listens to no agent yet.');
    return this.#server;
  }
}

