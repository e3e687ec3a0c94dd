import { Deferred } from '../base/async.ts';
import type { Disposable } from '../base/disposable.ts';
import { internal, watchDropped } from './errors.ts';
import { isTerminal, type Session, type SessionOutcome } from './session.ts';

/** One watcher of a session's end (meerkat completion watch). */
export interface SessionWatch {
  /**
   * How the session ended. Rejects with FleetError `WatchDropped` when the session is forgotten before it ended. A rejection that
   * nobody waits for is no unhandled one.
   */
  readonly outcome: Promise<SessionOutcome>;
}

/** Something that must hear of every end, before the session is evicted (seed row S9). */
export interface OutcomeListener {
  /** The session ended. */
  settle(id: string, outcome: SessionOutcome): void;
  /** The session is forgotten: it was evicted, collected or cleared. Those that still wait for it will never hear its end. */
  drop(id: string): void;
}

interface Watched {
  count: number;
  readonly waiting: Deferred<SessionOutcome>[];
}

/**
 * Who waits for the end of which session (meerkat ops lifecycle, seed row L12). The caller says what happens: `settle` when a session
 * has ended, then, if it is evicted or cleared, `drop`.
 */
export class SessionWatchers implements OutcomeListener, Disposable {
  readonly #watched = new Map<string, Watched>();

  /** Watches the session as it is now. One that has ended tells its outcome at once. */
  watch(session: Session): SessionWatch {
    const watched = this.#watched.get(session.id) ?? { count: 0, waiting: [] };
    this.#watched.set(session.id, watched);
    watched.count++;
    const deferred = new Deferred<SessionOutcome>();
    deferred.promise.catch(() => undefined);
    if (!isTerminal(session.status)) watched.waiting.push(deferred);
    else if (session.outcome !== undefined) deferred.resolve(session.outcome);
    else deferred.reject(internal('a session ended without an outcome', { id: session.id }));
    return { outcome: deferred.promise };
  }

  /** How many watchers the session has had in this run (meerkat watcher count: it does not fall when they are told). */
  watcherCount(id: string): number {
    return this.#watched.get(id)?.count ?? 0;
  }

  settle(id: string, outcome: SessionOutcome): void {
    for (const deferred of this.#watched.get(id)?.waiting.splice(0) ?? []) deferred.resolve(outcome);
  }

  /** Forgets the session and its count. Those that still wait get `error` (default: `WatchDropped`). */
  drop(id: string, error: Error = watchDropped(id)): void {
    const watched = this.#watched.get(id);
    this.#watched.delete(id);
    for (const deferred of watched?.waiting ?? []) deferred.reject(error);
  }

  /** Drops all watches. */
  dispose(): void {
    for (const id of [...this.#watched.keys()]) this.drop(id);
  }
}
