import { Deferred } from '../base/async.ts';
import { isFleetError, type FleetError } from '../base/errors.ts';
import type { HistoryEntry } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import type { JournalRecord } from './journal/record.ts';

/** What a write does, for what is read before it is in the journal. */
export interface WriteEffect {
  readonly put?: Session;
  readonly history?: readonly HistoryEntry[];
  readonly evicted?: Session;
  readonly forgotten?: readonly string[];
}

/** A change on its way to the journal. */
export class PendingWrite {
  /** The record, made at the moment when it is appended: its number and what it changes are known only then. */
  readonly record: (q: number, t: number) => JournalRecord;
  readonly effect: WriteEffect;
  readonly #done = new Deferred<void>();
  #told = false;

  constructor(record: (q: number, t: number) => JournalRecord, effect: WriteEffect) {
    this.record = record;
    this.effect = effect;
    this.#done.promise.catch(() => undefined);
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Follows what becomes of it on the disk. For many that share a sync, `succeed` and `fail` cost less. */
  follow(durable: Promise<void>): void {
    durable.then(
      () => this.succeed(),
      (error: unknown) => this.fail(error),
    );
  }

  /** It is on the disk. Who was told already that it waits is not told again. */
  succeed(): void {
    if (this.#told) return;
    this.#told = true;
    this.#done.resolve();
  }

  /** It waits, or is dropped. As `succeed`. */
  fail(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    this.#done.reject(error);
  }
}

/** Changes that are in no file yet, in their order: the disk is full, or this window does not own the registry yet. */
export class PendingWrites {
  #writes: PendingWrite[] = [];

  get size(): number {
    return this.#writes.length;
  }

  push(write: PendingWrite): void {
    this.#writes.push(write);
  }

  /** Puts writes before all others. */
  unshift(writes: readonly PendingWrite[]): void {
    this.#writes = [...writes, ...this.#writes];
  }

  /** Writes them in their order. What cannot be written ever is dropped. @throws the system's error: that one and those behind it stay. */
  settle(append: (write: PendingWrite) => void): void {
    let settled = 0;
    try {
      for (const write of this.#writes) {
        try {
          append(write);
        } catch (error) {
          if (!isFleetError(error)) throw error;
          write.fail(error);
        }
        settled++;
      }
    } finally {
      this.#writes.splice(0, settled);
    }
  }

  /** Tells all that they wait; they stay. */
  failAll(error: FleetError): void {
    for (const write of this.#writes) write.fail(error);
  }

  /** Drops all. @returns how many. */
  drop(error: FleetError): number {
    const dropped = this.#writes;
    this.#writes = [];
    for (const write of dropped) write.fail(error);
    return dropped.length;
  }

  /** The sessions in the list as they are with these writes. */
  over(sessions: readonly Session[]): readonly Session[] {
    if (this.#writes.length === 0) return sessions;
    const byId = new Map(sessions.map((session) => [session.id, session]));
    for (const { put, evicted, forgotten = [] } of this.#effects()) {
      if (put !== undefined) byId.set(put.id, put);
      if (evicted !== undefined) byId.delete(evicted.id);
      for (const id of forgotten) byId.delete(id);
    }
    return [...byId.values()];
  }

  /** The newest state of a session among these writes; `undefined`: they do not touch it. */
  find(id: string): Session | 'forgotten' | undefined {
    let found: Session | 'forgotten' | undefined;
    for (const { put, evicted, forgotten } of this.#effects()) {
      if (put?.id === id) found = put;
      else if (evicted?.id === id) found = evicted;
      else if (forgotten?.includes(id) === true) found = 'forgotten';
    }
    return found;
  }

  /** What these writes add to a session's history; `anew`: what was there before is forgotten. */
  history(id: string): { readonly lines: readonly HistoryEntry[]; readonly anew: boolean } {
    let lines: HistoryEntry[] = [];
    let anew = false;
    for (const { history = [], forgotten } of this.#effects()) {
      if (forgotten?.includes(id) === true) {
        lines = [];
        anew = true;
      }
      lines.push(...history.filter((entry) => entry.sessionId === id));
    }
    return { lines, anew };
  }

  /** How many sessions these writes evict. */
  get evictions(): number {
    return this.#writes.filter(({ effect }) => effect.evicted !== undefined).length;
  }

  *#effects(): Generator<WriteEffect> {
    for (const { effect } of this.#writes) yield effect;
  }
}
