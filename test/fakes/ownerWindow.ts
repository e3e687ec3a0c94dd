import { Emitter } from '../../src/base/event.ts';
import { FleetError } from '../../src/base/errors.ts';
import { nullLogger } from '../../src/base/ports.ts';
import type { FleetCommandName, OwnerAnswer, OwnerWindow } from '../../src/core/fleetCommands.ts';
import type { FleetService } from '../../src/core/fleetService.ts';
import type { Session } from '../../src/core/session.ts';

/** The window that owns the registry, without a socket in between. Everything that passes is copied as JSON would. */
export class FakeOwner implements OwnerWindow {
  readonly asked: FleetCommandName[] = [];
  readonly #fleet: FleetService;
  readonly #taken = new Emitter<{ readonly sessionId: string }>(nullLogger);
  readonly #news = new Emitter<readonly Session[]>(nullLogger);
  readonly onDidTakePrompt = this.#taken.event;
  readonly onDidChangeSessions = this.#news.event;
  isReachable = true;

  constructor(fleet: FleetService) {
    this.#fleet = fleet;
    fleet.onDidTakePrompt((taken) => this.isReachable && this.#taken.fire(taken));
    fleet.onDidChange(({ added, changed }) => this.isReachable && this.#news.fire(structuredClone([...added, ...changed])));
  }

  async perform(command: FleetCommandName, args: readonly unknown[]): Promise<OwnerAnswer> {
    if (!this.isReachable) throw new FleetError('NotOwner', 'The window that manages this fleet went away. Try again in a moment.');
    this.asked.push(command);
    return structuredClone(await this.#fleet.perform(command, structuredClone(args)));
  }
}
