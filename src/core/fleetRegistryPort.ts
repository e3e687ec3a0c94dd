import { SerialQueue } from '../base/async.ts';
import type { Clock, Logger } from '../base/ports.ts';
import { oneLine } from '../base/text.ts';

/** How a sub-agent ended (zeph fleet registry). */
export type FleetSessionStatus = 'completed' | 'failed' | 'cancelled';

/** What is needed to list a sub-agent that somebody else runs (zeph fleet registry). */
export interface FleetSessionInfo {
  readonly id: string;
  /** From the agent's definition: untrusted. */
  readonly agentName: string;
  /** Epoch milliseconds, or UTC text in either of zeph's spellings (`…T…Z`, `YYYY-MM-DD HH:MM:SS`). */
  readonly startedAt: number | string;
}

/** Zeph's port: tell and forget. Neither call waits, fails or stops the caller. */
export interface FleetRegistry {
  /** The sub-agent runs. A repeat changes nothing, also after its end. */
  registerActive(info: FleetSessionInfo): void;
  /** The sub-agent has ended. */
  markTerminal(id: string, status: FleetSessionStatus): void;
}

/** What the port needs of the fleet. */
export interface RegistryFleet {
  has(id: string): boolean;
  /** The sub-agent runs already, so no limit may refuse its row. */
  register(info: { readonly id: string; readonly agentName: string; readonly startedAt: number }): Promise<unknown>;
  finish(id: string, status: FleetSessionStatus): Promise<unknown>;
}

export interface QueuedFleetRegistryOptions {
  readonly fleet: RegistryFleet;
  readonly clock: Pick<Clock, 'now'>;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Zeph's port over our fleet, corrected: one queue without a bound, so that no end overtakes its beginning and none is dropped
 * (zeph defects 1 and 8); the end of an unknown sub-agent makes its row first (seed row L4). Failures are logged as warnings.
 */
export class QueuedFleetRegistry implements FleetRegistry {
  readonly #options: QueuedFleetRegistryOptions;
  readonly #queue = new SerialQueue();

  constructor(options: QueuedFleetRegistryOptions) {
    this.#options = options;
  }

  registerActive({ id, agentName, startedAt }: FleetSessionInfo): void {
    this.#tell(`sub-agent ${oneLine(id, 60)} is not listed`, () => this.#register(id, agentName, startedAt));
  }

  markTerminal(id: string, status: FleetSessionStatus): void {
    this.#tell(`the end of sub-agent ${oneLine(id, 60)} is not recorded`, async () => {
      await this.#register(id, id, this.#options.clock.now());
      await this.#options.fleet.finish(id, status);
    });
  }

  /** Resolves when everything told so far is recorded or has failed. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  async #register(id: string, agentName: string, startedAt: number | string): Promise<void> {
    const { fleet, clock } = this.#options;
    if (fleet.has(id)) return;
    await fleet.register({ id, agentName: oneLine(agentName, 80), startedAt: epochMs(startedAt) ?? clock.now() });
  }

  #tell(failure: string, write: () => Promise<void>): void {
    const { logger } = this.#options;
    void this.#queue.add(() => write().catch((error: unknown) => logger.warn(failure, error)));
  }
}

/** A moment in zeph's spellings as epoch milliseconds (fix of its mixed column); `undefined` when it cannot be read. */
export function epochMs(moment: number | string): number | undefined {
  if (typeof moment === 'number') return Number.isFinite(moment) ? Math.round(moment) : undefined;
  const text = moment.trim();
  const at = Date.parse(/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?$/.test(text) ? `${text.replace(' ', 'T')}Z` : text);
  return Number.isNaN(at) ? undefined : at;
}
