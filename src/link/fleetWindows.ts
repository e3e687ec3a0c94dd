import { detach, SerialQueue } from '../base/async.ts';
import { DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import { FleetError } from '../base/errors.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { OtherWindows } from '../core/ports.ts';
import type { PromptResult } from '../core/prompt.ts';
import type { FleetRole } from './fleetRole.ts';
import type { WindowClient } from './windowClient.ts';
import type { WindowServer } from './windowServer.ts';

export interface FleetWindowsOptions {
  readonly role: Pick<FleetRole, 'current' | 'hasRegistry' | 'onDidChange'>;
  readonly client: WindowClient;
  /** Opens the socket for other windows; called when this window owns a registry with something in it. */
  readonly listen: () => Promise<WindowServer>;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** How long after a failure the socket is tried again, milliseconds. */
const retryMs = 5000;

/** The other windows of this workspace: this one listens to them while it owns the registry, and asks the owner while it does not. */
export class FleetWindows implements OtherWindows, Disposable {
  readonly #options: FleetWindowsOptions;
  readonly #store = new DisposableStore();
  readonly #retry = this.#store.add(new MutableDisposable<Disposable>());
  readonly #hearing = this.#store.add(new MutableDisposable<Disposable>());
  readonly #changed: Emitter<void>;
  readonly #queue = new SerialQueue();
  #server: WindowServer | undefined;

  constructor(options: FleetWindowsOptions) {
    this.#options = options;
    this.#changed = this.#store.add(new Emitter<void>(options.logger));
    this.onDidChange = this.#changed.event;
    this.#store.add(options.client.onDidChange(() => this.#changed.fire()));
    this.#store.add(options.role.onDidChange(() => this.#settle()));
    this.#settle();
  }

  readonly onDidChange: Event<void>;

  /** The registry's owner is looked for in vain, for longer than a reload or a take-over needs. */
  get isOwnerSilent(): boolean {
    return this.#options.role.current === 'reader' && this.#options.client.isSilent;
  }

  holds(sessionId: string): boolean {
    return this.#road()?.holds(sessionId) ?? false;
  }

  async write(sessionId: string, data: string): Promise<void> {
    await this.#known().write(sessionId, data);
  }

  async prompt(sessionId: string, text: string): Promise<PromptResult> {
    return await this.#known().prompt(sessionId, text);
  }

  async close(sessionId: string): Promise<void> {
    await this.#road()?.close(sessionId);
  }

  /** Lets go of all connections. */
  async shutDown(): Promise<void> {
    this.#store.dispose();
    this.#options.client.leave();
    await this.#queue.add(() => this.#stopServer());
  }

  dispose(): void {
    detach(this.shutDown(), this.#options.logger, 'leaving the other windows');
  }

  /** Brings server and client in line with the role; one step after the other. */
  #settle(): void {
    const { role, client, logger } = this.#options;
    if (role.current === 'reader') client.look();
    else client.leave();
    detach(this.#queue.add(() => this.#settleServer()), logger, 'the socket for other windows');
  }

  /** Without the socket the other windows can only read; that is no reason to stop anything here. */
  async #listen(): Promise<WindowServer | undefined> {
    const { listen, timers, logger } = this.#options;
    try {
      return await listen();
    } catch (error) {
      logger.error('other windows cannot reach this one: the socket could not be opened', error);
      this.#retry.value = timers.after(retryMs, () => this.#settle());
      return undefined;
    }
  }

  async #settleServer(): Promise<void> {
    const { role } = this.#options;
    if (this.#store.isDisposed || role.current !== 'owner') return this.#stopServer();
    if (this.#server !== undefined || !role.hasRegistry) return;
    const server = await this.#listen();
    if (server === undefined) return;
    this.#server = server;
    this.#hearing.value = server.onDidChange(() => this.#changed.fire());
    if (this.#store.isDisposed) await this.#stopServer();
  }

  async #stopServer(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#hearing.value = undefined;
    await server?.stop();
  }

  #road(): OtherWindows | undefined {
    return this.#options.role.current === 'owner' ? this.#server : this.#options.client;
  }

  #known(): OtherWindows {
    const road = this.#road();
    if (road === undefined) throw new FleetError('NoTerminal', 'The terminal of this session is not in a window that can be reached.');
    return road;
  }
}
