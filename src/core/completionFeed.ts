import { Deferred } from '../base/async.ts';
import type { Disposable } from '../base/disposable.ts';
import { onAbort, type AbortSignalLike } from './abort.ts';
import { internal, waitCancelled } from './errors.ts';
import type { CompletionEntry, SessionStore } from './ports.ts';
import { kindOf, type Session } from './session.ts';

/** How many entries of this run are kept in memory (meerkat: four times what is retained, at least 1024). */
export function feedCapacity(maxFinished: number): number {
  return Math.max(4 * maxFinished, 1024);
}

/** Where named consumers keep how far they have come. Without it they begin anew with each run. */
export interface FeedCursors {
  /** `undefined`: never saved. */
  load(consumer: string): number | undefined;
  save(consumer: string, seq: number): void;
}

export interface CompletionFeedOptions {
  /** Highest number given so far (`OpenReport.feedSeq`); 0: none. */
  readonly lastSeq: number;
  /** Where entries are that are no longer, or not yet, in memory. */
  readonly store: Pick<SessionStore, 'completions'>;
  /** Default: `feedCapacity(256)`. */
  readonly capacity?: number;
  readonly cursors?: FeedCursors;
}

/** What a consumer reads: entries above its number, oldest first, and how far the feed had come by then. */
export interface FeedPage {
  readonly entries: readonly CompletionEntry[];
  readonly watermark: number;
}

interface Waiter {
  readonly afterSeq: number;
  readonly deferred: Deferred<number>;
  listening: Disposable | undefined;
}

/**
 * In which order sessions ended: 1, 2, 3 … without a gap, going on where the last run stopped (meerkat completion feed, seed row L13).
 * Numbers may be taken before their entries are added, and another session may end in between: readers see an entry when all before it
 * are there.
 */
export class CompletionFeed implements Disposable {
  readonly #store: Pick<SessionStore, 'completions'>;
  readonly #capacity: number;
  readonly #cursorStore: FeedCursors | undefined;
  readonly #cursors = new Map<string, number>();
  readonly #waiters = new Set<Waiter>();
  /** Consecutive numbers, the last one is the watermark. */
  #recent: CompletionEntry[] = [];
  /** Entries that wait for one before them. */
  readonly #early = new Map<number, CompletionEntry>();
  #watermark: number;
  /** Highest number that was taken. */
  #taken: number;
  #disposed = false;

  constructor(options: CompletionFeedOptions) {
    this.#store = options.store;
    this.#capacity = options.capacity ?? feedCapacity(256);
    this.#cursorStore = options.cursors;
    this.#watermark = options.lastSeq;
    this.#taken = options.lastSeq;
  }

  /** The highest number in the feed; 0: it is empty. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Takes the next number, or the next `count`, and returns the first. An entry must be added for each, or the feed stands still. */
  next(count = 1): number {
    const first = this.#taken + 1;
    this.#taken += count;
    return first;
  }

