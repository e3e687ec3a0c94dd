import { detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { isFleetError } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import type { RunnerGateway } from './ports.ts';
import type { Session } from './session.ts';

export interface RetiringAgentsOptions {
  readonly fleet: FleetService;
  readonly runners: RunnerGateway;
  readonly logger: Logger;
  /** Pause between the steps of the stop ladder, milliseconds. Read at each stop. */
  readonly graceMs: () => number;
}

/**
 * Ends the agents of sessions that were asked to retire (seed row L9): most of them wait for the next prompt and never exit by themselves. At
 * the end of the turn (a trusted signal says idle) the session is retired and its agent told to end; when the deadline has terminated
 * the session, likewise. An agent that never says that it is idle has until its deadline.
 */
export class RetiringAgents implements Disposable {
  readonly #options: RetiringAgentsOptions;
  readonly #disposables = new DisposableStore();
  readonly #told = new Set<string>();

  constructor(options: RetiringAgentsOptions) {
    this.#options = options;
    const { fleet, runners } = options;
    this.#disposables.add(
      fleet.onDidChange(({ changed, removed }) => {
        for (const session of changed) this.#look(session);
        for (const id of removed) this.#told.delete(id);
      }),
    );
    this.#disposables.add(
      runners.onDidConnect(({ sessionId }) => {
        const session = fleet.find(sessionId);
        if (session?.status === 'retiring') this.#look(session);
      }),
    );
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #look(session: Session): void {
    const { fleet, runners, logger } = this.#options;
    const { id, status, retireRequest, signal } = session;
    // One window gives the order. A runner that calls later is told by the controller.
    // Who is cancelled meanwhile may look idle while it ends: that is no end of its turn.
    if (retireRequest === undefined || session.stopRequest !== undefined || this.#told.has(id) || !fleet.isOwner || !runners.isConnected(id)) return;
    if (status === 'retiring' && signal?.activity === 'idle') detach(this.#retire(id), logger, `retiring ${id}`);
    else if (status === 'terminated') detach(this.#stop(id), logger, `ending ${id} at its deadline`);
  }

  /** Retired first: the exit that follows is then no cancel. */
  async #retire(id: string): Promise<void> {
    this.#told.add(id);
    try {
      await this.#options.fleet.markRetired(id);
    } catch (error) {
      this.#told.delete(id);
      if (isFleetError(error, 'InvalidTransition') || isFleetError(error, 'NotFound')) return;
      throw error;
    }
    await this.#stop(id);
  }

  async #stop(id: string): Promise<void> {
    this.#told.add(id);
    await this.#options.runners.stop(id, { from: 'SIGTERM', graceMs: this.#options.graceMs() });
  }
}
