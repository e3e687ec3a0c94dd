import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Logger } from '../base/ports.ts';
import type { FleetService } from '../core/fleetService.ts';
import type { SessionStore } from '../core/ports.ts';

/** What this window is to the registry. `none`: it has not been read, or cannot be changed by this version of the extension. */
export type Role = 'none' | 'owner' | 'reader';

export interface FleetRoleOptions {
  readonly fleet: Pick<FleetService, 'report' | 'isOwner' | 'sessions' | 'onDidOpen' | 'onDidChange'>;
  readonly store: Pick<SessionStore, 'onDidChangeElsewhere'>;
  readonly logger: Logger;
}

/** Says when this window becomes the owner of the registry, or a reader. */
export class FleetRole implements Disposable {
  readonly #fleet: FleetRoleOptions['fleet'];
  readonly #disposables = new DisposableStore();
  readonly #changed: Emitter<void>;
  #role: Role;
  #hasRegistry: boolean;

  constructor({ fleet, store, logger }: FleetRoleOptions) {
    this.#fleet = fleet;
    this.#changed = this.#disposables.add(new Emitter<void>(logger));
    this.onDidChange = this.#changed.event;
    this.#role = this.current;
    this.#hasRegistry = this.hasRegistry;
    const look = (): void => this.#look();
    this.#disposables.add(fleet.onDidOpen(look));
    this.#disposables.add(fleet.onDidChange(look));
    // The fleet says nothing when another window took over without a change.
    this.#disposables.add(store.onDidChangeElsewhere(look));
  }

  /** The role changed, or the first session came, or the last one went. */
  readonly onDidChange: Event<void>;

  get current(): Role {
    const { report, isOwner } = this.#fleet;
    if (report === undefined || report.newerVersion !== undefined) return 'none';
    return isOwner ? 'owner' : 'reader';
  }

  /** Whether there is anything to own. */
  get hasRegistry(): boolean {
    return this.#fleet.sessions.length > 0 || this.#fleet.report?.stored === true;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #look(): void {
    if (this.#role === this.current && this.#hasRegistry === this.hasRegistry) return;
    this.#role = this.current;
    this.#hasRegistry = this.hasRegistry;
    this.#changed.fire();
  }
}
