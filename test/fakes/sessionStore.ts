import { Deferred } from '../../src/base/async.ts';
import { Emitter } from '../../src/base/event.ts';
import { FleetError } from '../../src/base/errors.ts';
import { nullLogger } from '../../src/base/ports.ts';
import type {
  AuditEntry, CompletionEntry, HistoryEntry, HistorySearch, OpenReport, RegistryDelta, SessionChange, SessionCounts, SessionQuery, SessionStore, SessionSummary,
  StoreHealth, StoredAuditEntry,
} from '../../src/core/ports.ts';
import { kindOf, type Session } from '../../src/core/session.ts';

export interface StoreWrite {
  readonly how: 'registerActive' | 'update' | 'markTerminal' | 'audit' | 'evict' | 'remove';
  readonly session?: Session;
}

/** A registry in memory, with the promises of the real one and switches for its troubles. */
export class MemoryStore implements SessionStore {
  role: OpenReport['role'] = 'owner';
  opened = 0;
  /** Set: opening fails with it. */
  openFault: Error | undefined;
  /** Set: a new session is refused with it and not kept. */
  registerFault: Error | undefined;
  /** In the order they were asked for. */
  readonly writes: StoreWrite[] = [];
  readonly rows = new Map<string, Session>();
  readonly lines: HistoryEntry[] = [];
  readonly audits: AuditEntry[] = [];
  /** Sessions that were taken out of the list. */
  readonly evicted = new Map<string, Session>();
  #health: StoreHealth = { persisted: true };
  #gate: Deferred<void> | undefined;
  readonly #healthChanges = new Emitter<StoreHealth>(nullLogger);
  readonly #changesElsewhere = new Emitter<RegistryDelta>(nullLogger);
  readonly #ownerships = new Emitter<OpenReport>(nullLogger);
  readonly onDidChangeHealth = this.#healthChanges.event;
  readonly onDidChangeElsewhere = this.#changesElsewhere.event;
  readonly onDidBecomeOwner = this.#ownerships.event;

  constructor(sessions: readonly Session[] = []) {
    for (const session of sessions) this.rows.set(session.id, session);
  }

  get health(): StoreHealth {
    return this.#health;
  }

  /** From now on writes stay in memory and reject; `undefined`: the disk is back. */
  failWith(reason: string | undefined): void {
    this.#health = reason === undefined ? { persisted: true } : { persisted: false, reason };
    this.#healthChanges.fire(this.#health);
  }

  /** From now on writes take until `release`. */
  hold(): void {
    this.#gate ??= new Deferred<void>();
  }

  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  /** Another window wrote; these are all sessions there are. */
  changeElsewhere(sessions: readonly Session[]): void {
    this.#changesElsewhere.fire({ sessions, removed: [], complete: true });
  }

  /** The other window is gone. */
  becomeOwner(sessions: readonly Session[] = [...this.rows.values()]): void {
    this.role = 'owner';
    this.#ownerships.fire({ ...this.#report(), sessions });
  }

  async open(): Promise<OpenReport> {
    this.opened++;
    await Promise.resolve();
    if (this.openFault !== undefined) throw this.openFault;
    return this.#report();
  }

  async registerActive(change: SessionChange): Promise<void> {
    if (this.registerFault !== undefined) throw this.registerFault;
    if (this.rows.has(change.session.id)) throw new FleetError('AlreadyRegistered', 'Inserted twice.');
    await this.#write('registerActive', change);
  }

  update(change: SessionChange): Promise<void> {
    return this.#replace('update', change);
  }

  markTerminal(change: SessionChange): Promise<void> {
    return this.#replace('markTerminal', change);
  }

  async audit(entry: AuditEntry): Promise<void> {
    this.audits.push(entry);
    await this.#durable({ how: 'audit' });
  }

  async evict(sessions: readonly Session[]): Promise<void> {
    for (const session of sessions) {
      if (!this.rows.delete(session.id)) throw new FleetError('NotFound', `No row ${session.id}.`);
      this.evicted.set(session.id, session);
    }
    await this.#durable({ how: 'evict' });
  }

