import { SerialQueue } from '../base/async.ts';
import { isFleetError } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';
import { notFound } from './errors.ts';
import { isForeign, lostReason } from './liveness.ts';
import { ownerAlive } from './lookupErrors.ts';
import { byRecency } from './lookups.ts';
import { isActive, type Liveness, type ProcessIdentity, type Session, type SessionStatus } from './session.ts';

/** A request for a new session. */
interface Request {
  readonly worktree?: string;
}

/** What reservations need of the fleet. `New` is its request for a new session. */
export interface ReservationFleet<New extends Request> {
  /** As they are now. */
  readonly sessions: readonly Session[];
  register(request: New): Promise<Session>;
  terminated(id: string, reason: string): Promise<void>;
  /** Takes ended sessions out of the list that are past their time. */
  evictExpired(): Promise<unknown>;
}

export interface ReservationOptions<New extends Request> {
  readonly fleet: ReservationFleet<New>;
  /** Evidence about the processes of a session on this machine. */
  readonly probe: { liveness(session: Session): Promise<Liveness> };
  /** The real path of a folder: absolute, without symbolic links. */
  readonly canonical: (path: string) => Promise<string>;
  /** Name of this machine: sessions of others are unknown here. */
  readonly host: string;
  /** Reads what a dead session left behind (its runner's spool), which may hold its true end. */
  readonly readLastWords?: (sessionId: string) => Promise<unknown>;
  readonly logger: Logger;
}

export type ReserveOutcome =
  /** The worktree is free no longer: this new session has it. */
  | { readonly type: 'reserved'; readonly session: Session }
  /** This session has it; alive, or nobody can tell. Nothing was registered. */
  | { readonly type: 'liveOwner'; readonly session: Session };

export type ReapScope = 'all' | { readonly worktree: string };

interface Judged {
  readonly session: Session;
  readonly liveness: Liveness;
}

const ownerLost = `${lostReason}; exit code unknown`;
const released = 'a person released it; whether its processes still run is not known';

/** Ends that a person or a deadline sets while the agent may still run. All others follow from an exit, or from proven death. */
export const onPaper: ReadonlySet<SessionStatus> = new Set<SessionStatus>(['completed', 'retired', 'terminated']);

/**
 * One live writer per worktree (heddle agent registry, corrected; seed rows S13, T6, V4, V6, V10). Everything runs under one lock: two
 * calls at the same time never both get a worktree. Only proven death frees one; who cannot be judged keeps it until a person releases it.
 */
export class WorktreeReservations<New extends Request> {
  readonly #options: ReservationOptions<New>;
  readonly #lock = new SerialQueue();
  /** Ended sessions whose worktree a person released. */
  readonly #released = new Set<string>();

  constructor(options: ReservationOptions<New>) {
    this.#options = options;
  }

  /**
   * Registers a session as the writer of a worktree, unless another one has it (heddle try_reserve_thread). `build` gets the real path, which
   * becomes the `worktree` of the new row. Rejects as `canonical`, `build` and the fleet do; then nothing is reserved. `build` must
   * not wait for another reservation.
   */
  tryReserve(worktree: string, build: (realPath: string) => New | Promise<New>): Promise<ReserveOutcome> {
    return this.#lock.add(async () => {
      const path = await this.#options.canonical(worktree);
      await this.#prune();
      const owner = (await this.#survivors(await this.#writersOf(path, (session) => isActive(session.status) || this.#mayStillRun(session))))[0];
      if (owner !== undefined) return { type: 'liveOwner', session: owner };
      return { type: 'reserved', session: await this.#options.fleet.register({ ...(await build(path)), worktree: path }) };
    });
  }

  /**
   * The newest active session that matches and is not dead, or a new one (heddle find_or_create_active_entry, which attached to dead
   * ones, too). Matches that are proven dead are terminated.
   */
  findOrCreate(match: (session: Session) => boolean, create: () => New | Promise<New>): Promise<{ readonly session: Session; readonly created: boolean }> {
    return this.#lock.add(async () => {
      await this.#prune();
      const found = (await this.#survivors(this.#active(match)))[0];
      if (found !== undefined) return { session: found, created: false };
      return { session: await this.#options.fleet.register(await create()), created: true };
    });
  }

  /** Who has the worktree, newest first; more than one only in a damaged record. Judges nobody. */
  async owners(worktree: string): Promise<readonly Session[]> {
    return this.#writersOf(await this.#options.canonical(worktree));
  }

