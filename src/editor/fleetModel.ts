import { Throttle } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { FleetService } from '../core/fleetService.ts';
import { LeaseJudge } from '../core/leaseJudge.ts';
import type { DriverCatalog, OtherWindows, RunnerGateway, TerminalHost } from '../core/ports.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import { isActive, type Session } from '../core/session.ts';
import type { SessionRecovery } from '../core/sessionRecovery.ts';
import type { SessionView } from '../presentation/sessionView.ts';

export interface FleetModelOptions {
  readonly fleet: FleetService;
  readonly recovery: SessionRecovery;
  readonly drivers: DriverCatalog;
  readonly terminals: TerminalHost;
  readonly others: OtherWindows;
  readonly runners: RunnerGateway;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly isTrusted: () => boolean;
  /** After how long a silence a busy agent is stale, milliseconds. Read each time; absent: five minutes. */
  readonly staleAfterMs: () => number;
}

/** The first change shows at once; those that follow within this time are shown together, milliseconds. */
const burstMs = 50;
/** Rows show whole minutes: how often they are looked at again, milliseconds. */
const tickMs = 30_000;

/** All sessions as they are shown, and one event for all who show them. A projection: it holds nothing of its own. */
export class FleetModel implements Disposable {
  readonly #options: FleetModelOptions;
  readonly #disposables = new DisposableStore();
  readonly #changed: Emitter<void>;
  readonly #burst: Throttle;
  readonly #heartbeats = new Map<string, RunnerHeartbeat>();
  readonly #leases: LeaseJudge;

  constructor(options: FleetModelOptions) {
    this.#options = options;
    const { fleet, recovery, terminals, others, runners, clock, timers } = options;
    this.#changed = this.#disposables.add(new Emitter<void>(options.logger));
    this.onDidChange = this.#changed.event;
    this.#burst = this.#disposables.add(new Throttle(timers, burstMs, () => this.#changed.fire()));
    this.#leases = this.#disposables.add(new LeaseJudge({ clock, timers, leaseMs: options.staleAfterMs }));
    const trigger = (): void => this.#burst.trigger();
    this.#disposables.add(
      fleet.onDidChange(({ removed }) => {
        for (const id of removed) this.#forget(id);
        trigger();
      }),
    );
    this.#disposables.add(fleet.onDidOpen(trigger));
    this.#disposables.add(recovery.onDidChangeLiveness(trigger));
    this.#disposables.add(runners.onDidConnect(trigger));
    this.#disposables.add(runners.onDidDisconnect(trigger));
    this.#disposables.add(terminals.onDidChangeHeld(trigger));
    this.#disposables.add(others.onDidChange(trigger));
    this.#disposables.add(terminals.onOutput(({ sessionId }) => this.#leases.renew(sessionId)));
    this.#disposables.add(runners.onHeartbeat(({ sessionId, heartbeat }) => this.#onHeartbeat(sessionId, heartbeat)));
    this.#disposables.add(timers.every(tickMs, () => fleet.sessions.some((session) => isActive(session.status)) && trigger()));
  }

  /** Something that shows may have changed. A burst gives two events: its first change, and all the others. */
  readonly onDidChange: Event<void>;

  get views(): readonly SessionView[] {
    return this.#options.fleet.sessions.map((session) => this.view(session));
  }

  view(session: Session): SessionView {
    const { fleet, recovery, drivers, terminals, others, isTrusted } = this.#options;
    const hasTerminal = terminals.has(session.id);
    const driver = drivers.get(session.driver);
    const heartbeat = this.#heartbeats.get(session.id);
    const liveness = recovery.liveness(session);
    return {
      session,
      driverLabel: driver?.info.label ?? session.driver,
      provesPrompts: driver?.provesPrompts ?? false,
      liveness,
      stale: this.#leases.isStale(session, liveness),
      hasTerminal,
      elsewhere: !hasTerminal && others.holds(session.id),
      canChange: fleet.canChange && isTrusted(),
      ...(heartbeat === undefined ? {} : { heartbeat }),
    };
  }

  /** Something outside the fleet changed that shows, for example workspace trust. */
  refresh(): void {
    this.#burst.trigger();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #onHeartbeat(sessionId: string, heartbeat: RunnerHeartbeat): void {
    this.#heartbeats.set(sessionId, heartbeat);
    // A runner beats while its agent hangs, too: only work is evidence.
    if ((heartbeat.cpuPercent ?? 0) >= 1) this.#leases.renew(sessionId);
  }

  #forget(id: string): void {
    this.#heartbeats.delete(id);
    this.#leases.forget(id);
  }
}
