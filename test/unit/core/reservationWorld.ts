import assert from 'node:assert/strict';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import { processVerdict } from '../../../src/core/liveness.ts';
import { WorktreeReservations, type ReservationFleet } from '../../../src/core/reservations.ts';
import { isActive, type Liveness, type ProcessIdentity, type Session } from '../../../src/core/session.ts';
import { lookAt } from '../../../src/core/sessionEvidence.ts';
import { RecordingLogger } from '../../fakes/logger.ts';
import { aSession } from '../../fakes/sessions.ts';

type New = Partial<Session>;

class Fleet implements ReservationFleet<New> {
  readonly rows = new Map<string, Session>();
  readonly log: string[] = [];
  evictFault: Error | undefined;
  registerFault: Error | undefined;

  constructor(...sessions: Session[]) {
    for (const session of sessions) this.rows.set(session.id, session);
  }

  get sessions(): readonly Session[] {
    return [...this.rows.values()];
  }

  change(id: string, patch: Partial<Session>): void {
    this.rows.set(id, { ...(this.rows.get(id) ?? assert.fail(id)), ...patch });
  }

  async register(request: New): Promise<Session> {
    await Promise.resolve();
    if (this.registerFault !== undefined) throw this.registerFault;
    const session = aSession({ id: `new-${this.rows.size}`, status: 'provisioning', ...request });
    this.rows.set(session.id, session);
    this.log.push(`register ${session.id} in ${session.worktree}`);
    return session;
  }

  async terminated(id: string, reason: string): Promise<void> {
    await Promise.resolve();
    if (!isActive(this.rows.get(id)?.status ?? 'unknown')) throw new FleetError('InvalidTransition', id);
    this.change(id, { status: 'terminated', outcome: { type: 'terminated', reason } });
    this.log.push(`terminated ${id}`);
  }

  async evictExpired(): Promise<void> {
    await Promise.resolve();
    this.log.push('evict');
    if (this.evictFault !== undefined) throw this.evictFault;
  }
}

/** Reservations over a list of rows and a machine whose processes a test starts and kills. */
export class World {
  readonly logger = new RecordingLogger();
  readonly links = new Map([['/link', '/w/a']]);
  readonly living = new Set<number>();
  readonly looked: string[] = [];
  duringLook: (session: Session) => void | Promise<void> = () => undefined;
  lastWords: ((id: string) => Promise<void>) | undefined;
  readonly fleet: Fleet;
  readonly reservations: WorktreeReservations<New>;

  constructor(...sessions: Session[]) {
    this.fleet = new Fleet(...sessions);
    this.reservations = new WorktreeReservations({
      fleet: this.fleet,
      logger: this.logger,
      host: 'desk',
      canonical: async (path) => {
        await Promise.resolve();
        if (path === '/gone') throw new Error('ENOENT');
        return this.links.get(path) ?? path;
      },
      probe: { liveness: (session) => this.#look(session) },
      readLastWords: async (id) => this.lastWords?.(id),
    });
  }

  async #look(session: Session): Promise<Liveness> {
    this.looked.push(session.id);
    const before = new Set(this.living);
    await this.duringLook(session);
    const liveness = (identity: ProcessIdentity | undefined): Promise<Liveness> => {
      if (identity === undefined) return Promise.resolve('unknown');
      const isThere = before.has(identity.pid);
      return Promise.resolve(processVerdict(identity, { presence: isThere ? 'present' : 'missing', ...(isThere ? { startTime: `t${identity.pid}` } : {}) }, 'b'));
    };
    // One process plays the agent and its runner.
    return (await lookAt({ liveness }, session.agent === undefined ? session : { ...session, runner: session.agent })).verdict;
  }

  /** A session in a worktree; its process runs from now on. */
  live(id: string, pid: number, patch: Partial<Session> = {}): this {
    this.living.add(pid);
    this.fleet.rows.set(id, writer(id, pid, patch));
    return this;
  }

  dead(id: string, pid: number, patch: Partial<Session> = {}): this {
    this.fleet.rows.set(id, writer(id, pid, patch));
    return this;
  }

  statuses(): Record<string, string> {
    return Object.fromEntries(this.fleet.sessions.map((session) => [session.id, session.status]));
  }

  async reserve(path = '/w/a', id = 'mine'): Promise<string> {
    const outcome = await this.reservations.tryReserve(path, () => ({ id }));
    return `${outcome.type} ${outcome.session.id}`;
  }
}

export function writer(id: string, pid: number, patch: Partial<Session> = {}): Session {
  return aSession({ id, worktree: '/w/a', agent: { pid, startTime: `t${pid}`, bootId: 'b' }, ...patch });
}

export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return isFleetError(error) ? error.code : String(error);
  }
}
