import type { Clock } from '../base/ports.ts';
import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import type { AuditTrail } from './auditTrail.ts';
import type { FleetSessionStatus, RegistryFleet } from './fleetRegistryPort.ts';
import type { NewSession } from './fleetCommands.ts';
import type { FleetService } from './fleetService.ts';
import { isTerminal, type Session } from './session.ts';

/** Ids become names of folders. */
const usableId = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/;

/** What the audit calls it. */
const endings: Readonly<Record<FleetSessionStatus, string>> = { completed: 'complete', failed: 'fail', cancelled: 'cancel' };

export interface ExternalSessionsOptions {
  readonly fleet: FleetService;
  readonly clock: Pick<Clock, 'now'>;
  /** Absolute folder in which they are said to work. */
  readonly cwd: () => string;
  /** Where it is kept what was asked. */
  readonly audit?: Pick<AuditTrail, 'run'>;
}

/** Sessions that other extensions run: listed here, marked as external, never started or ended by us (zeph's port, over our fleet). */
export class ExternalSessions implements RegistryFleet {
  readonly #options: ExternalSessionsOptions;

  constructor(options: ExternalSessionsOptions) {
    this.#options = options;
  }

  has(id: string): boolean {
    return this.#options.fleet.find(id) !== undefined;
  }

  /** @throws FleetError `BadSessionId`, and as `importSessions`. */
  async register({ id, agentName, startedAt }: { readonly id: string; readonly agentName: string; readonly startedAt: number }): Promise<void> {
    const { fleet, clock, cwd } = this.#options;
    checkId(id);
    await fleet.open();
    // It may have left the list.
    if ((await fleet.load(id)) !== undefined) return;
    const at = Math.min(startedAt, clock.now());
    const session: Session = {
      id,
      name: agentName === '' ? id : agentName,
      driver: 'external',
      kind: 'child_agent',
      channel: 'external',
      spec: { policy: 'ask', cwd: cwd() },
      attempt: 1,
      status: 'running',
      lastRunnerSeq: 0,
      historySeq: 0,
      artifacts: [],
      skipped: 0,
      createdAt: at,
      startedAt: at,
      lastActivityAt: at,
    };
    const notes = [{ kind: 'registered', actor: 'agent', at, data: { channel: 'external' } }] as const;
    await this.#audited('register', id, () => fleet.importSessions([{ session, notes }]));
  }

  /** The first end is final. @throws FleetError `NotExternal` for a session that is ours, and as the fleet's calls. */
  async finish(id: string, status: FleetSessionStatus): Promise<void> {
    const { fleet } = this.#options;
    const session = await fleet.load(id);
    if (session === undefined || isTerminal(session.status)) return;
    await this.#audited(endings[status], id, () => {
      requireExternal(session);
      if (status === 'completed') return fleet.complete(id, undefined, { by: 'exit' });
      if (status === 'failed') return fleet.failed(id, 'the extension that runs it says so');
      return fleet.cancelled(id, 'by the extension that runs it');
    });
  }

  async #audited(action: string, target: string, run: () => Promise<unknown>): Promise<void> {
    const change = async (): Promise<unknown> => run();
    await (this.#options.audit?.run({ action, target, actor: 'extension' }, change) ?? change());
  }
}

/** What we started is ours to change. @throws FleetError `NotExternal`. */
export function requireExternal({ id, channel }: Pick<Session, 'id' | 'channel'>): void {
  if (channel === 'external') return;
  throw new FleetError('NotExternal', `Session ${oneLine(id, 60)} was started by Agent Fleet. Only sessions that were registered from outside can be changed from there.`, { details: { id } });
}

/** An agent that somebody else runs, as that one names it. */
export type NewExternal = Pick<NewSession, 'id' | 'name' | 'parentId' | 'clientInstanceId' | 'actorKey' | 'parentActorKey'>;

/** A row for such an agent; whatever else it brings is left behind (seed row S11). @throws FleetError `BadSessionId`. */
export function newExternalSession(agent: NewExternal, cwd: string): NewSession {
  const { id, name, parentId, clientInstanceId, actorKey, parentActorKey } = agent;
  checkId(id);
  return {
    id, name: oneLine(name, 80) || id, driver: 'external', kind: 'child_agent', channel: 'external', spec: { policy: 'ask', cwd }, attempt: 1,
    ...(parentId === undefined ? {} : { parentId }),
    ...(clientInstanceId === undefined ? {} : { clientInstanceId }),
    ...(actorKey === undefined ? {} : { actorKey }),
    ...(parentActorKey === undefined ? {} : { parentActorKey }),
  };
}

function checkId(id: string): void {
  if (!usableId.test(id)) throw new FleetError('BadSessionId', 'A session id may hold letters, digits, dash and underscore only, at most 128 of them.');
}
