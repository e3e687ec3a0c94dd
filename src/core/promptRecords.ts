import { detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { isFleetError } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import type { OtherWindows } from './ports.ts';
import type { PromptResult } from './prompt.ts';

export interface PromptRecordsOptions {
  readonly fleet: FleetService;
  readonly others: OtherWindows;
  readonly logger: Logger;
}

interface PromptRecord {
  readonly id: string;
  readonly text: string;
  readonly result: PromptResult;
}

/**
 * Tells the fleet what became of prompts. A prompt that was typed is not undone because nobody manages the fleet at that moment:
 * what cannot be recorded waits until somebody does.
 */
export class PromptRecords implements Disposable {
  readonly #options: PromptRecordsOptions;
  readonly #disposables = new DisposableStore();
  #waiting: PromptRecord[] = [];

  constructor(options: PromptRecordsOptions) {
    this.#options = options;
    this.#disposables.add(options.fleet.onDidOpen(() => this.#retry()));
    this.#disposables.add(options.others.onDidChange(() => this.#retry()));
  }

  /** Resolves when it is recorded, or waits to be. */
  async add(id: string, text: string, result: PromptResult): Promise<void> {
    const { fleet, logger } = this.#options;
    try {
      await fleet.promptSent(id, { text, result });
    } catch (error) {
      logger.warn(`what became of a prompt to ${id} is not recorded yet`, error);
      if (!isFleetError(error, 'NotFound')) this.#waiting.push({ id, text, result });
    }
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #retry(): void {
    const { fleet, logger } = this.#options;
    if (!fleet.canChange) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { id, text, result } of waiting) detach(this.add(id, text, result), logger, `recording the prompt of ${id}`);
  }
}
