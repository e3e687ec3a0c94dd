import { DisposableStore } from '../base/disposable.ts';
import { isFleetError, messageOf } from '../base/errors.ts';
import type { Timers } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import { isActive, type Liveness, type Session } from './session.ts';
import type { SessionController } from './sessionController.ts';

export interface EndAllOptions {
  readonly fleet: FleetService;
  readonly controller: Pick<SessionController, 'cancel'>;
  /** The newest verdict about a session's processes. */
  readonly liveness: (session: Session) => Liveness;
  readonly timers: Timers;
  /** How long processes get to end, milliseconds. */
  readonly patienceMs: number;
}

export interface EndAllReport {
  /** Ended by a cancel, or by themselves meanwhile. */
  readonly ended: number;
  /** Had no process that could be found: ended on paper. */
  readonly closed: number;
  /** Proven alive and not ended yet. */
  readonly left: number;
  /** What went wrong, in words. */
  readonly problems: readonly string[];
}

const plainReason = 'all sessions were ended';

/**
 * Ends all sessions that are active now (seed row L10). Processes are ended first, each by its own cancel; what has none left to end is then
 * ended on paper. A session that is proven alive stays listed until it is gone, and one that begins meanwhile is not touched.
 */
export async function endAllSessions(options: EndAllOptions, reason: string | undefined): Promise<EndAllReport> {
  const { fleet, controller, liveness } = options;
  const all = fleet.sessions.filter(({ status }) => isActive(status)).map(({ id }) => id);
  const problems: string[] = [];
  for (const id of all) {
    try {
      await controller.cancel(id, reason);
    } catch (error) {
      // Refused: it has ended meanwhile, or somebody ends it already.
      if (!isFleetError(error, 'Refused') && !isFleetError(error, 'NotFound')) problems.push(messageOf(error));
    }
  }
  await settled(options, all);
  const rest = stillActive(fleet, all);
  const lost = rest.filter((session) => liveness(session) !== 'alive');
  const closed = lost.length === 0 ? 0 : await closeOnPaper(fleet, lost, reason ?? plainReason);
  const left = stillActive(fleet, all).length;
  return { ended: all.length - rest.length, closed, left, problems: [...new Set(problems)] };
}

/** In one step, unless there are others that must stay. */
async function closeOnPaper(fleet: FleetService, lost: readonly Session[], reason: string): Promise<number> {
  const others = fleet.sessions.filter(({ id, status }) => isActive(status) && !lost.some((one) => one.id === id));
  if (others.length === 0) return fleet.terminateOwner(reason);
  let closed = 0;
  for (const { id } of lost) {
    try {
      await fleet.terminated(id, reason);
      closed += 1;
    } catch (error) {
      if (!isFleetError(error, 'InvalidTransition') && !isFleetError(error, 'NotFound')) throw error;
    }
  }
  return closed;
}

/** Resolves when all of these have ended, or when patience has. */
function settled({ fleet, timers, patienceMs }: EndAllOptions, ids: readonly string[]): Promise<void> {
  if (stillActive(fleet, ids).length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const store = new DisposableStore();
    const done = (): void => {
      store.dispose();
      resolve();
    };
    store.add(fleet.onDidChange(() => stillActive(fleet, ids).length === 0 && done()));
    store.add(timers.after(patienceMs, done));
  });
}

function stillActive(fleet: FleetService, ids: readonly string[]): readonly Session[] {
  return ids.flatMap((id) => {
    const session = fleet.find(id);
    return session !== undefined && isActive(session.status) ? [session] : [];
  });
}
