import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { AbortSignalLike } from './abort.ts';
import type { CompletionFeed, FeedCursors } from './completionFeed.ts';
import type { Collected, FleetCommandName, FleetCommands, ImportedSession, NewSession, OwnerAnswer, OwnerWindow, SessionMatch } from './fleetCommands.ts';
import { FleetWriter } from './fleetWriter.ts';
import type { AuditEntry, DriverCatalog, HistoryEntry, HistorySearch, OpenReport, SessionStore, SessionSummary, StoredAuditEntry, WorktreeEvidence } from './ports.ts';
import type { ReapScope, ReserveOutcome } from './reservations.ts';
import type { RunnerEvent } from './runnerEvents.ts';
import type { Session, SessionOutcome, StopWish } from './session.ts';
import { SessionEnds, type Retention } from './sessionEnds.ts';
import { SessionLedger, type FleetChange } from './sessionLedger.ts';
import type { Note } from './sessionReducer.ts';
import type { UsageReport } from './usage.ts';
import type { WaitAllResult } from './waitAll.ts';

export interface FleetServiceOptions {
  readonly store: SessionStore;
  readonly drivers: DriverCatalog;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Most sessions that may be active at once; 0 = unlimited. Read at each spawn. */
  readonly maxConcurrent: () => number;
  /** How many ended sessions stay in the list, and for how long. Read each time. */
  readonly retention: () => Retention;
  /** Where consumers of the completion feed keep how far they have come. */
  readonly cursors?: FeedCursors;
  /** What decides who may write in a worktree. */
  readonly evidence: WorktreeEvidence;
  /** The window that owns the registry, when this one does not. */
  readonly owner?: OwnerWindow;
}

/**
 * The only writer of sessions. A change is visible at once (`onDidChange`). Promises resolve when it is durable, or, for
 * what a person asked, when the store has marked itself as not persisted: a failing disk never takes a running agent
 * with it. Runner events are different: they reject, so that the runner keeps them.
 */
export class FleetService implements FleetCommands, Disposable {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #owner: OwnerWindow | undefined;
  readonly #disposables = new DisposableStore();
  readonly #ledger: SessionLedger;
  readonly #ends: SessionEnds;
  readonly #writer: FleetWriter;
  readonly #prompts: Emitter<{ sessionId: string }>;

