import { Emitter, type Event } from '../base/event.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { FleetError, isFleetError } from '../base/errors.ts';
import type { Clock, Logger } from '../base/ports.ts';
import { alreadyRegistered, maxConcurrentExceeded, nameTaken, notFound } from './errors.ts';
import type { DriverCatalog, HistoryEntry, OpenReport, SessionChange, SessionStore } from './ports.ts';
import type { RunnerEvent } from './runnerEvents.ts';
import { isActive, isTerminal, type Session, type SessionOutcome, type SpawnSpec } from './session.ts';
import { move, reduceRunnerEvent, reduceTitle, type Note } from './sessionReducer.ts';
import type { LifecycleAction } from './transitions.ts';

/** What changed, with the sessions as they are now. `removed` holds ids. */
export interface FleetChange {
  readonly added: readonly Session[];
  readonly changed: readonly Session[];
  readonly removed: readonly string[];
}

export interface NewSession {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly spec: SpawnSpec;
  readonly tokenHash: string;
  readonly parentId?: string;
  readonly restartOf?: string;
  readonly attempt: number;
  readonly conversationId?: string;
  readonly promptToType?: string;
}

export interface FleetServiceOptions {
  readonly store: SessionStore;
  readonly drivers: DriverCatalog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Most sessions that may be active at once; 0 = unlimited. Read at each spawn. */
  readonly maxConcurrent: () => number;
}

/**
 * The only writer of sessions. A change is visible at once (`onDidChange`). Promises resolve when it is durable, or, for
 * what a person asked, when the store has marked itself as not persisted: a failing disk never takes a running agent
 * with it. Runner events are different: they reject, so that the runner keeps them.
 */
export class FleetService implements Disposable {
  readonly #store: SessionStore;
  readonly #drivers: DriverCatalog;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxConcurrent: () => number;
  readonly #sessions = new Map<string, Session>();
  /** The newest write of each session that is under way. */
  readonly #saving = new Map<string, Promise<void>>();
  /** Sessions whose newest write was refused. */
  readonly #unsaved = new Set<string>();
  readonly #disposables = new DisposableStore();
  readonly #changes: Emitter<FleetChange>;
  readonly #prompts: Emitter<{ sessionId: string }>;
  readonly #opened: Emitter<OpenReport>;
  #opening: Promise<OpenReport> | undefined;
  #report: OpenReport | undefined;

