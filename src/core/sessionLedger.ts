import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/event.ts';
import { FleetError, isFleetError } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';
import { notFound } from './errors.ts';
import type { HistoryEntry, OpenReport, RegistryDelta, SessionChange, SessionStore } from './ports.ts';
import { isTerminal, type Session } from './session.ts';
import type { Note } from './sessionReducer.ts';

/** What changed, with the sessions as they are now. `removed` holds ids. */
export interface FleetChange {
  readonly added: readonly Session[];
  readonly changed: readonly Session[];
  readonly removed: readonly string[];
}

/**
 * The sessions in memory, in step with the store: every change is put in place, handed to the store and announced, in this order.
 * The inside of `FleetService`; it knows no rule of the lifecycle.
 */
export class SessionLedger implements Disposable {
  readonly #store: SessionStore;
  readonly #logger: Logger;
  readonly #sessions = new Map<string, Session>();
  /** The newest write of each session that is under way. */
  readonly #saving = new Map<string, Promise<void>>();
  /** Sessions whose newest write was refused. */
  readonly #unsaved = new Set<string>();
  readonly #disposables = new DisposableStore();
  readonly #changes: Emitter<FleetChange>;
  readonly #opened: Emitter<OpenReport>;
  #report: OpenReport | undefined;
  #opening: Promise<OpenReport> | undefined;

  constructor(store: SessionStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
    this.#changes = this.#disposables.add(new Emitter<FleetChange>(logger));
    this.#opened = this.#disposables.add(new Emitter<OpenReport>(logger));
    this.onDidChange = this.#changes.event;
    this.onDidOpen = this.#opened.event;
    this.#disposables.add(
      store.onDidChangeElsewhere((delta) => {
        if (this.#report !== undefined) this.#report = { ...this.#report, role: 'reader' };
        this.merge(delta);
      }),
    );
    this.#disposables.add(store.onDidBecomeOwner((report) => this.#take(report)));
  }

  readonly onDidChange: Event<FleetChange>;
  /** The registry was read, or read anew because this window became its owner. */
  readonly onDidOpen: Event<OpenReport>;

  /** `undefined` until the registry has been read. */
  get report(): OpenReport | undefined {
    return this.#report;
  }

  get isOwner(): boolean {
    return this.#report?.role === 'owner';
  }

  /** All sessions of the fleet, in no particular order. */
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
      (report) => this.#take(report),
      (error: unknown) => {
        this.#opening = undefined;
        throw error;
      },
    );
    return this.#opening;
  }

  /** @throws FleetError `NotOpen`, `NewerRegistry`, `NotOwner`. */
  requireOwner(): void {
    if (this.#report === undefined) throw new FleetError('NotOpen', 'The fleet is still being read. Try again in a moment.');
    if (this.#report.newerVersion !== undefined) {
      throw new FleetError('NewerRegistry', 'A newer version of Agent Fleet wrote this registry. Update the extension to change it.');
    }
    if (!this.isOwner) throw new FleetError('NotOwner', 'Another window manages this fleet and does not answer. Use that window, or close it.');
  }

  /** A session that was not there before. Resolves when it is durable. */
  add(session: Session, notes: readonly Note[]): Promise<void> {
    return this.#commit(session, notes, 'added', (change) => this.#store.registerActive(change));
  }

  /** A session in a new state. Resolves when it is durable. */
  save(before: Session, after: Session, notes: readonly Note[]): Promise<void> {
    const ended = isTerminal(after.status) && !isTerminal(before.status);
    return this.#commit(after, notes, 'changed', (change) => (ended ? this.#store.markTerminal(change) : this.#store.update(change)));
  }

  /** Takes sessions out of memory, hands that to the store by `write`, and says so. */
  forget(ids: readonly string[], write: () => Promise<void>): Promise<void> {
    for (const id of ids) {
      this.#sessions.delete(id);
      this.#unsaved.delete(id);
    }
    const written = write();
    this.#changes.fire({ added: [], changed: [], removed: ids });
    return written;
  }

  /** Waits for the newest write of a session that is under way. @returns whether the store refused the newest one. */
  async isUnsaved(id: string): Promise<boolean> {
    await this.#saving.get(id);
    return this.#unsaved.has(id);
  }

  /** Highest event number of a session that is durable for certain: what its runner need not send again. */
  durableSeq(id: string): number {
    const settled = !this.#saving.has(id) && !this.#unsaved.has(id);
    return settled ? (this.#sessions.get(id)?.lastRunnerSeq ?? 0) : 0;
  }

  /** The store marks itself as not persisted and goes on trying; that is no reason to refuse what was asked. */
  async settle(write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      if (!isFleetError(error, 'NotPersisted')) throw error;
      this.#logger.warn('a change is not persisted yet', error);
    }
  }

  /** What another window has written. A state that is older than the one known here is passed over: both roads are in order, each by itself. */
  merge({ sessions, removed, complete }: RegistryDelta): void {
    const added: Session[] = [];
    const changed: Session[] = [];
    const kept = new Set(sessions.map((session) => session.id));
    const gone = (complete === true ? [...this.#sessions.keys()].filter((id) => !kept.has(id)) : removed).filter((id) => this.#sessions.has(id));
    for (const session of sessions) {
      const known = this.#sessions.get(session.id);
      if (known === undefined) added.push(session);
      else if (complete === true ? isOther(session, known) : isNewer(session, known)) changed.push(session);
      else continue;
      this.#sessions.set(session.id, session);
    }
    for (const id of gone) this.#sessions.delete(id);
    if (added.length + changed.length + gone.length > 0) this.#changes.fire({ added, changed, removed: gone });
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #take(report: OpenReport): OpenReport {
    this.#report = report;
    this.merge({ sessions: report.sessions, removed: [], complete: true });
    this.#opened.fire(report);
    return report;
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
}

function isNewer(session: Session, known: Session): boolean {
  if (session.historySeq < known.historySeq || session.lastRunnerSeq < known.lastRunnerSeq) return false;
  return isOther(session, known);
}

function isOther(session: Session, known: Session): boolean {
  return session.historySeq !== known.historySeq || session.lastRunnerSeq !== known.lastRunnerSeq || JSON.stringify(session) !== JSON.stringify(known);
}