  constructor(options: FleetServiceOptions) {
    const { store, drivers, clock, timers, logger, maxConcurrent, retention } = options;
    this.#store = store;
    this.#clock = clock;
    this.#owner = options.owner;
    this.#ledger = this.#disposables.add(new SessionLedger(store, logger));
    this.#prompts = this.#disposables.add(new Emitter<{ sessionId: string }>(logger));
    this.#ends = this.#disposables.add(
      new SessionEnds({ ledger: this.#ledger, store, clock, timers, logger, retention, ...(options.cursors === undefined ? {} : { cursors: options.cursors }), terminate: (id, reason) => this.terminated(id, reason) }),
    );
    const promptTaken = (sessionId: string): void => this.#prompts.fire({ sessionId });
    this.#writer = new FleetWriter({ ledger: this.#ledger, ends: this.#ends, store, drivers, clock, logger, maxConcurrent, promptTaken, evidence: options.evidence });
    this.onDidChange = this.#ledger.onDidChange;
    this.onDidTakePrompt = this.#prompts.event;
    this.onDidOpen = this.#ledger.onDidOpen;
    if (options.owner !== undefined) this.#hear(options.owner);
  }

  readonly onDidChange: Event<FleetChange>;
  /** An agent showed that it took a prompt. */
  readonly onDidTakePrompt: Event<{ sessionId: string }>;
  /** The registry was read, or read anew because this window became its owner. */
  readonly onDidOpen: Event<OpenReport>;

  /** `undefined` until the registry has been read. */
  get report(): OpenReport | undefined {
    return this.#ledger.report;
  }

  /** Whether this window writes the registry itself. */
  get isOwner(): boolean {
    return this.#ledger.isOwner;
  }

  /** Whether changes can be made here: by this window, or through the one that owns the registry. */
  get canChange(): boolean {
    return this.isOwner || this.#remote() !== undefined;
  }

  /** All sessions, in no particular order. */
  get sessions(): readonly Session[] {
    return this.#ledger.sessions;
  }

  find(id: string): Session | undefined {
    return this.#ledger.find(id);
  }

  /** @throws FleetError `NotFound`. */
  get(id: string): Session {
    return this.#ledger.get(id);
  }

  /** Reads the registry, once; later calls get the first result, or try again if it failed. */
  open(): Promise<OpenReport> {
    return this.#ledger.open();
  }

  /**
   * Takes what a runner sent. Resolves when it is durable. Sessions that were cleared are ignored.
   * @throws FleetError `NotOpen`, `NotOwner`, `NotPersisted`: the runner must keep the events.
   */
  applyRunnerEvents(sessionId: string, events: readonly RunnerEvent[]): Promise<void> {
    return this.#writer.applyRunnerEvents(sessionId, events);
  }

  /** Highest event number of a session that is durable for certain: what its runner need not send again. */
  durableSeq(sessionId: string): number {
    return this.#ledger.durableSeq(sessionId);
  }

  register(request: NewSession): Promise<Session> {
    return this.#do('register', request);
  }

  reserve(worktree: string, request: NewSession): Promise<ReserveOutcome> {
    return this.#do('reserve', worktree, request);
  }

  findOrCreate(match: SessionMatch, request: NewSession): Promise<{ readonly session: Session; readonly created: boolean }> {
    return this.#do('findOrCreate', match, request);
  }

  reap(scope: ReapScope): Promise<number> {
    return this.#do('reap', scope);
  }

  release(id: string): Promise<void> {
    return this.#do('release', id);
  }

  importSessions(imported: readonly ImportedSession[]): Promise<number> {
    return this.#do('importSessions', imported);
  }

  applyTitle(id: string, title: string, at = this.#clock.now()): Promise<void> {
    return this.#do('applyTitle', id, title, at);
  }

  complete(id: string, summary: string | undefined, how: { readonly isStillToEnd?: boolean; readonly by?: 'exit' } = {}): Promise<void> {
    return this.#do('complete', id, summary, how);
  }

  cancelled(id: string, reason: string | undefined): Promise<void> {
    return this.#do('cancelled', id, reason);
  }

  failed(id: string, error: string): Promise<void> {
    return this.#do('failed', id, error);
  }

  agentGone(id: string): Promise<void> {
    return this.#do('agentGone', id);
  }

  provisioningFailed(id: string, error: string): Promise<void> {
    return this.#do('provisioningFailed', id, error);
  }

  abortProvisioning(id: string, reason: string): Promise<void> {
    return this.#do('abortProvisioning', id, reason);
  }

  terminated(id: string, reason: string): Promise<void> {
    return this.#do('terminated', id, reason);
  }

  terminateOwner(reason: string): Promise<number> {
    return this.#do('terminateOwner', reason);
  }

  requestRetire(id: string, deadlineMs?: number): Promise<void> {
    return this.#do('requestRetire', id, deadlineMs);
  }

  markRetired(id: string): Promise<void> {
    return this.#do('markRetired', id);
  }

  peerReady(id: string, peer: { readonly name: string; readonly address: string }): Promise<void> {
    return this.#do('peerReady', id, peer);
  }

  reportProgress(id: string, progress: { readonly message?: string; readonly percent?: number }): Promise<void> {
    return this.#do('reportProgress', id, progress);
  }

  reportUsage(id: string, report: UsageReport): Promise<void> {
    return this.#do('reportUsage', id, report);
  }

  contextQuery(id: string, query: { readonly path: string; readonly scope?: string }): Promise<void> {
    return this.#do('contextQuery', id, query);
  }

  requestStop(id: string, reason: string | undefined, cause?: StopWish['cause']): Promise<void> {
    return this.#do('requestStop', id, reason, cause);
  }

  planRetry(id: string, at: number | undefined): Promise<void> {
    return this.#do('planRetry', id, at);
  }

  escalate(id: string, reason: string): Promise<void> {
    return this.#do('escalate', id, reason);
  }

  promptSent(id: string, prompt: { readonly text: string; readonly result: string }): Promise<void> {
    return this.#do('promptSent', id, prompt);
  }

  record(id: string, kind: string, actor: Note['actor'], data: unknown): Promise<void> {
    return this.#do('record', id, kind, actor, data);
  }

  countSpoolSkipped(id: string, total: number): Promise<void> {
    return this.#do('countSpoolSkipped', id, total);
  }

  clear(ids: readonly string[]): Promise<readonly string[]> {
    return this.#do('clear', ids);
  }

  collect(ids?: readonly string[]): Promise<readonly Collected[]> {
    return ids === undefined ? this.#do('collect') : this.#do('collect', ids);
  }

  audit(entry: AuditEntry): Promise<void> {
    return this.#do('audit', entry);
  }

  /** Carries out what another window asked for; only the owner does. @throws as the command. */
  async perform(command: FleetCommandName, args: readonly unknown[]): Promise<OwnerAnswer> {
    this.#ledger.requireOwner();
    const before = new Map(this.sessions.map((session) => [session.id, session]));
    const run = this.#writer[command].bind(this.#writer) as (...given: readonly unknown[]) => Promise<unknown>;
    const result = await run(...args);
    const touched = this.sessions.filter((session) => before.get(session.id) !== session);
    return { result, sessions: touched, removed: [...before.keys()].filter((id) => this.find(id) === undefined) };
  }

  /** A promise for how a session ends; of one that has ended, its outcome. @throws FleetError `NotFound`. */
  watch(id: string): Promise<SessionOutcome> {
    return this.#ends.watch(this.get(id));
  }

  /** How many watch a session (meerkat snapshot). */
  watcherCount(id: string): number {
    return this.#ends.watcherCount(id);
  }

  /**
   * Waits until all of these have ended. One wait at a time.
   * @throws FleetError `WaitAlreadyActive`, `DuplicateWaitOperation`, `NotFound`, in this order; `WaitCancelled` when `signal` says so.
   */
  waitAll(ids: readonly string[], signal?: AbortSignalLike): Promise<WaitAllResult> {
    return this.#ends.waitAll(ids, signal);
  }

  /** Gives up the wait with this number. @throws FleetError `WaitNotActive`. */
  cancelWait(waitRequestId: string): void {
    this.#ends.cancelWait(waitRequestId);
  }

  /** Who ended, in order; continued over restarts. */
  get feed(): CompletionFeed {
    return this.#ends.feed;
  }

  /** Takes out of the list what retention says. Called when the registry was opened, and by a timer. */
  tidy(): Promise<void> {
    return this.isOwner ? this.#ends.tidy() : Promise.resolve();
  }

  /** Sessions by words, status and time, also those that were taken out of the list; newest activity first. */
  search(search: HistorySearch): Promise<readonly SessionSummary[]> {
    return this.#store.search(search);
  }

  /** Who did what, oldest first. */
  auditTrail(options?: { afterSeq?: number; limit?: number; text?: string }): Promise<readonly StoredAuditEntry[]> {
    return this.#store.auditTrail(options);
  }

  /** One session, also one that was taken out of the list. */
  async load(id: string): Promise<Session | undefined> {
    return this.find(id) ?? (await this.#store.load(id));
  }

  /** Oldest first. */
  history(id: string, options?: { afterSeq?: number; limit?: number }): Promise<readonly HistoryEntry[]> {
    return this.#store.history(id, options);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  /** What only the owner sees first. Sessions that are not known here are left to the journal, which also knows what was removed. */
  #hear(owner: OwnerWindow): void {
    this.#disposables.add(owner.onDidTakePrompt((taken) => this.#prompts.fire(taken)));
    this.#disposables.add(
      owner.onDidChangeSessions((sessions) => {
        if (!this.isOwner) this.#ledger.merge({ sessions: sessions.filter(({ id }) => this.find(id) !== undefined), removed: [] });
      }),
    );
  }

  /** The owner, when this window is not it and the owner answers. */
  #remote(): OwnerWindow | undefined {
    const isReader = this.report?.role === 'reader' && this.report.newerVersion === undefined;
    return isReader && this.#owner?.isReachable === true ? this.#owner : undefined;
  }

  #do<Name extends FleetCommandName>(command: Name, ...args: Parameters<FleetCommands[Name]>): ReturnType<FleetCommands[Name]> {
    const remote = this.#remote();
    if (remote !== undefined) return this.#ask(remote, command, args) as ReturnType<FleetCommands[Name]>;
    const run = this.#writer[command].bind(this.#writer) as (...given: typeof args) => ReturnType<FleetCommands[Name]>;
    return run(...args);
  }

  /** What the owner touched is known here before the journal tells it, so that the caller can go on with it. */
  async #ask(remote: OwnerWindow, command: FleetCommandName, args: readonly unknown[]): Promise<unknown> {
    const { result, sessions, removed } = await remote.perform(command, args);
    this.#ledger.merge({ sessions, removed });
    return result;
  }
}
