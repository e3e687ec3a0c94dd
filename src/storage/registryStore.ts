import { hostname } from 'node:os';
import { SerialQueue, detach } from '../base/async.ts';
import { DisposableStore, MutableDisposable } from '../base/disposable.ts';
import { FleetError, isFleetError, messageOf } from '../base/errors.ts';
import { Emitter } from '../base/event.ts';
import type {
  AuditEntry, CompletionEntry, HistoryEntry, HistorySearch, OpenReport, RegistryDelta, SessionChange, SessionCounts, SessionQuery, SessionStore,
  SessionSummary, StoreHealth, StoredAuditEntry,
} from '../core/ports.ts';
import { isTerminal, type Session } from '../core/session.ts';
import { DiskHealth } from './diskHealth.ts';
import { diskReason } from './diskReason.ts';
import { FolderWatch } from './folderWatch.ts';
import { nodeJournalFiles } from './journal/journalFiles.ts';
import { encodeRecord } from './journal/record.ts';
import { newerReason, openReportOf } from './openReport.ts';
import { PendingWrite, PendingWrites } from './pendingWrites.ts';
import { RegistryLock } from './registryLock.ts';
import { RegistryReads, type AuditQuery } from './registryReads.ts';
import type { RegistryStoreOptions } from './registryStoreOptions.ts';
import { RegistryTenure, type Found } from './registryTenure.ts';
import { SessionBook } from './sessionBook.ts';
import { nodeFiles } from './storageFiles.ts';

/** How often an owner looks whether the lock is still its own, milliseconds. */
const lockCheckMs = 10_000;

/**
 * The registry: an append-only journal, written by this thread before a call returns, and a projection of it in a worker thread that
 * answers all questions. See docs/persistence.md for the files, `SessionStore` for the rules.
 */
export class RegistryStore implements SessionStore {
  readonly #options: RegistryStoreOptions;
  readonly #tenure: RegistryTenure;
  /** Everything that changes the role goes through here, in the order of the calls. */
  readonly #queue = new SerialQueue();
  readonly #disposables = new DisposableStore();
  readonly #watch: MutableDisposable<FolderWatch>;
  readonly #disk: DiskHealth;
  readonly #pending = new PendingWrites();
  readonly #book = new SessionBook();
  readonly #reads: RegistryReads;
  /** Changes that are in the journal and of which it is not known yet that a loss of power leaves them there. */
  readonly #unsettled = new Set<PendingWrite>();
  /** Those that the journal's next sync covers. */
  #following: { readonly durable: Promise<void>; readonly writes: PendingWrite[] } | undefined;
  #drainDue = false;
  readonly #changesElsewhere: Emitter<RegistryDelta>;
  readonly #ownerships: Emitter<OpenReport>;
  #closing: Promise<void> | undefined;

