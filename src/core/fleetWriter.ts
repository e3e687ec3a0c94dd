import { isFleetError } from '../base/errors.ts';
import type { Clock, Logger } from '../base/ports.ts';
import { oneLine } from '../base/text.ts';
import { contextQueryNote } from './contextQueries.ts';
import { alreadyRegistered, maxConcurrentExceeded, nameTaken } from './errors.ts';
import type { Collected, FleetCommands, ImportedSession, NewSession, SessionMatch } from './fleetCommands.ts';
import { peerReady } from './peer.ts';
import type { AuditEntry, DriverCatalog, SessionStore, WorktreeEvidence } from './ports.ts';
import { WorktreeReservations, type ReapScope, type ReserveOutcome } from './reservations.ts';
import { isStillNeeded } from './retention.ts';
import type { RunnerEvent } from './runnerEvents.ts';
import { isActive, isTerminal, type Session, type SessionOutcome, type StopWish } from './session.ts';
import type { SessionEnds } from './sessionEnds.ts';
import type { SessionLedger } from './sessionLedger.ts';
import { addProgress, move, reduceRunnerEvent, reduceTitle, stopped, type Note } from './sessionReducer.ts';
import { canTransition, transition, type LifecycleAction } from './transitions.ts';
import { plainReport, withTurn } from './sessionUsage.ts';
import type { UsageReport } from './usage.ts';

export interface FleetWriterOptions {
  readonly ledger: SessionLedger;
  readonly ends: SessionEnds;
  readonly store: SessionStore;
  readonly drivers: DriverCatalog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxConcurrent: () => number;
  readonly promptTaken: (sessionId: string) => void;
  readonly evidence: WorktreeEvidence;
}

/** Carries out what changes the fleet, in the window that owns the registry. See `FleetCommands` for the rules. */
export class FleetWriter implements FleetCommands {
  readonly #options: FleetWriterOptions;
  readonly #ledger: SessionLedger;
  readonly #worktrees: WorktreeReservations<NewSession>;

