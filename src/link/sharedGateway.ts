import { detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/event.ts';
import type { Logger } from '../base/ports.ts';
import type { RunnerGateway, StopRequest } from '../core/ports.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';
import type { FleetRole } from './fleetRole.ts';
import type { RunnerRoad } from './linkGateway.ts';
import type { ConnectedRunner } from './server.ts';

export interface SharedGatewayOptions {
  /** Used while this window owns the registry. */
  readonly local: RunnerRoad & { release(): Promise<void> };
  /** Used while another window does. */
  readonly remote: RunnerRoad;
  readonly role: Pick<FleetRole, 'current' | 'onDidChange'>;
  readonly logger: Logger;
}

/** The road to the runners, wherever they call: this window, or the one that owns the registry. A switch shows as runners that connect and go. */
export class SharedGateway implements RunnerRoad, Disposable {
  readonly #options: SharedGatewayOptions;
  readonly #store = new DisposableStore();
  readonly #didConnect: Emitter<{ sessionId: string; runner: ProcessIdentity }>;
  readonly #didDisconnect: Emitter<{ sessionId: string }>;
  readonly #heartbeat: Emitter<{ sessionId: string; heartbeat: RunnerHeartbeat }>;
  /** The road that is in use. */
  #road: RunnerRoad;

  constructor(options: SharedGatewayOptions) {
    this.#options = options;
    const { local, remote, role, logger } = options;
    this.#didConnect = this.#store.add(new Emitter(logger));
    this.#didDisconnect = this.#store.add(new Emitter(logger));
    this.#heartbeat = this.#store.add(new Emitter(logger));
    this.onDidConnect = this.#didConnect.event;
    this.onDidDisconnect = this.#didDisconnect.event;
    this.onHeartbeat = this.#heartbeat.event;
    this.#road = this.#wanted();
    for (const road of [local, remote]) {
      const isUsed = (): boolean => road === this.#road;
      this.#store.add(road.onDidConnect((connected) => isUsed() && this.#didConnect.fire(connected)));
      this.#store.add(road.onDidDisconnect((gone) => isUsed() && this.#didDisconnect.fire(gone)));
      this.#store.add(road.onHeartbeat((beat) => isUsed() && this.#heartbeat.fire(beat)));
    }
    this.#store.add(role.onDidChange(() => this.#switch()));
  }

  readonly onDidConnect: RunnerGateway['onDidConnect'];
  readonly onDidDisconnect: RunnerGateway['onDidDisconnect'];
  readonly onHeartbeat: RunnerGateway['onHeartbeat'];

  get connected(): readonly ConnectedRunner[] {
    return this.#road.connected;
  }

  start(): Promise<void> {
    return this.#road.start();
  }

  isConnected(sessionId: string): boolean {
    return this.#road.isConnected(sessionId);
  }

  stop(sessionId: string, request: StopRequest): Promise<void> {
    return this.#road.stop(sessionId, request);
  }

  signal(sessionId: string, signal: 'SIGINT'): Promise<void> {
    return this.#road.signal(sessionId, signal);
  }

  reframe(sessionId: string): Promise<void> {
    return this.#road.reframe(sessionId);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #wanted(): RunnerRoad {
    const { local, remote, role } = this.#options;
    return role.current === 'reader' ? remote : local;
  }

  #switch(): void {
    const { local, logger } = this.#options;
    const former = this.#road;
    const next = this.#wanted();
    if (next === former) return;
    const before = former.connected;
    this.#road = next;
    for (const { sessionId } of before) if (!next.isConnected(sessionId)) this.#didDisconnect.fire({ sessionId });
    const known = new Set(before.map(({ sessionId }) => sessionId));
    for (const runner of next.connected) if (!known.has(runner.sessionId)) this.#didConnect.fire(runner);
    // Runners that still call here go to the new owner; should this window own the registry again, it says so anew.
    if (former === local) detach(local.release(), logger, 'leaving the runners to another window');
  }
}