  constructor(options: RegistryStoreOptions) {
    const { folder, worker, clock, timers, logger, segmentBytes } = options;
    this.#options = options;
    const files = options.files ?? nodeFiles;
    const lock = new RegistryLock({ ...options, files, host: options.host ?? hostname() });
    this.#disk = this.#disposables.add(new DiskHealth({ folder, timers, logger, retry: () => this.#drainSoon() }));
    this.#changesElsewhere = this.#disposables.add(new Emitter(logger));
    this.#ownerships = this.#disposables.add(new Emitter(logger));
    this.#watch = this.#disposables.add(new MutableDisposable<FolderWatch>());
    this.#tenure = new RegistryTenure({
      folder, worker, files, journalFiles: options.journalFiles ?? nodeJournalFiles, lock, clock, logger,
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
      onDelta: (delta) => this.#changesElsewhere.fire(delta),
      onFault: (what, error) => logger.warn(`the registry's ${what} failed and is tried again`, error),
    });
    this.#reads = new RegistryReads(this.#tenure, this.#book, this.#pending);
    this.#disposables.add(timers.every(lockCheckMs, () => this.#checkLock()));
    this.onDidChangeHealth = this.#disk.onDidChange;
    this.onDidChangeElsewhere = this.#changesElsewhere.event;
    this.onDidBecomeOwner = this.#ownerships.event;
  }

  readonly onDidChangeHealth;
  readonly onDidChangeElsewhere;
  readonly onDidBecomeOwner;

  get health(): StoreHealth {
    return this.#disk.state;
  }

  /** @throws FleetError `EngineFailed`, `RegistryUnreadable`: may be called again; every other use tries again, too. */
  open(): Promise<OpenReport> {
    return this.#queue.add(() => this.#open());
  }

  /** @throws FleetError `NotPersisted`, `NotOwner`, `NewerRegistry`, `AlreadyRegistered`, `HistoryExists`, `InvalidSession`, `InvalidHistory`. */
  registerActive(change: SessionChange): Promise<void> {
    return this.#toWrite(() => {
      const { id } = change.session;
      if (this.#book.has(id)) throw new FleetError('AlreadyRegistered', `A session ${id} is stored already.`, { details: { id } });
      return this.#put(change, true);
    });
  }

  /** @throws FleetError as `registerActive`, and `NotFound`. */
  update(change: SessionChange): Promise<void> {
    return this.#toWrite(() => {
      if (!this.#book.has(change.session.id)) throw notFound(change.session.id);
      return this.#put(change, false);
    });
  }

  /** @throws FleetError as `update`. */
  markTerminal(change: SessionChange): Promise<void> {
    return this.#toWrite(() => {
      if (!this.#book.has(change.session.id)) throw notFound(change.session.id);
      return this.#put(change, isTerminal(change.session.status));
    });
  }

  /** @throws FleetError `NotPersisted`, `NotOwner`, `NewerRegistry`, `InvalidHistory`. */
  audit(entry: AuditEntry): Promise<void> {
    return this.#toWrite(() => this.#write(new PendingWrite((q, t) => ({ q, t, k: 'audit', a: entry }), {})));
  }

  /** @throws FleetError `NotPersisted`, `NotOwner`, `NewerRegistry`, `NotFound`. */
  evict(sessions: readonly Session[]): Promise<void> {
    return this.#toWrite(async () => {
      for (const { id } of sessions) if (!this.#book.has(id)) throw notFound(id);
      await Promise.all(sessions.map((session) => this.#write(new PendingWrite((q, t) => ({ q, t, k: 'evict', s: session.id, b: session }), { evicted: session }))));
    });
  }

  /** @throws FleetError `NotPersisted`, `NotOwner`, `NewerRegistry`, `InvalidSession`. */
  remove(sessionIds: readonly string[]): Promise<void> {
    const forgotten = [...sessionIds];
    return this.#toWrite(() => {
      if (forgotten.length === 0) return Promise.resolve();
      return this.#write(new PendingWrite((q, t) => ({ q, t, k: 'del', s: forgotten }), { forgotten }));
    });
  }

  query(query: SessionQuery): Promise<readonly Session[]> {
    return this.#whenOpen(() => this.#reads.query(query));
  }

  load(sessionId: string): Promise<Session | undefined> {
    return this.#whenOpen(() => this.#reads.load(sessionId));
  }

  /** Changes that are not on the disk yet are found once they are; so with `auditTrail` and `completions`. */
  search(search: HistorySearch): Promise<readonly SessionSummary[]> {
    return this.#whenDrained(() => this.#reads.search(search));
  }

  counts(): Promise<SessionCounts> {
    return this.#whenDrained(() => this.#reads.counts());
  }

  history(sessionId: string, options: { afterSeq?: number; limit?: number } = {}): Promise<readonly HistoryEntry[]> {
    return this.#whenOpen(() => this.#reads.history(sessionId, options));
  }

  auditTrail(options: AuditQuery = {}): Promise<readonly StoredAuditEntry[]> {
    return this.#whenDrained(() => this.#reads.auditTrail(options));
  }

  completions(options: { afterSeq: number; limit?: number }): Promise<readonly CompletionEntry[]> {
    return this.#whenDrained(() => this.#reads.completions(options));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watch.dispose();
    await this.#queue.idle();
    if (this.#pending.size > 0) await this.#queue.add(() => this.#drain()).catch((error: unknown) => this.#options.logger.warn('changes were not written', error));
    this.#disk.dispose();
    await this.#queue.idle();
    this.#pending.drop(new FleetError('Closed', 'The fleet is closed.'));
    await this.#tenure.close();
    this.#disposables.dispose();
  }

  #put(change: SessionChange, whole: boolean): Promise<void> {
    const { session, history } = change;
    this.#book.checkHistory(change);
    return this.#write(new PendingWrite((q, t) => this.#book.put(q, t, session, history, whole), { put: session, history }));
  }

  #write(write: PendingWrite): Promise<void> {
    if (this.#tenure.journal !== undefined && this.#pending.size === 0 && !this.#disk.isWaiting) {
      try {
        this.#append(write);
        this.#book.noteAsked(write.effect);
        return write.done;
      } catch (error) {
        if (isFleetError(error)) throw error;
        this.#failed(error);
      }
    } else {
      // What cannot be written ever must not be believed until then.
      encodeRecord(write.record(1, 0));
    }
    this.#book.noteAsked(write.effect);
    this.#pending.push(write);
    // A disk that has failed just now is asked again by its timer.
    if (this.#disk.isWaiting) write.fail(this.#disk.notPersisted());
    else this.#drainSoon();
    return write.done;
  }

  /** @throws FleetError `InvalidSession`, `InvalidHistory`; the system's error. */
  #append(write: PendingWrite): void {
    const { journal, worker } = this.#tenure;
    if (journal === undefined) throw new Error('The journal is not open.');
    const { q, durable } = journal.append(write.record);
    this.#book.noteJournalled(write.effect);
    this.#unsettled.add(write);
    worker?.advance(q);
    if (this.#following?.durable !== durable) this.#follow(durable);
    this.#following?.writes.push(write);
  }

  /** One sync covers many writes, which are told together: a chain of promises for each would cost more than the write. */
  #follow(durable: Promise<void>): void {
    const writes: PendingWrite[] = [];
    this.#following = { durable, writes };
    durable.then(
      () => {
        for (const write of writes) this.#unsettled.delete(write);
        this.#persisted();
        for (const write of writes) write.succeed();
      },
      (error: unknown) => {
        this.#failed(error);
        const reason = this.#disk.notPersisted();
        for (const write of writes) write.fail(reason);
      },
    );
  }

  #drainSoon(): void {
    if (this.#drainDue) return;
    this.#drainDue = true;
    void this.#queue.add(() => this.#drain()).catch((error: unknown) => this.#failed(error));
  }

  /** Writes what waits, as the owner of the registry. @throws the system's error; what could not be written goes on waiting. */
  async #drain(): Promise<void> {
    this.#drainDue = false;
    if (this.#isReader) return;
    const found = await this.#tenure.claim();
    if (this.#isReader) return this.#yield(found);
    if (found.vanished) this.#startOver();
    else if (found.content !== undefined) this.#book.begin(found.content.sessions, this.#pending);
    this.#become();
    if (found.obstacle !== undefined) return this.#failed(found.obstacle);
    const report = found.content === undefined || found.content.sessions.length === 0 ? undefined : this.#report(found);
    this.#pending.settle((write) => this.#append(write));
    const covered = [...this.#unsettled];
    await this.#tenure.journal?.flush();
    for (const write of covered) this.#unsettled.delete(write);
    this.#persisted();
    this.#rememberLosses(found);
    if (report !== undefined) this.#ownerships.fire(report);
  }

  /** The journal was removed under us: the sessions in the list are written again, whole; their older history is gone with it. */
  #startOver(): void {
    this.#options.logger.warn('the folder of the registry was removed; the sessions are written again, without their older history');
    this.#pending.unshift(this.#book.startOver([...this.#unsettled]));
    this.#unsettled.clear();
  }

  /** Another window was faster: it is the owner, and what waits here would contradict it. */
  #yield(found: Found): void {
    const dropped = this.#pending.drop(this.#notWritable());
    if (dropped > 0) this.#options.logger.warn(`another window manages the fleet: ${dropped} changes of this one are dropped`);
    this.#unsettled.clear();
    this.#become();
    this.#sayHealth(found);
    this.#changesElsewhere.fire({ sessions: found.content?.sessions ?? [], removed: [], complete: true });
  }

  #failed(error: unknown): void {
    this.#disk.failed(error);
    this.#pending.failAll(this.#disk.notPersisted());
  }

  #persisted(): void {
    const { journal } = this.#tenure;
    if (this.#pending.size === 0 && journal !== undefined && journal.kept === 0) this.#disk.recovered();
  }

  /** At once if the registry is open, so that what is written is safe when the call returns. */
  #whenOpen<T>(run: () => Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#refuseIfClosing();
      resolve(this.#tenure.role === 'closed' ? this.#queue.add(() => this.#open()).then(run) : run());
    });
  }

  #toWrite(run: () => Promise<void>): Promise<void> {
    return this.#whenOpen(() => {
      if (this.#isReader) throw this.#notWritable();
      return run();
    });
  }

  /** As `#whenOpen`, when an attempt to write what waits has ended. */
  #whenDrained<T>(run: () => Promise<T>): Promise<T> {
    return this.#whenOpen(() => (this.#drainDue || (this.#pending.size > 0 && !this.#disk.isWaiting) ? this.#queue.idle().then(run) : run()));
  }

  async #open(): Promise<OpenReport> {
    this.#refuseIfClosing();
    if (this.#tenure.role !== 'closed') return this.#report(await this.#tenure.look());
    try {
      const found = await this.#tenure.open();
      this.#settleIn(found);
      return this.#report(found);
    } catch (error) {
      if (isFleetError(error)) throw error;
      const { folder } = this.#options;
      throw new FleetError('RegistryUnreadable', `The fleet cannot be read from ${folder}. ${diskReason(error, folder)}`, { cause: error });
    }
  }

  async #look(): Promise<void> {
    if (this.#closing !== undefined) return;
    const { role } = this.#tenure;
    if (role === 'owner' || role === 'closed' || (role === 'candidate' && this.#pending.size > 0)) return;
    // Where nothing is stored there is nothing to take over; an owner whose folder vanished makes it again, and must not find the lock taken.
    if (!(await this.#tenure.exists())) return;
    const found = await this.#tenure.succeed().catch((error: unknown) => {
      this.#options.logger.debug(`the registry lock cannot be had: ${messageOf(error)}`);
      return undefined;
    });
    if (found === undefined) return;
    if (found === 'held') {
      if (role === 'candidate') this.#yield({ content: await this.#tenure.becomeReader() });
      return;
    }
    this.#settleIn(found);
    const report = this.#report(found);
    if (report.role === 'owner') this.#ownerships.fire(report);
  }

  #settleIn(found: Found): void {
    this.#book.begin(found.content?.sessions ?? [], this.#pending);
    this.#become();
    this.#sayHealth(found);
    this.#rememberLosses(found);
  }

  /** A snapshot remembers what was counted as lost, so that it is not told again at each start. */
  #rememberLosses({ content }: Found): void {
    const { worker, role } = this.#tenure;
    if (content?.restored === true && role === 'owner' && worker !== undefined) detach(worker.call('snapshot', { upTo: 0 }), this.#options.logger, 'the snapshot after a recovery');
  }

  #checkLock(): void {
    if (this.#tenure.role !== 'owner' || this.#closing !== undefined) return;
    void this.#queue.add(async () => {
      if (this.#tenure.role === 'owner' && !(await this.#tenure.isOurs())) await this.#drain();
    }).catch((error: unknown) => this.#failed(error));
  }

  #become(): void {
    const { folder, timers, logger, files = nodeFiles } = this.#options;
    const waits = this.#tenure.role === 'candidate' || this.#tenure.role === 'reader';
    if (waits === (this.#watch.value !== undefined) || this.#closing !== undefined) return;
    const look = (): Promise<void> => this.#queue.add(() => this.#look()).catch((error: unknown) => logger.warn('the registry could not be looked at', error));
    this.#watch.value = waits ? new FolderWatch(files, folder, timers, look) : undefined;
  }

  get #isReader(): boolean {
    return this.#tenure.role === 'reader';
  }

  #report({ content }: Found): OpenReport {
    const sessions = this.#isReader ? (content?.sessions ?? []) : this.#book.select();
    return openReportOf(content, sessions, this.#isReader ? 'reader' : 'owner');
  }

  #sayHealth({ obstacle }: Found): void {
    const { newerVersion } = this.#tenure;
    if (newerVersion !== undefined) this.#disk.say(newerReason(newerVersion));
    else if (obstacle !== undefined) this.#failed(obstacle);
    else if (this.#pending.size === 0) this.#disk.recovered();
  }

  #notWritable(): FleetError {
    const { newerVersion } = this.#tenure;
    return newerVersion !== undefined ? new FleetError('NewerRegistry', newerReason(newerVersion)) : new FleetError('NotOwner', 'Another window manages this fleet.');
  }

  #refuseIfClosing(): void {
    if (this.#closing !== undefined) throw new FleetError('Closed', 'The fleet is closed.');
  }
}

function notFound(id: string): FleetError<'NotFound'> {
  return new FleetError('NotFound', `No session ${id} is stored.`, { details: { id } });
}
