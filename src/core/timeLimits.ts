import { detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import { isActive, type Session } from './session.ts';

export interface TimeLimitsOptions {
  readonly fleet: FleetService;
  /** Has the agent ended by the stop ladder; the wish itself is recorded already. */
  readonly stop: (id: string, reason: string) => Promise<void>;
  /** How long an agent may run, minutes; 0 = for ever. Read at each look. */
  readonly limitMinutes: () => number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** How often the clock is looked at, milliseconds. */
const sliceMs = 5_000;
/** A piece that took so much longer was slept through, milliseconds. */
const suspendMs = 2_000;
/** Least time that an agent has when a new run finds it, milliseconds. */
const minGraceMs = 30_000;

interface Span {
  /** On the clock of the time awake. */
  readonly since: number;
  /** What it had used up when this run found it, milliseconds. */
  readonly before: number;
  /** Not ended earlier than this, on the same clock. */
  readonly notBefore: number;
}

/**
 * Ends agents that run longer than they may (seed row L17; CodeWhale never timed anything out, W3). They end as failed, not cancelled. Only
 * time counts that this machine was awake for; after a reload the wall clock says once how long an agent has run. External sessions,
 * which we did not start, and those that are ending anyway are left alone. Only the window that owns the registry ends anybody.
 */
export class TimeLimits implements Disposable {
  readonly #options: TimeLimitsOptions;
  readonly #disposables = new DisposableStore();
  readonly #spans = new Map<string, Span>();
  /** Milliseconds awake. Never jumps. */
  #awake = 0;
  #last: number;

  constructor(options: TimeLimitsOptions) {
    this.#options = options;
    const { fleet, clock, timers } = options;
    this.#last = clock.monotonic();
    this.#disposables.add(timers.every(sliceMs, () => this.#tick()));
    this.#disposables.add(
      fleet.onDidChange(({ added, changed, removed }) => {
        // Sessions that come already started were found, not begun: after a reload, or in another window's fleet.
        for (const session of added) this.#watch(session, true);
        for (const session of changed) this.#watch(session, false);
        for (const id of removed) this.#spans.delete(id);
      }),
    );
    for (const session of fleet.sessions) this.#watch(session, true);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #watch(session: Session, isFound: boolean): void {
    const { id, status, startedAt, channel, stopRequest } = session;
    if (!isActive(status) || channel === 'external' || stopRequest !== undefined) return void this.#spans.delete(id);
    if (startedAt === undefined || this.#spans.has(id)) return;
    const since = this.#awake + this.#piece();
    const before = isFound ? Math.max(0, this.#options.clock.now() - startedAt) : 0;
    this.#spans.set(id, { since, before, notBefore: isFound ? since + minGraceMs : since });
  }

  #tick(): void {
    this.#awake += this.#piece();
    this.#last = this.#options.clock.monotonic();
    const { fleet, limitMinutes } = this.#options;
    const minutes = limitMinutes();
    if (!(minutes > 0) || !fleet.isOwner) return;
    for (const [id, span] of [...this.#spans]) {
      const used = this.#awake - span.since + span.before;
      if (used >= minutes * 60_000 && this.#awake >= span.notBefore) this.#end(id, minutes);
    }
  }

  /** What of the time since the last look counts: nothing, if the machine slept, since nobody knows how much of it the agent had. */
  #piece(): number {
    const passed = this.#options.clock.monotonic() - this.#last;
    return passed < sliceMs + suspendMs ? passed : 0;
  }

  #end(id: string, minutes: number): void {
    const { logger } = this.#options;
    detach(this.#stop(id, `timed out after ${minutes} min`), logger, `ending ${id}, whose time is up`);
  }

  async #stop(id: string, reason: string): Promise<void> {
    const { fleet, stop } = this.#options;
    await fleet.requestStop(id, reason, 'timeout');
    await stop(id, reason);
  }
}