  async remove(sessionIds: readonly string[]): Promise<void> {
    for (const id of sessionIds) {
      this.rows.delete(id);
      this.evicted.delete(id);
    }
    await this.#durable({ how: 'remove' });
  }

  async query(_query: SessionQuery): Promise<readonly Session[]> {
    await Promise.resolve();
    return [...this.rows.values()];
  }

  async load(sessionId: string): Promise<Session | undefined> {
    await Promise.resolve();
    return this.rows.get(sessionId) ?? this.evicted.get(sessionId);
  }

  async search({ text = '', status }: HistorySearch): Promise<readonly SessionSummary[]> {
    await Promise.resolve();
    return this.#all()
      .filter((session) => session.name.includes(text) && (status === undefined || status.includes(session.status)))
      .map(({ id, name, driver, status: now, spec, createdAt, lastActivityAt }) => ({ id, name, driver, status: now, cwd: spec.cwd, createdAt, lastActivityAt, evicted: this.evicted.has(id) }));
  }

  async counts(): Promise<SessionCounts> {
    await Promise.resolve();
    const byStatus: Record<string, number> = {};
    for (const { status } of this.rows.values()) byStatus[status] = (byStatus[status] ?? 0) + 1;
    return { byStatus, evicted: this.evicted.size };
  }

  async auditTrail({ afterSeq = 0 }: { afterSeq?: number } = {}): Promise<readonly StoredAuditEntry[]> {
    await Promise.resolve();
    return this.audits.map((entry, index) => ({ ...entry, seq: index + 1 })).filter(({ seq }) => seq > afterSeq);
  }

  async completions({ afterSeq }: { afterSeq: number }): Promise<readonly CompletionEntry[]> {
    await Promise.resolve();
    return this.#all()
      .flatMap((session): CompletionEntry[] => {
        const { feedSeq: seq, outcome, id, name, completedAt: at } = session;
        return seq === undefined || outcome === undefined || at === undefined ? [] : [{ seq, sessionId: id, kind: kindOf(session), name, outcome, at }];
      })
      .filter(({ seq }) => seq > afterSeq)
      .sort((one, two) => one.seq - two.seq);
  }

  async history(sessionId: string, options: { afterSeq?: number; limit?: number } = {}): Promise<readonly HistoryEntry[]> {
    await Promise.resolve();
    const lines = this.lines.filter((line) => line.sessionId === sessionId && line.seq > (options.afterSeq ?? 0));
    return options.limit === undefined || options.limit === 0 ? lines : lines.slice(0, options.limit);
  }

  async close(): Promise<void> {
    await this.#gate?.promise;
  }

  #all(): Session[] {
    return [...this.rows.values(), ...this.evicted.values()];
  }

  #report(): OpenReport {
    const feedSeq = Math.max(0, ...this.#all().map((session) => session.feedSeq ?? 0));
    return { sessions: [...this.rows.values()], skippedRows: 0, role: this.role, ...(feedSeq === 0 ? {} : { feedSeq }) };
  }

  async #replace(how: StoreWrite['how'], change: SessionChange): Promise<void> {
    if (!this.rows.has(change.session.id)) throw new FleetError('NotFound', `No row ${change.session.id}.`);
    await this.#write(how, change);
  }

  async #write(how: StoreWrite['how'], { session, history }: SessionChange): Promise<void> {
    for (const line of history) {
      const taken = this.lines.some((known) => known.sessionId === line.sessionId && known.seq === line.seq);
      if (taken || line.sessionId !== session.id || line.seq > session.historySeq) throw new FleetError('HistoryExists', `History number ${line.seq}.`);
    }
    this.rows.set(session.id, session);
    this.lines.push(...history);
    await this.#durable({ how, session });
  }

  async #durable(write: StoreWrite): Promise<void> {
    this.writes.push(write);
    if (this.role === 'reader') throw new FleetError('NotOwner', 'Another window manages this fleet.');
    await this.#gate?.promise;
    if (!this.#health.persisted) throw new FleetError('NotPersisted', `The fleet could not be saved: ${this.#health.reason}.`);
  }
}
