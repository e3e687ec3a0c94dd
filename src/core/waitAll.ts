import { Deferred } from '../base/async.ts';
import type { Disposable } from '../base/disposable.ts';
import { onAbort, type AbortSignalLike } from './abort.ts';
import { duplicateWaitOperation, internal, notFound, waitAlreadyActive, waitCancelled, waitNotActive } from './errors.ts';
import { isTerminal, type Session, type SessionOutcome } from './session.ts';
import type { OutcomeListener } from './watchers.ts';

export interface WaitAllResult {
  /** In the order of the request. */
  readonly outcomes: readonly (readonly [id: string, outcome: SessionOutcome])[];
  /** Proof that the registry itself saw all of them end (meerkat WaitAllSatisfied). */
  readonly satisfied: { readonly waitRequestId: string; readonly sessionIds: readonly string[] };
}

export interface WaitAllRequest {
  /** Names the wait for `cancelWait`. */
  readonly waitRequestId: string;
  /** Rejects with FleetError `WaitCancelled`, or `Internal`. A rejection that nobody waits for is no unhandled one. */
  readonly result: Promise<WaitAllResult>;
}

export interface WaitAllOptions {
  /** The session as it is now. */
  readonly find: (id: string) => Session | undefined;
  /** A new id for each wait. */
  readonly newRequestId: () => string;
}

interface Wait {
  readonly id: string;
  readonly ids: ReadonlySet<string>;
  /** Kept here: what ended may be evicted or cleared before the last one ends (fixes meerkat's hanging wait, M2). */
  readonly outcomes: Map<string, SessionOutcome>;
  readonly deferred: Deferred<WaitAllResult>;
  listening: Disposable | undefined;
}

/** Waiting until several sessions have ended; one such wait at a time (meerkat ops lifecycle, seed row L12). */
export class WaitAll implements OutcomeListener, Disposable {
  readonly #options: WaitAllOptions;
  #active: Wait | undefined;

  constructor(options: WaitAllOptions) {
    this.#options = options;
  }

  /** The wait that is under way. */
  get activeRequestId(): string | undefined {
    return this.#active?.id;
  }

  /**
   * Begins to wait, now. Nothing to wait for, or all of them ended: satisfied at once.
   * @throws FleetError, in this order: `WaitAlreadyActive`, `DuplicateWaitOperation`, `NotFound`.
   */
  begin(ids: readonly string[], signal?: AbortSignalLike): WaitAllRequest {
    if (this.#active !== undefined) throw waitAlreadyActive(this.#active.id);
    const seen = new Set<string>();
    const duplicate = ids.find((id) => seen.size === seen.add(id).size);
    if (duplicate !== undefined) throw duplicateWaitOperation(duplicate);
    const sessions = ids.map((id) => {
      const session = this.#options.find(id);
      if (session === undefined) throw notFound(id);
      return session;
    });
    const wait: Wait = { id: this.#options.newRequestId(), ids: seen, outcomes: new Map(), deferred: new Deferred(), listening: undefined };
    wait.deferred.promise.catch(() => undefined);
    this.#active = wait;
    if (signal?.aborted === true) this.#fail(wait, waitCancelled({ waitRequestId: wait.id }, signal.reason));
    else this.#track(wait, sessions);
    if (signal !== undefined && this.#active === wait) {
      wait.listening = onAbort(signal, () => this.#fail(wait, waitCancelled({ waitRequestId: wait.id }, signal.reason)));
    }
    return { waitRequestId: wait.id, result: wait.deferred.promise };
  }

  /** `begin`, for those who need no request id. Rejects with what `begin` throws, too. */
  async waitAll(ids: readonly string[], signal?: AbortSignalLike): Promise<WaitAllResult> {
    return await this.begin(ids, signal).result;
  }

  /** Gives up a wait; its result rejects with `WaitCancelled`. @throws FleetError `WaitNotActive`. */
  cancelWait(waitRequestId: string): void {
    if (this.#active?.id !== waitRequestId) throw waitNotActive(waitRequestId);
    this.#fail(this.#active, waitCancelled({ waitRequestId }));
  }

  settle(id: string, outcome: SessionOutcome): void {
    const wait = this.#active;
    if (wait === undefined || !wait.ids.has(id) || wait.outcomes.has(id)) return;
    wait.outcomes.set(id, outcome);
    this.#check(wait);
  }

  /** Harmless for a session that has ended. One without outcome (an unreadable row that is cleared) fails the wait: it could never end. */
  drop(id: string): void {
    const wait = this.#active;
    if (wait === undefined || !wait.ids.has(id) || wait.outcomes.has(id)) return;
    this.#fail(wait, internal('a session that was waited for is gone without an outcome', { id, waitRequestId: wait.id }));
  }

  /** Gives up the wait that is under way, if there is one. */
  dispose(): void {
    if (this.#active !== undefined) this.#fail(this.#active, waitCancelled({ waitRequestId: this.#active.id }));
  }

  #track(wait: Wait, sessions: readonly Session[]): void {
    for (const { id, status, outcome } of sessions) {
      if (!isTerminal(status)) continue;
      if (outcome === undefined) return this.#fail(wait, internal('a session ended without an outcome', { id, waitRequestId: wait.id }));
      wait.outcomes.set(id, outcome);
    }
    this.#check(wait);
  }

  #check(wait: Wait): void {
    const outcomes: (readonly [string, SessionOutcome])[] = [];
    for (const id of wait.ids) {
      const outcome = wait.outcomes.get(id);
      if (outcome === undefined) return;
      outcomes.push([id, outcome]);
    }
    this.#end(wait);
    wait.deferred.resolve({ outcomes, satisfied: { waitRequestId: wait.id, sessionIds: [...wait.ids] } });
  }

  #fail(wait: Wait, error: Error): void {
    this.#end(wait);
    wait.deferred.reject(error);
  }

  #end(wait: Wait): void {
    if (this.#active === wait) this.#active = undefined;
    wait.listening?.dispose();
    wait.listening = undefined;
  }
}