  constructor(options: FleetWriterOptions) {
    this.#options = options;
    this.#ledger = options.ledger;
    const { ledger, ends, evidence, logger } = options;
    this.#worktrees = new WorktreeReservations<NewSession>({
      fleet: {
        get sessions() {
          return ledger.sessions;
        },
        register: (request) => this.register(request),
        terminated: (id, reason) => this.terminated(id, reason),
        evictExpired: () => ends.tidy(),
      },
      probe: evidence,
      canonical: (path) => evidence.realPath(path),
      host: evidence.host,
      readLastWords: (id) => evidence.readLastWords?.(id) ?? Promise.resolve(),
      logger,
    });
  }

  async register(request: NewSession): Promise<Session> {
    const { maxConcurrent, clock } = this.#options;
    this.#ledger.requireOwner();
    if (this.#ledger.find(request.id) !== undefined) throw alreadyRegistered(request.id);
    // Ids that come from outside may name a session that has left the list: its end is final, too.
    if (request.channel === 'external' && ((await this.#options.store.load(request.id)) ?? this.#ledger.find(request.id)) !== undefined) throw alreadyRegistered(request.id);
    const active = this.#ledger.sessions.filter((session) => isActive(session.status));
    // What somebody else runs runs already: neither its name nor a limit can undo that.
    const isOurs = request.channel !== 'external';
    if (isOurs && active.some((session) => session.name === request.name)) throw nameTaken(request.name);
    const limit = maxConcurrent();
    if (isOurs && limit > 0 && active.length >= limit) throw maxConcurrentExceeded(limit, active.length);
    const at = clock.now();
    const session: Session = {
      ...request,
      status: isOurs ? 'provisioning' : 'running',
      ...(isOurs ? {} : { startedAt: at }),
      lastRunnerSeq: 0,
      historySeq: 0,
      artifacts: [],
      skipped: 0,
      createdAt: at,
      lastActivityAt: at,
    };
    const note: Note = { kind: 'registered', actor: 'user', at, data: { driver: session.driver, policy: session.spec.policy } };
    this.#options.ends.begun(session.id);
    try {
      await this.#ledger.settle(this.#ledger.add(session, [note]));
    } catch (error) {
      // Refused for good, not just late: nothing was started, so nothing stays.
      await this.#ledger.forget([session.id], () => Promise.resolve());
      throw error;
    }
    return this.#ledger.get(session.id);
  }

  async reserve(worktree: string, request: NewSession): Promise<ReserveOutcome> {
    this.#ledger.requireOwner();
    return this.#worktrees.tryReserve(worktree, () => request);
  }

  async findOrCreate(match: SessionMatch, request: NewSession): Promise<{ readonly session: Session; readonly created: boolean }> {
    this.#ledger.requireOwner();
    return this.#worktrees.findOrCreate((session) => matches(session, match), () => request);
  }

  async reap(scope: ReapScope): Promise<number> {
    this.#ledger.requireOwner();
    return this.#worktrees.reap(scope);
  }

  async release(id: string): Promise<void> {
    this.#ledger.requireOwner();
    await this.#worktrees.release(id);
  }

  async importSessions(imported: readonly ImportedSession[]): Promise<number> {
    this.#ledger.requireOwner();
    const known = await Promise.all(imported.map(async ({ session }) => this.#ledger.find(session.id) ?? (await this.#options.store.load(session.id))));
    const fresh = imported.filter(({ session }, index) => known[index] === undefined && this.#ledger.find(session.id) === undefined);
    const writes = fresh.map(({ session, notes }) => {
      const stamped = isTerminal(session.status) ? this.#options.ends.stamp(session) : session;
      const write = this.#ledger.add(stamped, notes);
      if (stamped !== session) this.#options.ends.announce(stamped);
      return write;
    });
    await this.#ledger.settle(Promise.all(writes).then(() => undefined));
    return fresh.length;
  }

  /**
   * Takes what a runner sent. Resolves when it is durable. Sessions that were cleared are ignored.
   * @throws FleetError `NotOpen`, `NotOwner`, `NotPersisted`: the runner must keep the events.
   */
  async applyRunnerEvents(sessionId: string, events: readonly RunnerEvent[]): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.find(sessionId);
    if (before === undefined) {
      this.#options.logger.warn(`events for the unknown session ${sessionId} were dropped`);
      return;
    }
    const driver = this.#options.drivers.get(before.driver);
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
      if (await this.#ledger.isUnsaved(sessionId)) await this.#save(session, session, []);
      return;
    }
    const saved = this.#save(before, session, notes);
    if (promptTaken) this.#options.promptTaken(sessionId);
    await saved;
  }

  async applyTitle(id: string, title: string, at = this.#options.clock.now()): Promise<void> {
    const before = this.#ledger.find(id);
    if (before === undefined || !this.#ledger.isOwner) return;
    const step = reduceTitle(before, title, at, this.#options.drivers.get(before.driver));
    if (step.session === before) return;
    await this.#ledger.settle(this.#save(before, step.session, step.notes));
  }

  async complete(id: string, summary: string | undefined, how: { readonly isStillToEnd?: boolean; readonly by?: 'exit' } = {}): Promise<void> {
    const outcome: SessionOutcome = { type: 'completed', by: how.by ?? 'person', ...(summary === undefined ? {} : { summary }) };
    await this.#finish(id, 'complete_operation', outcome, how.by === 'exit' ? 'agent' : 'user', how.isStillToEnd === true);
  }

  async cancelled(id: string, reason: string | undefined): Promise<void> {
    const { stopRequest } = this.#ledger.find(id) ?? {};
    const { action, outcome } = stopped({ ...stopRequest, ...(reason === undefined ? {} : { reason }) });
    await this.#finish(id, action, outcome, stopRequest?.cause === undefined ? 'user' : 'fleet');
  }

  async failed(id: string, error: string): Promise<void> {
    await this.#finish(id, 'fail_operation', { type: 'failed', error }, 'agent');
  }

  async agentGone(id: string): Promise<void> {
    this.#ledger.requireOwner();
    const { stopRequest, ...after } = this.#ledger.get(id);
    if (stopRequest === undefined || !isTerminal(after.status)) return;
    const before: Session = { ...after, stopRequest };
    await this.#ledger.settle(this.#save(before, after, [{ kind: 'agentGone', actor: 'fleet', at: this.#options.clock.now(), data: {} }]));
  }

  async provisioningFailed(id: string, error: string): Promise<void> {
    await this.#finish(id, 'provisioning_failed', { type: 'failed', error }, 'fleet');
  }

  async abortProvisioning(id: string, reason: string): Promise<void> {
    await this.#finish(id, 'abort_provisioning', { type: 'aborted', reason }, 'fleet');
  }

  async terminated(id: string, reason: string): Promise<void> {
    await this.#finish(id, 'terminate_owner', { type: 'terminated', reason }, 'fleet');
  }

  async terminateOwner(reason: string): Promise<number> {
    this.#ledger.requireOwner();
    // In the order in which they began, so that the feed's numbers do not depend on chance.
    const active = this.#ledger.sessions.filter((session) => canTransition(session.status, 'terminate_owner'));
    active.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    await Promise.all(active.map((session) => this.#finish(session.id, 'terminate_owner', { type: 'terminated', reason }, 'user')));
    return active.length;
  }

  async requestRetire(id: string, deadlineMs?: number): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const at = this.#options.clock.now();
    const deadline = deadlineMs === undefined ? {} : { deadline: at + deadlineMs };
    const after = move(before, 'request_retire', at, { retireRequest: { at, ...deadline } });
    this.#options.ends.retiring(after);
    await this.#ledger.settle(this.#save(before, after, [{ kind: 'retireRequested', actor: 'user', at, data: deadline }]));
  }

  async markRetired(id: string): Promise<void> {
    await this.#finish(id, 'mark_retired', { type: 'retired' }, 'fleet');
  }

  async peerReady(id: string, peer: { readonly name: string; readonly address: string }): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const at = this.#options.clock.now();
    const after = peerReady(before, peer, at);
    await this.#ledger.settle(this.#save(before, after, [{ kind: 'peerReady', actor: 'agent', at, data: after.peer }]));
  }

  async reportProgress(id: string, progress: { readonly message?: string; readonly percent?: number }): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    transition(id, before.status, 'report_progress');
    const at = this.#options.clock.now();
    const after = addProgress({ ...before, lastActivityAt: Math.max(before.lastActivityAt, at) }, progress, at);
    await this.#ledger.settle(this.#save(before, after, [{ kind: 'progress', actor: 'agent', at, data: after.progress }]));
  }

  async reportUsage(id: string, report: UsageReport): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const at = this.#options.clock.now();
    await this.#ledger.settle(this.#save(before, withTurn(before, report), [{ kind: 'usage', actor: 'agent', at, data: plainReport(report) }]));
  }

  async contextQuery(id: string, query: { readonly path: string; readonly scope?: string }): Promise<void> {
    this.#ledger.requireOwner();
    const session = this.#ledger.get(id);
    const note = contextQueryNote(session, { ...query, at: this.#options.clock.now() });
    if (note !== undefined) await this.#note(session, note);
  }

  async requestStop(id: string, reason: string | undefined, cause?: StopWish['cause']): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    if (before.stopRequest !== undefined || !isActive(before.status)) return;
    const at = this.#options.clock.now();
    const after: Session = { ...before, stopRequest: { at, ...(reason === undefined ? {} : { reason }), ...(cause === undefined ? {} : { cause }) } };
    await this.#ledger.settle(this.#save(before, after, [{ kind: 'stopRequested', actor: cause === undefined ? 'user' : 'fleet', at, data: { reason } }]));
  }

  async planRetry(id: string, at: number | undefined): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const { retryAt, ...rest } = before;
    const isGivenUp = at !== undefined && before.escalatedAt !== undefined;
    if (retryAt === at || isGivenUp || !isTerminal(before.status)) return;
    const note: Note = { kind: at === undefined ? 'retryDropped' : 'retryPlanned', actor: 'fleet', at: this.#options.clock.now(), data: at === undefined ? {} : { at } };
    await this.#ledger.settle(this.#save(before, at === undefined ? rest : { ...rest, retryAt: at }, [note]));
  }

  async escalate(id: string, reason: string): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const { retryAt: _retryAt, ...rest } = before;
    if (before.escalatedAt !== undefined || !isTerminal(before.status)) return;
    const at = this.#options.clock.now();
    await this.#ledger.settle(this.#save(before, { ...rest, escalatedAt: at }, [{ kind: 'escalated', actor: 'fleet', at, data: { reason } }]));
  }

  async promptSent(id: string, prompt: { readonly text: string; readonly result: string }): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const { promptToType, ...rest } = before;
    await this.#note(promptToType === prompt.text ? rest : before, { kind: 'prompt', actor: 'user', at: this.#options.clock.now(), data: prompt });
  }

  async record(id: string, kind: string, actor: Note['actor'], data: unknown): Promise<void> {
    this.#ledger.requireOwner();
    await this.#note(this.#ledger.get(id), { kind, actor, at: this.#options.clock.now(), data });
  }

  async countSpoolSkipped(id: string, total: number): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const count = total - (before.spoolSkipped ?? 0);
    if (count <= 0) return;
    const after: Session = { ...before, skipped: before.skipped + count, spoolSkipped: total };
    const data = { count, reason: 'lines of the spool file could not be read' };
    await this.#ledger.settle(this.#save(before, after, [{ kind: 'skipped', actor: 'fleet', at: this.#options.clock.now(), data }]));
  }

  async clear(ids: readonly string[]): Promise<readonly string[]> {
    this.#ledger.requireOwner();
    const gone = [...new Set(ids)].filter((id) => {
      const session = this.#ledger.find(id);
      return session !== undefined && !isActive(session.status);
    });
    if (gone.length === 0) return gone;
    await this.#ledger.settle(this.#ledger.forget(gone, () => this.#options.store.remove(gone)));
    return gone;
  }

  async collect(ids?: readonly string[]): Promise<readonly Collected[]> {
    this.#ledger.requireOwner();
    const asked = ids === undefined ? undefined : new Set(ids);
    const ended = this.#ledger.sessions.filter((session) => isTerminal(session.status) && session.outcome !== undefined && !isStillNeeded(session) && (asked?.has(session.id) ?? true));
    ended.sort((a, b) => (a.feedSeq ?? 0) - (b.feedSeq ?? 0));
    await this.#options.ends.evict(ended);
    return ended.flatMap(({ id, outcome }) => (outcome === undefined ? [] : [{ sessionId: id, outcome }]));
  }

  async audit(entry: AuditEntry): Promise<void> {
    this.#ledger.requireOwner();
    await this.#options.store.audit({ ...entry, ...(entry.detail === undefined ? {} : { detail: oneLine(entry.detail, 300) }) }).catch((error: unknown) => {
      if (!isFleetError(error, 'NotPersisted')) throw error;
    });
  }

  async #finish(id: string, action: LifecycleAction, outcome: SessionOutcome, actor: Note['actor'], isStillToEnd = false): Promise<void> {
    this.#ledger.requireOwner();
    const before = this.#ledger.get(id);
    const at = this.#options.clock.now();
    const after = move(before, action, at, { outcome, ...(isStillToEnd && before.stopRequest === undefined ? { stopRequest: { at } } : {}) });
    await this.#ledger.settle(this.#save(before, after, [{ kind: after.status, actor, at, data: outcome }]));
  }

  /** A line of history. It does not make an ended session look active again. */
  async #note(session: Session, note: Note): Promise<void> {
    const lastActivityAt = isActive(session.status) ? Math.max(session.lastActivityAt, note.at) : session.lastActivityAt;
    await this.#ledger.settle(this.#save(session, { ...session, lastActivityAt }, [note]));
  }

  #save(before: Session, after: Session, notes: readonly Note[]): Promise<void> {
    const ended = isTerminal(after.status) && !isTerminal(before.status);
    const stamped = ended ? this.#options.ends.stamp(after) : after;
    const written = this.#ledger.save(before, stamped, notes);
    if (ended) this.#options.ends.announce(this.#ledger.find(after.id) ?? stamped);
    return written;
  }
}

function matches(session: Session, match: SessionMatch): boolean {
  return (['worktree', 'actorKey', 'clientInstanceId', 'parentId'] as const).every((field) => match[field] === undefined || match[field] === session[field]);
}