  constructor(options: FleetServiceOptions) {
    this.#store = options.store;
    this.#drivers = options.drivers;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#maxConcurrent = options.maxConcurrent;
    this.#changes = this.#disposables.add(new Emitter<FleetChange>(options.logger));
    this.#prompts = this.#disposables.add(new Emitter<{ sessionId: string }>(options.logger));
    this.#opened = this.#disposables.add(new Emitter<OpenReport>(options.logger));
    this.onDidChange = this.#changes.event;
    this.onDidTakePrompt = this.#prompts.event;
    this.onDidOpen = this.#opened.event;
    this.#disposables.add(
      this.#store.onDidChangeElsewhere((sessions) => {
        if (this.#report !== undefined) this.#report = { ...this.#report, role: 'reader' };
        this.#replaceAll(sessions);
      }),
    );
    this.#disposables.add(
      this.#store.onDidBecomeOwner((report) => {
        this.#report = report;
        this.#replaceAll(report.sessions);
        this.#opened.fire(report);
      }),
    );
  }

  readonly onDidChange: Event<FleetChange>;
  /** An agent showed that it took a prompt. */
  readonly onDidTakePrompt: Event<{ sessionId: string }>;
  /** The registry was read, or read anew because this window became its owner. */
  readonly onDidOpen: Event<OpenReport>;

  /** `undefined` until the registry has been read. */
  get report(): OpenReport | undefined {
    return this.#report;
  }

  /** Whether this window may change the registry. */
  get isOwner(): boolean {
    return this.#report?.role === 'owner';
  }

  /** All sessions, in no particular order. */
  get sessions(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  /** @throws FleetError `NotFound`. */
  get(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw notFound(id);
    return session;
  }

  /** Reads the registry, once; later calls get the first result, or try again if it failed. */
  open(): Promise<OpenReport> {
    this.#opening ??= this.#store.open().then(
      (report) => {
        this.#report = report;
        this.#replaceAll(report.sessions);
        this.#opened.fire(report);
        return report;
      },
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  /**
   * Registers a session in `provisioning`, before anything is started: no terminal write can overtake it.
   * Order of checks (meerkat): duplicate id, then the limit.
   * @throws FleetError `AlreadyRegistered`, `NameTaken`, `MaxConcurrentExceeded`, `NotOwner`.
   */
  async register(request: NewSession): Promise<Session> {
    this.#requireOwner();
    if (this.#sessions.has(request.id)) throw alreadyRegistered(request.id);
    const active = this.sessions.filter((session) => isActive(session.status));
    if (active.some((session) => session.name === request.name)) throw nameTaken(request.name);
    const limit = this.#maxConcurrent();
    if (limit > 0 && active.length >= limit) throw maxConcurrentExceeded(limit, active.length);
    const at = this.#clock.now();
    const session: Session = {
      ...request,
      status: 'provisioning',
      lastRunnerSeq: 0,
      historySeq: 0,
      artifacts: [],
      skipped: 0,
      createdAt: at,
      lastActivityAt: at,
    };
    const note: Note = { kind: 'registered', actor: 'user', at, data: { driver: session.driver, policy: session.spec.policy } };
    try {
      await this.#settle(this.#commit(session, [note], 'added', (change) => this.#store.registerActive(change)));
    } catch (error) {
      // Refused for good, not just late: nothing was started, so nothing stays.
      this.#sessions.delete(session.id);
      this.#unsaved.delete(session.id);
      this.#changes.fire({ added: [], changed: [], removed: [session.id] });
      throw error;
    }
    return this.get(session.id);
  }

  /**
   * Takes what a runner sent. Resolves when it is durable. Sessions that were cleared are ignored.
   * @throws FleetError `NotOpen`, `NotOwner`, `NotPersisted`: the runner must keep the events.
   */
  async applyRunnerEvents(sessionId: string, events: readonly RunnerEvent[]): Promise<void> {
    this.#requireOwner();
    const before = this.#sessions.get(sessionId);
    if (before === undefined) {
      this.#logger.warn(`events for the unknown session ${sessionId} were dropped`);
      return;
    }
    const driver = this.#drivers.get(before.driver);
    let session = before;
    const notes: Note[] = [];
    let promptTaken = false;
    for (const event of [...events].sort((a, b) => a.seq - b.seq)) {
      const step = reduceRunnerEvent(session, event, driver);
      session = step.session;
      notes.push(...step.notes);
      promptTaken ||= step.promptTaken;
    }
    if (session === before) {
      // A repeat: its first arrival may still be on the way to the disk, or may have been refused by it.
      await this.#saving.get(sessionId);
      if (this.#unsaved.has(sessionId)) await this.#save(session, session, []);
      return;
    }
    const saved = this.#save(before, session, notes);
    if (promptTaken) this.#prompts.fire({ sessionId });
    await saved;
  }

  /** Highest event number of a session that is durable for certain: what its runner need not send again. */
  durableSeq(sessionId: string): number {
    const settled = !this.#saving.has(sessionId) && !this.#unsaved.has(sessionId);
    return settled ? (this.#sessions.get(sessionId)?.lastRunnerSeq ?? 0) : 0;
  }

  /** A terminal title that the agent set, and since when it stands (epoch milliseconds; absent: now). */
  async applyTitle(sessionId: string, title: string, at = this.#clock.now()): Promise<void> {
    const before = this.#sessions.get(sessionId);
    if (before === undefined || !this.isOwner) return;
    const step = reduceTitle(before, title, at, this.#drivers.get(before.driver));
    if (step.session === before) return;
    await this.#settle(this.#save(before, step.session, step.notes));
  }

  /**
   * A person says that the work is done (seed row L6). `isStillToEnd`: its agent could not be told to end; that is kept as a stop
   * request, for whoever can end it later. @throws FleetError `NotFound`, `InvalidTransition`.
   */
  async complete(id: string, summary: string | undefined, how: { readonly isStillToEnd?: boolean } = {}): Promise<void> {
    const outcome: SessionOutcome = { type: 'completed', by: 'person', ...(summary === undefined ? {} : { summary }) };
    await this.#finish(id, 'complete_operation', outcome, 'user', how.isStillToEnd === true);
  }

  /** Records that a session was cancelled. The process must be gone, or must never have been. @throws FleetError `NotFound`, `InvalidTransition`. */
  async cancelled(id: string, reason: string | undefined): Promise<void> {
    await this.#finish(id, 'cancel_operation', { type: 'cancelled', ...(reason === undefined ? {} : { reason }) }, 'user');
  }

  /** The agent could not be started. @throws FleetError `NotFound`, `InvalidTransition`. */
  async provisioningFailed(id: string, error: string): Promise<void> {
    await this.#finish(id, 'provisioning_failed', { type: 'failed', error }, 'fleet');
  }

  /** The start was given up before there was a process. @throws FleetError `NotFound`, `InvalidTransition`. */
  async abortProvisioning(id: string, reason: string): Promise<void> {
    await this.#finish(id, 'abort_provisioning', { type: 'aborted', reason }, 'fleet');
  }

  /** The process is proven gone and nobody saw how it ended. @throws FleetError `NotFound`, `InvalidTransition`. */
  async terminated(id: string, reason: string): Promise<void> {
    await this.#finish(id, 'terminate_owner', { type: 'terminated', reason }, 'fleet');
  }

  /** Remembers that we asked the session to end: the coming exit is then a cancel, not a failure. Idempotent. */
  async requestStop(id: string, reason: string | undefined): Promise<void> {
    this.#requireOwner();
    const before = this.get(id);
    if (before.stopRequest !== undefined || !isActive(before.status)) return;
    const at = this.#clock.now();
    const after: Session = { ...before, stopRequest: { at, ...(reason === undefined ? {} : { reason }) } };
    await this.#settle(this.#save(before, after, [{ kind: 'stopRequested', actor: 'user', at, data: { reason } }]));
  }

  /** A prompt was handed to the agent. If it was the first one, it need not be typed again; another one does not take its place. */
  async promptSent(id: string, prompt: { readonly text: string; readonly result: string }): Promise<void> {
    this.#requireOwner();
    const before = this.get(id);
    const { promptToType, ...rest } = before;
    await this.#note(promptToType === prompt.text ? rest : before, { kind: 'prompt', actor: 'user', at: this.#clock.now(), data: prompt });
  }

  /** Adds a line to a session's history that changes nothing else (who did what, and how it ended; seed row S12). */
  async record(id: string, kind: string, actor: Note['actor'], data: unknown): Promise<void> {
    this.#requireOwner();
    await this.#note(this.get(id), { kind, actor, at: this.#clock.now(), data });
  }

  /** Counts the lines of a session's spool that could not be read: `total` of them so far. Idempotent. */
  async countSpoolSkipped(id: string, total: number): Promise<void> {
    this.#requireOwner();
    const before = this.get(id);
    const count = total - (before.spoolSkipped ?? 0);
    if (count <= 0) return;
    const after: Session = { ...before, skipped: before.skipped + count, spoolSkipped: total };
    const data = { count, reason: 'lines of the spool file could not be read' };
    await this.#settle(this.#save(before, after, [{ kind: 'skipped', actor: 'fleet', at: this.#clock.now(), data }]));
  }

  /** Forgets sessions that have ended; active ones stay. Returns what was forgotten. */
  async clear(ids: readonly string[]): Promise<readonly string[]> {
    this.#requireOwner();
    const gone = [...new Set(ids)].filter((id) => {
      const session = this.#sessions.get(id);
      return session !== undefined && (isTerminal(session.status) || session.status === 'unknown');
    });
    if (gone.length === 0) return gone;
    for (const id of gone) {
      this.#sessions.delete(id);
      this.#unsaved.delete(id);
    }
    const removal = this.#store.remove(gone);
    this.#changes.fire({ added: [], changed: [], removed: gone });
    await this.#settle(removal);
    return gone;
  }

  /** Oldest first. */
  history(id: string, options?: { afterSeq?: number; limit?: number }): Promise<readonly HistoryEntry[]> {
    return this.#store.history(id, options);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #finish(id: string, action: LifecycleAction, outcome: SessionOutcome, actor: Note['actor'], isStillToEnd = false): Promise<void> {
    this.#requireOwner();
    const before = this.get(id);
    const at = this.#clock.now();
    const after = move(before, action, at, { outcome, ...(isStillToEnd && before.stopRequest === undefined ? { stopRequest: { at } } : {}) });
    await this.#settle(this.#save(before, after, [{ kind: after.status, actor, at, data: outcome }]));
  }

  /** A line of history. It does not make an ended session look active again. */
  async #note(session: Session, note: Note): Promise<void> {
    const lastActivityAt = isActive(session.status) ? Math.max(session.lastActivityAt, note.at) : session.lastActivityAt;
    await this.#settle(this.#save(session, { ...session, lastActivityAt }, [note]));
  }

  #save(before: Session, after: Session, notes: readonly Note[]): Promise<void> {
    const ended = isTerminal(after.status) && !isTerminal(before.status);
    return this.#commit(after, notes, 'changed', (change) => (ended ? this.#store.markTerminal(change) : this.#store.update(change)));
  }

  #track(id: string, write: Promise<void>): Promise<void> {
    const tracked = write.then(
      () => {
        if (this.#saving.get(id) === tracked) this.#unsaved.delete(id);
      },
      (error: unknown) => {
        this.#unsaved.add(id);
        throw error;
      },
    );
    this.#saving.set(id, tracked);
    const forget = (): void => {
      if (this.#saving.get(id) === tracked) this.#saving.delete(id);
    };
    tracked.then(forget, forget);
    return tracked;
  }

  /** The store marks itself as not persisted and goes on trying; that is no reason to refuse what was asked. */
  async #settle(write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      if (!isFleetError(error, 'NotPersisted')) throw error;
      this.#logger.warn('a change is not persisted yet', error);
    }
  }

  /**
   * Numbers the notes, puts the session in place, hands it to the store and announces it; resolves when it is durable. The store comes
   * first: a listener may change the session again, and that write must not overtake this one.
   */
  #commit(session: Session, notes: readonly Note[], how: 'added' | 'changed', write: (change: SessionChange) => Promise<void>): Promise<void> {
    const history = notes.map((entry, index): HistoryEntry => ({ ...entry, sessionId: session.id, seq: session.historySeq + index + 1 }));
    const saved: Session = { ...session, historySeq: session.historySeq + history.length };
    this.#sessions.set(saved.id, saved);
    const written = this.#track(saved.id, write({ session: saved, history }));
    this.#changes.fire({ added: how === 'added' ? [saved] : [], changed: how === 'changed' ? [saved] : [], removed: [] });
    return written;
  }

  #replaceAll(sessions: readonly Session[]): void {
    const next = new Map(sessions.map((session) => [session.id, session]));
    const added = sessions.filter((session) => !this.#sessions.has(session.id));
    const changed = sessions.filter((session) => {
      const known = this.#sessions.get(session.id);
      return known !== undefined && JSON.stringify(known) !== JSON.stringify(session);
    });
    const removed = [...this.#sessions.keys()].filter((id) => !next.has(id));
    this.#sessions.clear();
    for (const [id, session] of next) this.#sessions.set(id, session);
    if (added.length + changed.length + removed.length > 0) this.#changes.fire({ added, changed, removed });
  }

  #requireOwner(): void {
    if (this.#report === undefined) throw new FleetError('NotOpen', 'The fleet is still being read. Try again in a moment.');
    if (this.#report.newerVersion !== undefined) {
      throw new FleetError('NewerRegistry', 'A newer version of Agent Fleet wrote this registry. Update the extension to change it.');
    }
    if (!this.isOwner) throw new FleetError('NotOwner', 'Another window manages this fleet. Use that window, or close it.');
  }
}
