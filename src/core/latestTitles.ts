import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { isFleetError } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import type { OtherWindows } from './ports.ts';

export interface LatestTitlesOptions {
  readonly fleet: Pick<FleetService, 'applyTitle' | 'canChange' | 'onDidOpen'>;
  readonly others: Pick<OtherWindows, 'onDidChange'>;
  readonly logger: Logger;
}

/**
 * Tells the fleet the titles that this window reads. A title is set once and then stands: the newest one that nobody took, because the
 * owner of the registry was just gone, is told as soon as there is an owner.
 */
export class LatestTitles implements Disposable {
  readonly #options: LatestTitlesOptions;
  readonly #disposables = new DisposableStore();
  readonly #waiting = new Map<string, { readonly title: string; readonly at: number }>();

  constructor(options: LatestTitlesOptions) {
    this.#options = options;
    this.#disposables.add(options.fleet.onDidOpen(() => this.#retry()));
    this.#disposables.add(options.others.onDidChange(() => this.#retry()));
  }

  /** @param at since when it stands, epoch milliseconds. */
  apply(id: string, title: string, at: number): void {
    const { fleet, logger } = this.#options;
    if (!fleet.canChange) {
      this.#waiting.set(id, { title, at });
      return;
    }
    this.#waiting.delete(id);
    fleet.applyTitle(id, title, at).catch((error: unknown) => {
      const isLate = isFleetError(error, 'NotOwner') || isFleetError(error, 'Timeout');
      if (!isLate) logger.error('a terminal title could not be applied', error);
      // A newer one may wait already.
      else if (!this.#waiting.has(id)) this.#waiting.set(id, { title, at });
    });
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #retry(): void {
    if (!this.#options.fleet.canChange) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [id, { title, at }] of waiting) this.apply(id, title, at);
  }
}