  /** Terminates the active sessions that are proven dead, and says how many (heddle reap_dead). Unknown ones stay. */
  reap(scope: ReapScope): Promise<number> {
    return this.#lock.add(async () => {
      const sessions = scope === 'all' ? this.#active(() => true) : await this.#writersOf(await this.#options.canonical(scope.worktree));
      let count = 0;
      for (const judged of await Promise.all(sessions.map((session) => this.#judge(session)))) {
        if (judged.liveness === 'dead' && (await this.#end(judged))) count++;
      }
      return count;
    });
  }

  /**
   * A person gives up a session that nobody can judge, so that its worktree is free. The end of one that has ended stays as it is.
   * @throws FleetError `NotFound`, `OwnerAlive` when it is proven alive.
   */
  release(id: string): Promise<void> {
    return this.#lock.add(async () => {
      const session = this.#find(id);
      if (session === undefined) throw notFound(id);
      const judged = await this.#judge(session);
      if (judged.liveness === 'alive') throw ownerAlive(session);
      if (await this.#end(judged)) return;
      if (!this.#isActiveNow(id)) return void this.#released.add(id);
      // Its runner has just said who it is.
      if (!this.#isSame(session)) throw ownerAlive(session);
      await this.#terminate(id, released);
    });
  }

  /** The housekeeping of heddle's lock. That it fails is no reason to refuse a worktree. */
  async #prune(): Promise<void> {
    const { fleet, logger } = this.#options;
    try {
      await fleet.evictExpired();
    } catch (error) {
      logger.warn('sessions past their time could not be evicted', error);
    }
  }

  /** Ends those that are proven dead; returns the others, newest first. */
  async #survivors(sessions: readonly Session[]): Promise<readonly Session[]> {
    const left: Session[] = [];
    for (const judged of await Promise.all(sessions.map((session) => this.#judge(session)))) {
      if (!(await this.#end(judged))) left.push(this.#find(judged.session.id) ?? judged.session);
    }
    return left.sort(byRecency);
  }

  async #judge(session: Session): Promise<Judged> {
    const { probe, host, logger } = this.#options;
    if (!isActive(session.status) && !this.#mayStillRun(session)) return { session, liveness: 'dead' };
    if (isForeign(session, host)) return { session, liveness: 'unknown' };
    try {
      return { session, liveness: await probe.liveness(session) };
    } catch (error) {
      logger.warn(`the processes of ${session.id} could not be looked at`, error);
      return { session, liveness: 'unknown' };
    }
  }

  /** Whether the session has ended, by us or meanwhile, and its agent no longer counts. What was seen of other processes than the present ones proves nothing. */
  async #end({ session, liveness }: Judged): Promise<boolean> {
    const { readLastWords, logger } = this.#options;
    const now = this.#find(session.id);
    if (now === undefined) return true;
    if (!isActive(now.status)) return liveness === 'dead' || !this.#mayStillRun(now, liveness);
    if (liveness !== 'dead') return false;
    try {
      await readLastWords?.(session.id);
    } catch (error) {
      logger.warn(`what ${session.id} left behind could not be read`, error);
    }
    if (this.#isActiveNow(session.id)) {
      if (!this.#isSame(session)) return false;
      await this.#terminate(session.id, ownerLost);
    }
    return true;
  }

  /** It may end by itself in the same moment: then it has its own outcome. */
  async #terminate(id: string, reason: string): Promise<void> {
    try {
      await this.#options.fleet.terminated(id, reason);
    } catch (error) {
      if (!isFleetError(error, 'InvalidTransition') || this.#isActiveNow(id)) throw error;
    }
  }

  /** Whether the agent of an ended session may still write. Asked to end: until it is proven dead. Retired: as long as it is proven alive. */
  #mayStillRun({ id, status, outcome, stopRequest, retireRequest }: Session, liveness: Liveness = 'alive'): boolean {
    if (!onPaper.has(status) || this.#released.has(id) || (outcome?.type === 'terminated' && outcome.reason === released)) return false;
    return stopRequest !== undefined || (status !== 'completed' && retireRequest !== undefined && liveness === 'alive');
  }

  async #writersOf(realPath: string, accept = (session: Session): boolean => isActive(session.status)): Promise<readonly Session[]> {
    const holders = this.#options.fleet.sessions.filter((session) => session.worktree !== undefined && accept(session)).sort(byRecency);
    const isHere = await Promise.all(holders.map(async ({ worktree }) => worktree === realPath || (await this.#realPathOf(worktree)) === realPath));
    return holders.filter((_, index) => isHere[index] === true);
  }

  /** Rows hold real paths, but a folder may have become a link since. One that is gone is compared as it stands. */
  async #realPathOf(worktree: string | undefined): Promise<string | undefined> {
    try {
      return worktree === undefined ? undefined : await this.#options.canonical(worktree);
    } catch {
      return worktree;
    }
  }

  #active(accept: (session: Session) => boolean): readonly Session[] {
    return this.#options.fleet.sessions.filter((session) => isActive(session.status) && accept(session)).sort(byRecency);
  }

  #find(id: string): Session | undefined {
    return this.#options.fleet.sessions.find((session) => session.id === id);
  }

  #isActiveNow(id: string): boolean {
    const now = this.#find(id);
    return now !== undefined && isActive(now.status);
  }

  #isSame(judged: Session): boolean {
    const now = this.#find(judged.id);
    return now !== undefined && isActive(now.status) && sameProcess(now.agent, judged.agent) && sameProcess(now.runner, judged.runner);
  }
}

function sameProcess(a: ProcessIdentity | undefined, b: ProcessIdentity | undefined): boolean {
  return a?.pid === b?.pid && a?.startTime === b?.startTime && a?.bootId === b?.bootId;
}
