import { DisposableMap, DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/event.ts';
import { detach, SerialQueue } from '../base/async.ts';
import { isFleetError } from '../base/errors.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { FleetService } from './fleetService.ts';
import { isForeign, lostReason } from './liveness.ts';
import type { OtherWindows, ProcessControl, ProcessProbe, RunnerGateway, SessionFolders, TerminalHost } from './ports.ts';
import { onPaper } from './reservations.ts';
import type { RunnerEvent } from './runnerEvents.ts';
import { isActive, type Liveness, type Session } from './session.ts';
import { lookAt, type SessionEvidence } from './sessionEvidence.ts';

export interface SessionRecoveryOptions {
  readonly fleet: FleetService;
  readonly runners: RunnerGateway;
  readonly terminals: TerminalHost;
  readonly others: OtherWindows;
  readonly folders: SessionFolders;
  readonly probe: ProcessProbe;
  readonly processes: ProcessControl;
  /** Name of this machine: processes of another one are unknown here. */
  readonly host: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** A runner that lost its connection gets this long to come back before the evidence is looked at, milliseconds. */
const reconnectMs = 3000;
/** How often sessions without a runner are looked at again, milliseconds. */
const recheckMs = 15_000;
/** A start that left no trace but its launch file for so long has failed, milliseconds. */
const startMs = 30_000;
/** Why a start is given up, by what it left. */
const neverStarted = {
  launchFile: 'the window closed before the agent started',
  nothing: 'its start was never prepared: the window closed or the disk failed',
} as const;

/**
 * Decides what became of sessions whose runner does not talk to this window: after a reload, a crash, a reboot, or a
 * killed runner. Evidence in this order: the runner's connection, its spool, then the processes themselves
 * (pid + start time + boot id). Without evidence a session stays as it is; unknown is never reaped (seed rows L10, V2, V4, V5).
 */
export class SessionRecovery implements Disposable {
  readonly #options: SessionRecoveryOptions;
  readonly #disposables = new DisposableStore();
  readonly #checks: DisposableMap<string, Disposable>;
  readonly #verdicts = new Map<string, Liveness>();
  readonly #orders = new Set<string>();
  /** Ended sessions about whose agents there is nothing left to do. */
  readonly #done = new Set<string>();
  readonly #queue = new SerialQueue();
  readonly #changed: Emitter<{ sessionId: string }>;

  constructor(options: SessionRecoveryOptions) {
    this.#options = options;
    const { fleet, runners, terminals } = options;
    this.#checks = this.#disposables.add(new DisposableMap());
    this.#changed = this.#disposables.add(new Emitter<{ sessionId: string }>(options.logger));
    this.onDidChangeLiveness = this.#changed.event;
    this.#disposables.add(
      fleet.onDidOpen((report) => {
        for (const session of report.sessions) if (this.#isOpen(session)) this.#plan(session.id, 0);
      }),
    );
    this.#disposables.add(
      fleet.onDidChange(({ added, changed }) => {
        for (const session of added) if (this.#isOpen(session)) this.#plan(session.id, recheckMs);
        // A stop that no runner can take is carried out here.
        for (const session of changed) {
          const isToEnd = session.stopRequest !== undefined || !isActive(session.status);
          if (isToEnd && this.#isOpen(session) && !this.#orders.has(session.id) && !runners.isConnected(session.id)) {
            this.#orders.add(session.id);
            this.#plan(session.id, 0);
          }
        }
      }),
    );
    // A fresh frame makes the editor hand this window the titles of an agent that was running before.
    this.#disposables.add(terminals.onDidAdopt(({ sessionId }) => detach(runners.reframe(sessionId), options.logger, `reframing ${sessionId}`)));
    this.#disposables.add(runners.onDidConnect((connected) => this.#onConnect(connected.sessionId, connected.runner.pid)));
    this.#disposables.add(
      runners.onDidDisconnect(({ sessionId }) => {
        terminals.abandon(sessionId);
        this.#plan(sessionId, reconnectMs);
      }),
    );
    this.#disposables.add(terminals.onDidClose(({ sessionId, reason }) => reason !== 'shutdown' && this.#plan(sessionId, reconnectMs)));
  }

  /** The newest verdict about a session's process changed. */
  readonly onDidChangeLiveness: Event<{ sessionId: string }>;

  /** The newest verdict; `unknown` before there is one, `dead` for ended sessions. */
  liveness(session: Session): Liveness {
    if (!isActive(session.status)) return 'dead';
    if (this.#options.runners.isConnected(session.id)) return 'alive';
    return this.#verdicts.get(session.id) ?? 'unknown';
  }

  /** Looks at one session now. Resolves when what was found is applied. */
  check(sessionId: string): Promise<void> {
    return this.#queue.add(() => this.#check(sessionId));
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #onConnect(sessionId: string, runnerPid: number): void {
    this.#checks.delete(sessionId);
    this.#setVerdict(sessionId, 'alive');
    this.#options.terminals.adopt(sessionId, runnerPid);
  }

  #plan(sessionId: string, ms: number): void {
    if (this.#disposables.isDisposed) return;
    const { timers, logger } = this.#options;
    this.#checks.set(
      sessionId,
      timers.after(ms, () => {
        this.#checks.delete(sessionId);
        detach(this.check(sessionId), logger, `looking after ${sessionId}`);
      }),
    );
  }

  async #check(sessionId: string): Promise<void> {
    const { fleet, runners } = this.#options;
    const before = fleet.find(sessionId);
    if (before === undefined || !this.#isOpen(before) || runners.isConnected(sessionId)) return;
    try {
      if (!fleet.isOwner) this.#setVerdict(sessionId, (await this.#lookAt(before)).verdict);
      else if (isActive(before.status)) await this.#look(before);
      else await this.#lookAfterEnd(before);
    } finally {
      // Also when the disk or the look at the processes failed: an evidence that is missing now may be there later.
      const after = fleet.find(sessionId);
      const isOpen = after !== undefined && this.#isOpen(after) && !runners.isConnected(sessionId);
      // What happened during the look may have asked for a sooner one.
      if (isOpen && !this.#checks.has(sessionId)) this.#plan(sessionId, recheckMs);
    }
  }

  /**
   * What became of it is not known, or its agent is still to be ended. A window that only reads ends nothing. What somebody else runs is
   * judged and ended by them.
   */
  #isOpen({ id, status, channel, stopRequest, retireRequest }: Session): boolean {
    if (channel === 'external') return false;
    if (isActive(status)) return true;
    if (!onPaper.has(status) || this.#done.has(id) || !this.#options.fleet.isOwner) return false;
    return stopRequest !== undefined || (status !== 'completed' && retireRequest !== undefined);
  }

  async #look(before: Session): Promise<void> {
    const { fleet, runners, folders } = this.#options;
    const sessionId = before.id;
    const spool = await folders.spool(sessionId, before.lastRunnerSeq);
    await this.#apply(sessionId, spool.events);
    if (spool.skipped > 0) this.#options.logger.warn(`${spool.skipped} lines in the spool of ${sessionId} could not be read and were skipped`);
    await fleet.countSpoolSkipped(sessionId, spool.skipped);
    const session = fleet.find(sessionId);
    if (session === undefined || !isActive(session.status) || runners.isConnected(sessionId)) return;
    if (session.runner === undefined && session.agent === undefined) await this.#checkStart(session);
    else await this.#checkProcesses(session);
  }

  /** What the spool says counts also while the registry cannot be written: the spool keeps it. */
  async #apply(sessionId: string, events: readonly RunnerEvent[]): Promise<void> {
    const { fleet, logger } = this.#options;
    try {
      await fleet.applyRunnerEvents(sessionId, events);
    } catch (error) {
      if (!isFleetError(error, 'NotPersisted')) throw error;
      logger.warn(`the spool of ${sessionId} is read but not persisted yet`, error);
    }
  }

  /** No process is known: the runner never said that it started. */
  async #checkStart(session: Session): Promise<void> {
    const { fleet } = this.#options;
    if (session.status !== 'provisioning') return;
    const { stopRequest } = session;
    // A start that is to be stopped anyway need not get the time to show itself.
    const trace = await this.#traceOfStart(session, stopRequest !== undefined);
    if (trace === undefined || fleet.find(session.id)?.status !== 'provisioning') return;
    if (stopRequest !== undefined) await fleet.cancelled(session.id, stopRequest.reason);
    else await fleet.abortProvisioning(session.id, neverStarted[trace]);
  }

  /** What a start left that is proven never to have happened; `undefined`: it may have, or may still. */
  async #traceOfStart(session: Session, isHurried = false): Promise<keyof typeof neverStarted | undefined> {
    const { folders, clock, terminals, others, host } = this.#options;
    if (isForeign(session, host) || terminals.has(session.id) || others.holds(session.id)) return undefined;
    const isLate = clock.now() - session.createdAt >= startMs;
    if ((isLate || isHurried) && (await folders.isLaunchPending(session.id))) return 'launchFile';
    // The row is older than its folder: some window may be about to make that.
    return isLate && !(await folders.exists(session.id)) ? 'nothing' : undefined;
  }

  async #checkProcesses(session: Session): Promise<void> {
    const { fleet } = this.#options;
    const found = await this.#lookAt(session);
    if (found.verdict !== 'dead') {
      this.#setVerdict(session.id, found.verdict);
      if (session.stopRequest === undefined || (await this.#endOrphan(session, found)) !== 'dead') return;
    }
    // The runner may have written its last words between the first look at the spool and its end.
    const { events } = await this.#options.folders.spool(session.id, session.lastRunnerSeq);
    await this.#apply(session.id, events);
    const now = fleet.find(session.id);
    if (now === undefined || !isActive(now.status)) return;
    if (now.stopRequest !== undefined) await fleet.cancelled(now.id, now.stopRequest.reason);
    else await fleet.terminated(now.id, `${lostReason} (the editor or the machine stopped); exit code unknown`);
  }

  /** It ended on paper while nobody could end its agent. Its status is final: only the processes are looked after, until they are proven gone. */
  async #lookAfterEnd(session: Session): Promise<void> {
    const { fleet, folders } = this.#options;
    const { events } = await folders.spool(session.id, session.lastRunnerSeq);
    await this.#apply(session.id, events);
    const isGone =
      events.some(({ kind }) => kind === 'exited') ||
      (session.agent === undefined ? (await this.#traceOfStart(session)) !== undefined : (await this.#endOrphan(session, await this.#lookAt(session))) === 'dead');
    if (!isGone) return;
    // Retention and worktrees need not wait for it any more.
    await fleet.agentGone(session.id);
    this.#done.add(session.id);
  }

  #lookAt(session: Session): Promise<SessionEvidence> {
    return lookAt(this.#options.probe, session, this.#options.host);
  }

  /** Ends an agent whose runner is gone: nobody else is left who could. Resolves with what is known of the agent then. */
  async #endOrphan(session: Session, { runner, agent }: SessionEvidence): Promise<Liveness> {
    if (runner !== 'dead' || agent !== 'alive' || session.agent === undefined) return agent;
    await this.#options.processes.end(session.id, session.agent);
    return this.#options.probe.liveness(session.agent);
  }

  #setVerdict(sessionId: string, verdict: Liveness): void {
    if (this.#verdicts.get(sessionId) === verdict) return;
    this.#verdicts.set(sessionId, verdict);
    this.#changed.fire({ sessionId });
  }
}
