import type { Disposable } from '../base/disposable.ts';
import type { Clock, Timers } from '../base/ports.ts';
import type { Session } from './session.ts';

/** Time is counted in pieces of at most this length, milliseconds: a suspend costs one of them, not the whole rest. */
const sliceMs = 5_000;
/** A piece that took so much longer than asked for was slept through, milliseconds. */
const suspendMs = 2_000;

/** Least time that a retiring agent has when a new run finds it, milliseconds. */
export const defaultMinGraceMs = 30_000;

export interface RetirementsOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** The deadline came and the session was still retiring. Called once per run and deadline. Must not throw. */
  readonly terminate: (id: string, reason: string) => void;
  /** Default: `defaultMinGraceMs`. */
  readonly minGraceMs?: number;
}

interface Deadline {
  readonly deadline: number;
  readonly reason: string;
  remaining: number;
  /** Absent: it came. */
  timer: Disposable | undefined;
}

/**
 * Deadlines of sessions that were asked to retire (meerkat #1085, seed row L9). Within a run only time counts in which this machine was
 * awake, by the monotonic clock; the wall clock counts once, when a new run takes over.
 */
export class Retirements implements Disposable {
  readonly #options: RetirementsOptions;
  readonly #deadlines = new Map<string, Deadline>();

  constructor(options: RetirementsOptions) {
    this.#options = options;
  }

  /** A session was asked to retire just now: it has all the time from its request to its deadline. */
  request(session: Session): void {
    const { retireRequest } = session;
    if (retireRequest?.deadline !== undefined) this.#arm(session, retireRequest.deadline, retireRequest.deadline - retireRequest.at);
    else this.forget(session.id);
  }

  /**
   * Goes on with the deadlines of sessions as they are now, after a restart or a change; what is armed already stays as it is. A new
   * one has until its deadline, at least the minimum grace, since it may have passed while nobody ran; and not more than was asked
   * for, should the wall clock have been set back. Sessions that are not retiring are forgotten.
   */
  watch(sessions: readonly Session[]): void {
    const { clock, minGraceMs = defaultMinGraceMs } = this.#options;
    for (const session of sessions) {
      const { at, deadline } = session.retireRequest ?? {};
      if (session.status !== 'retiring' || at === undefined || deadline === undefined) this.forget(session.id);
      else if (this.#deadlines.get(session.id)?.deadline !== deadline) {
        this.#arm(session, deadline, Math.max(minGraceMs, Math.min(deadline - clock.now(), deadline - at)));
      }
    }
  }

  /** The session ended or is gone: its deadline means nothing any more. */
  forget(id: string): void {
    this.#deadlines.get(id)?.timer?.dispose();
    this.#deadlines.delete(id);
  }

  /** Milliseconds that the session has left, at most, not counting the piece of time under way; absent: it has no deadline, or it came. */
  remainingMs(id: string): number | undefined {
    const entry = this.#deadlines.get(id);
    return entry?.timer === undefined ? undefined : entry.remaining;
  }

  /** Lets all deadlines go, for example because another window took over. `watch` takes them up again. */
  clear(): void {
    for (const id of [...this.#deadlines.keys()]) this.forget(id);
  }

  dispose(): void {
    this.clear();
  }

  #arm(session: Session, deadline: number, ms: number): void {
    this.forget(session.id);
    const entry: Deadline = { deadline, reason: 'it did not retire by its deadline', remaining: Math.max(0, ms), timer: undefined };
    this.#deadlines.set(session.id, entry);
    this.#wait(session.id, entry);
  }

  #wait(id: string, entry: Deadline): void {
    const { clock, timers } = this.#options;
    const slice = Math.min(entry.remaining, sliceMs);
    const start = clock.monotonic();
    entry.timer = timers.after(slice, () => {
      const elapsed = clock.monotonic() - start;
      // Slept through, wholly or in part: nobody knows how much of it the agent had. It gets the piece again.
      if (elapsed < slice + suspendMs) entry.remaining -= Math.min(elapsed, slice);
      if (entry.remaining > 0) return this.#wait(id, entry);
      entry.timer = undefined;
      this.#options.terminate(id, entry.reason);
    });
  }
}
