import { detach } from '../base/async.ts';
import { isFleetError, messageOf } from '../base/errors.ts';
import type { Clock, Logger } from '../base/ports.ts';
import { oneLine } from '../base/text.ts';
import type { AuditEntry } from './ports.ts';

export interface AuditTrailOptions {
  /** Where entries are kept. */
  readonly fleet: { audit(entry: AuditEntry): Promise<void>; readonly canChange: boolean };
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is asked of the fleet: `spawn`, `restart`, `prompt`, … and of which session or place. */
export interface AuditedAction {
  readonly action: string;
  readonly target?: string;
  /** One line of plain words. Never secrets. */
  readonly detail?: string;
  /** Default: `user`. `extension`: another extension, through our API. */
  readonly actor?: 'user' | 'fleet' | 'extension';
}

const maxDetail = 300;

/** Keeps who did what to which session, and how it ended (seed row S12). An audit that cannot be kept stops nobody: it is logged. */
export class AuditTrail {
  readonly #options: AuditTrailOptions;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
  }

  /** Carries something out and keeps how it ended; what it throws is thrown on. */
  async run<T>(what: AuditedAction, run: () => Promise<T>, targetOf: (result: T) => string | undefined = () => what.target): Promise<T> {
    const at = this.#options.clock.now();
    try {
      const result = await run();
      this.#keep(at, { ...what, ...optional('target', targetOf(result)) }, 'ok', what.detail);
      return result;
    } catch (error) {
      this.#keep(at, what, isFleetError(error) ? error.code : 'Error', messageOf(error));
      throw error;
    }
  }

  #keep(at: number, { action, target, actor = 'user' }: AuditedAction, result: string, detail: string | undefined): void {
    const { fleet, logger } = this.#options;
    // A window that cannot write has changed nothing either.
    if (!fleet.canChange) return;
    const entry: AuditEntry = { at, actor, action, result, ...optional('target', target), ...optional('detail', detail === undefined ? undefined : oneLine(detail, maxDetail)) };
    detach(fleet.audit(entry), logger, `keeping the audit of “${action}”`);
  }
}

function optional<Name extends string>(name: Name, value: string | undefined): { readonly [Key in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: string };
}
