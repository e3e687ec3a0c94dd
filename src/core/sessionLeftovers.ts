import { detach } from '../base/async.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Logger } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import type { SessionFolders, TerminalHost } from './ports.ts';
import { isTerminal } from './session.ts';

export interface SessionLeftoversOptions {
  readonly fleet: FleetService;
  readonly terminals: TerminalHost;
  readonly folders: SessionFolders;
  readonly logger: Logger;
}

/**
 * Tidies up after ended sessions that leave the list, whoever took them out of it: each window closes the terminal that it holds, and the one
 * that owns the registry deletes the private folder. A session that is gone without having ended (a registry that was lost) keeps both:
 * its agent may run.
 */
export class SessionLeftovers implements Disposable {
  readonly #listener: Disposable;
  readonly #ended = new Set<string>();

  constructor({ fleet, terminals, folders, logger }: SessionLeftoversOptions) {
    this.#listener = fleet.onDidChange(({ added, changed, removed }) => {
      for (const { id, status } of [...added, ...changed]) {
        if (isTerminal(status)) this.#ended.add(id);
        else this.#ended.delete(id);
      }
      for (const id of removed) {
        if (!this.#ended.delete(id)) continue;
        terminals.close(id);
        if (fleet.isOwner) detach(folders.remove(id), logger, `removing the folder of ${id}`);
      }
    });
  }

  dispose(): void {
    this.#listener.dispose();
  }
}
