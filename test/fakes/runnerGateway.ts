import { Emitter } from '../../src/base/event.ts';
import { FleetError } from '../../src/base/errors.ts';
import { nullLogger } from '../../src/base/ports.ts';
import type { RunnerGateway, StopRequest } from '../../src/core/ports.ts';
import type { RunnerHeartbeat } from '../../src/core/runnerEvents.ts';
import type { ProcessIdentity } from '../../src/core/session.ts';

export interface RunnerOrder {
  readonly sessionId: string;
  readonly order: 'reframe' | 'SIGINT' | StopRequest;
}

/** Runners that connect and go when a test says so; keeps the orders they took. */
export class FakeRunners implements RunnerGateway {
  readonly orders: RunnerOrder[] = [];
  /** Set: orders are refused with it. */
  fault: Error | undefined;
  readonly #connected = new Set<string>();
  readonly #didConnect = new Emitter<{ sessionId: string; runner: ProcessIdentity }>(nullLogger);
  readonly #didDisconnect = new Emitter<{ sessionId: string }>(nullLogger);
  readonly #heartbeats = new Emitter<{ sessionId: string; heartbeat: RunnerHeartbeat }>(nullLogger);
  readonly onDidConnect = this.#didConnect.event;
  readonly onDidDisconnect = this.#didDisconnect.event;
  readonly onHeartbeat = this.#heartbeats.event;

  connect(sessionId: string, runner: ProcessIdentity = { pid: 1 }): void {
    this.#connected.add(sessionId);
    this.#didConnect.fire({ sessionId, runner });
  }

  disconnect(sessionId: string): void {
    this.#connected.delete(sessionId);
    this.#didDisconnect.fire({ sessionId });
  }

  beat(sessionId: string, heartbeat: RunnerHeartbeat): void {
    this.#heartbeats.fire({ sessionId, heartbeat });
  }

  /** The ladders that the runner of a session was told to begin. */
  stops(sessionId: string): readonly StopRequest[] {
    return this.orders.flatMap((entry) => (entry.sessionId === sessionId && typeof entry.order === 'object' ? [entry.order] : []));
  }

  isConnected(sessionId: string): boolean {
    return this.#connected.has(sessionId);
  }

  stop(sessionId: string, request: StopRequest): Promise<void> {
    return this.#take(sessionId, request);
  }

  signal(sessionId: string, signal: 'SIGINT'): Promise<void> {
    return this.#take(sessionId, signal);
  }

  reframe(sessionId: string): Promise<void> {
    return this.#take(sessionId, 'reframe');
  }

  async #take(sessionId: string, order: RunnerOrder['order']): Promise<void> {
    await Promise.resolve();
    if (this.fault !== undefined) throw this.fault;
    if (!this.#connected.has(sessionId)) throw new FleetError('NotConnected', 'The terminal of this agent does not answer.');
    this.orders.push({ sessionId, order });
  }
}
