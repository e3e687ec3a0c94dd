import type { ProcessProbe } from '../../core/ports.ts';
import type { Liveness, ProcessIdentity } from '../../core/session.ts';
import type { ProcessTable } from './processTable.ts';
import { livenessOf } from './verdict.ts';

/** Evidence about processes of this machine. */
export class LocalProcessProbe implements ProcessProbe {
  readonly #table: ProcessTable;

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  async liveness(identity: ProcessIdentity | undefined): Promise<Liveness> {
    if (identity === undefined) return 'unknown';
    const bootId = await this.#table.bootId();
    // After a reboot the pid need not be asked, and must not be: it belongs to somebody else.
    const rebooted = livenessOf(identity, { presence: 'unknown', ...(bootId === undefined ? {} : { bootId }) });
    if (rebooted === 'dead') return 'dead';
    return livenessOf(identity, await this.#table.look(identity.pid));
  }
}

/** Identity of a running process. Parts that the system does not tell are absent. */
export async function identify(table: ProcessTable, pid: number): Promise<ProcessIdentity> {
  const [bootId, evidence] = await Promise.all([table.bootId(), table.look(pid)]);
  return {
    pid,
    ...(evidence.startTime === undefined ? {} : { startTime: evidence.startTime }),
    ...(bootId === undefined ? {} : { bootId }),
  };
}