  /**
   * Adds entries with numbers that were taken, and wakes those who wait, once.
   * @throws FleetError `Internal` when a number was not taken or was used already; nothing is added then.
   */
  add(...entries: readonly CompletionEntry[]): void {
    const free = new Set(entries.map((entry) => entry.seq));
    for (const { seq } of entries) {
      const isFree = free.delete(seq) && seq > this.#watermark && seq <= this.#taken && !this.#early.has(seq);
      if (!isFree) throw internal('a number of the completion feed is wrong', { seq, watermark: this.#watermark, taken: this.#taken });
    }
    for (const entry of entries) this.#early.set(entry.seq, entry);
    this.#publish();
  }

  /** Another window added entries up to `seq`; they are read from the store. Never goes back. */
  advanceTo(seq: number): void {
    if (seq <= this.#watermark) return;
    for (const early of [...this.#early.keys()]) if (early <= seq) this.#early.delete(early);
    this.#recent = [];
    this.#watermark = seq;
    this.#taken = Math.max(this.#taken, seq);
    this.#publish();
  }

  /**
   * Entries above `afterSeq` as of now, without a gap as far back as they are kept, also while others are added.
   * Rejects as the store does when older ones cannot be read.
   */
  async listSince(afterSeq: number): Promise<FeedPage> {
    const watermark = this.#watermark;
    const recent = this.#recent.filter((entry) => entry.seq > afterSeq);
    const firstRecent = recent[0]?.seq ?? watermark + 1;
    if (afterSeq + 1 >= firstRecent) return { entries: recent, watermark };
    const stored = await this.#store.completions({ afterSeq });
    const older = stored.filter((entry) => entry.seq < firstRecent);
    return { entries: [...older.sort((a, b) => a.seq - b.seq), ...recent], watermark };
  }

  /**
   * Resolves with the watermark as soon as it is above `afterSeq`. Rejects with FleetError `WaitCancelled` when aborted or disposed;
   * a rejection that nobody waits for is no unhandled one.
   */
  waitForAdvance(afterSeq: number, signal?: AbortSignalLike): Promise<number> {
    const waiter: Waiter = { afterSeq, deferred: new Deferred(), listening: undefined };
    const { promise } = waiter.deferred;
    promise.catch(() => undefined);
    if (signal?.aborted === true || this.#disposed) {
      waiter.deferred.reject(waitCancelled({ afterSeq }, signal?.reason));
      return promise;
    }
    if (this.#watermark > afterSeq) return Promise.resolve(this.#watermark);
    this.#waiters.add(waiter);
    if (signal !== undefined) waiter.listening = onAbort(signal, () => this.#release(waiter).reject(waitCancelled({ afterSeq }, signal.reason)));
    return promise;
  }

  /**
   * How far a consumer has come: what it said last, or what it saved in an earlier run, or `start`. A saved number that the feed has
   * not reached (the newest ends were lost with the disk) is taken back, so that no new entry is missed.
   */
  cursor(consumer: string, start = 0): number {
    const known = this.#cursors.get(consumer) ?? this.#cursorStore?.load(consumer) ?? start;
    const cursor = Math.min(known, this.#watermark);
    this.#cursors.set(consumer, cursor);
    return cursor;
  }

  /** A consumer has dealt with everything up to `seq`. Never goes back, nor beyond the feed. Returns where it stands. */
  moveCursor(consumer: string, seq: number): number {
    const before = this.cursor(consumer);
    const after = Math.max(before, Math.min(seq, this.#watermark));
    if (after === before) return before;
    this.#cursors.set(consumer, after);
    this.#cursorStore?.save(consumer, after);
    return after;
  }

  dispose(): void {
    this.#disposed = true;
    for (const waiter of [...this.#waiters]) this.#release(waiter).reject(waitCancelled({ afterSeq: waiter.afterSeq }));
  }

  #publish(): void {
    for (let entry = this.#early.get(this.#watermark + 1); entry !== undefined; entry = this.#early.get(this.#watermark + 1)) {
      this.#early.delete(entry.seq);
      this.#recent.push(entry);
      this.#watermark = entry.seq;
    }
    if (this.#recent.length > this.#capacity) this.#recent.splice(0, this.#recent.length - this.#capacity);
    for (const waiter of [...this.#waiters]) if (waiter.afterSeq < this.#watermark) this.#release(waiter).resolve(this.#watermark);
  }

  #release(waiter: Waiter): Deferred<number> {
    this.#waiters.delete(waiter);
    waiter.listening?.dispose();
    return waiter.deferred;
  }
}

/** The entry of a session that ended. @throws FleetError `Internal` when it has no outcome, number or time of its end. */
export function entryOf(session: Session): CompletionEntry {
  const { feedSeq, outcome, completedAt } = session;
  if (feedSeq === undefined || outcome === undefined || completedAt === undefined) {
    throw internal('a session without an end was put into the completion feed', { id: session.id });
  }
  return { seq: feedSeq, sessionId: session.id, kind: kindOf(session), name: session.name, outcome, at: completedAt };
}

/** Numbers sessions that end in one step, always in the same order: by creation, then id (meerkat left it to chance). */
export function numbered(sessions: readonly Session[], first: number): readonly Session[] {
  const ordered = [...sessions].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  return ordered.map((session, index) => ({ ...session, feedSeq: first + index }));
}
