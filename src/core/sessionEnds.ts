import { detach } from '../base/async.ts';
import { DisposableStore, MutableDisposable, type Disposable } from '../base/disposable.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { AbortSignalLike } from './abort.ts';
import { CompletionFeed, entryOf, feedCapacity, type FeedCursors } from './completionFeed.ts';
import type { SessionStore } from './ports.ts';
import { evictable, type RetentionLimits } from './retention.ts';
import { Retirements } from './retirement.ts';
import { isTerminal, type Session, type SessionOutcome } from './session.ts';
import type { SessionLedger } from './sessionLedger.ts';
import { WaitAll, type WaitAllResult } from './waitAll.ts';
import { SessionWatchers } from './watchers.ts';

/** How many ended sessions stay in the list, and for how long. */
export type Retention = Omit<RetentionLimits, 'now'>;

export interface SessionEndsOptions {
  readonly ledger: SessionLedger;
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly retention: () => Retention;
  readonly cursors?: FeedCursors;
  /** A retiring session's deadline came. */
  readonly terminate: (id: string, reason: string) => Promise<void>;
}

/** How often ended sessions are looked at for their age, milliseconds. */
const tidyMs = 60 * 60_000;

/**
 * What happens around the end of a session: its number in the feed, who waits for it, and when it leaves the list. Watchers and feed
 * hear of an end before anything is evicted (seed row S9).
 */
export class SessionEnds implements Disposable {
  readonly #options: SessionEndsOptions;
  readonly #disposables = new DisposableStore();
  readonly #watchers: SessionWatchers;
  readonly #waits: WaitAll;
  readonly #retirements: Retirements;
  readonly #nextTidy: MutableDisposable<Disposable>;
  /** Monotonic time at which sessions of this run began. */
  readonly #begun = new Map<string, number>();
  /** Sessions of this window that are just ending. */
  readonly #stamped = new Set<string>();
  #feed: CompletionFeed;
  #requests = 0;

