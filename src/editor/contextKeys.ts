import * as vscode from 'vscode';
import type { Logger } from '../base/ports.ts';
import { detach } from '../base/async.ts';

/** Sets context keys of `when` clauses; a key whose value did not change is not sent. */
export class ContextKeys {
  readonly #logger: Logger;
  readonly #values = new Map<string, string | boolean>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  set(values: Readonly<Record<string, string | boolean>>): void {
    for (const [key, value] of Object.entries(values)) {
      if (this.#values.get(key) === value) continue;
      this.#values.set(key, value);
      detach(Promise.resolve(vscode.commands.executeCommand('setContext', key, value)), this.#logger, `setting ${key}`);
    }
  }
}