  constructor(options: SessionEndsOptions) {
    this.#options = options;
    const { ledger, clock, timers, logger } = options;
    this.#watchers = this.#disposables.add(new SessionWatchers());
    this.#waits = this.#disposables.add(new WaitAll({ find: (id) => ledger.find(id), newRequestId: () => `wait-${++this.#requests}` }));
    const terminate = (id: string, reason: string): void => detach(options.terminate(id, reason), logger, `ending ${id} at its deadline`);
    this.#retirements = this.#disposables.add(new Retirements({ clock, timers, terminate }));
    this.#nextTidy = this.#disposables.add(new MutableDisposable<Disposable>());
    this.#feed = this.#newFeed(0);
    this.#disposables.add({ dispose: () => this.#feed.dispose() });
    this.#disposables.add(
      ledger.onDidOpen(({ feedSeq = 0, role, sessions }) => {
        this.#feed.advanceTo(feedSeq);
        if (role !== 'owner') return this.#retirements.clear();
        this.#retirements.watch(sessions);
        detach(this.tidy(), logger, 'tidying the fleet');
      }),
    );
    this.#disposables.add(ledger.onDidChange(({ added, changed, removed }) => this.#onChange([...added, ...changed], removed)));
  }

  /** Who ended, in order; continued over restarts. */
  get feed(): CompletionFeed {
    return this.#feed;
  }

  /** A session is being registered in this run: its age is counted by the monotonic clock. */
  begun(id: string): void {
    this.#begun.set(id, this.#options.clock.monotonic());
  }

  /** A session was asked to retire just now; called before anybody hears of it. */
  retiring(session: Session): void {
    this.#retirements.request(session);
  }

  watch(session: Session): Promise<SessionOutcome> {
    return this.#watchers.watch(session).outcome;
  }

  watcherCount(id: string): number {
    return this.#watchers.watcherCount(id);
  }

  waitAll(ids: readonly string[], signal?: AbortSignalLike): Promise<WaitAllResult> {
    return this.#waits.waitAll(ids, signal);
  }

  cancelWait(waitRequestId: string): void {
    this.#waits.cancelWait(waitRequestId);
  }

  /** A session that has just ended, with its number in the feed and, if it began in this run, its age. */
  stamp(session: Session): Session {
    const begun = this.#begun.get(session.id);
    const elapsed = begun === undefined ? {} : { elapsedMs: Math.max(0, Math.round(this.#options.clock.monotonic() - begun)) };
    this.#stamped.add(session.id);
    return { ...session, ...elapsed, ...(session.outcome === undefined || session.completedAt === undefined ? {} : { feedSeq: this.#feed.next() }) };
  }

  /** Tells all who wait that a session, `stamp`ed before, has ended; then the list is tidied. */
  announce(session: Session): void {
    if (session.feedSeq !== undefined) this.#feed.add(entryOf(session));
    if (session.outcome !== undefined) this.#settle(session.id, session.outcome);
    this.#begun.delete(session.id);
    this.#stamped.delete(session.id);
    detach(this.tidy(), this.#options.logger, 'tidying the fleet');
  }

  /** Takes ended sessions out of the list that are too many or too old (seed row S8). */
  async tidy(): Promise<void> {
    const { ledger, clock, timers, logger, retention } = this.#options;
    if (!ledger.isOwner || this.#disposables.isDisposed) return;
    const limits = retention();
    if (limits.maxAgeMs > 0 && ledger.sessions.some((session) => isTerminal(session.status))) {
      this.#nextTidy.value = timers.after(tidyMs, () => detach(this.tidy(), logger, 'tidying the fleet'));
    }
    await this.evict(evictable(ledger.sessions, { ...limits, now: clock.now() }));
  }

  /** Takes sessions out of the list; search still finds them. */
  async evict(sessions: readonly Session[]): Promise<void> {
    if (sessions.length === 0) return;
    const { ledger, store } = this.#options;
    await ledger.settle(ledger.forget(sessions.map(({ id }) => id), () => store.evict(sessions)));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #newFeed(lastSeq: number): CompletionFeed {
    const { store, cursors, retention } = this.#options;
    return new CompletionFeed({ lastSeq, store, capacity: feedCapacity(retention().maxFinished), ...(cursors === undefined ? {} : { cursors }) });
  }

  #onChange(sessions: readonly Session[], removed: readonly string[]): void {
    const { ledger, logger } = this.#options;
    // What another window ended is heard of here through the registry, also in the moment in which this one takes over.
    for (const session of sessions) this.#heard(session);
    for (const id of removed) {
      this.#begun.delete(id);
      this.#retirements.forget(id);
      if (this.#isWaitedFor(id)) detach(this.#dropLater(id), logger, `asking how ${id} ended`);
      else this.#drop(id);
    }
    if (ledger.isOwner) this.#retirements.watch(sessions);
  }

  #isWaitedFor(id: string): boolean {
    return this.#watchers.watcherCount(id) > 0 || this.#waits.activeRequestId !== undefined;
  }

  #heard(session: Session): void {
    // Ends of this window are announced by `announce`, in their order.
    if (!isTerminal(session.status) || this.#stamped.has(session.id)) return;
    if (session.feedSeq !== undefined) this.#feed.advanceTo(session.feedSeq);
    if (session.outcome !== undefined) this.#settle(session.id, session.outcome);
  }

  #drop(id: string): void {
    this.#watchers.drop(id);
    this.#waits.drop(id);
  }

  /** It left the list; its end may have been told in the same breath. */
  async #dropLater(id: string): Promise<void> {
    const session = await this.#options.store.load(id).catch(() => undefined);
    if (session !== undefined) this.#heard(session);
    this.#drop(id);
  }

  #settle(id: string, outcome: SessionOutcome): void {
    this.#watchers.settle(id, outcome);
    this.#waits.settle(id, outcome);
  }
}
