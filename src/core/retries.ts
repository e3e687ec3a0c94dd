import { detach } from '../base/async.ts';
import { DisposableMap, DisposableStore, type Disposable } from '../base/disposable.ts';
import { isFleetError, messageOf } from '../base/errors.ts';
import { Emitter, type Event } from '../base/event.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import { oneLine } from '../base/text.ts';
import type { FleetService } from './fleetService.ts';
import { lostReason } from './liveness.ts';
import { isActive, isTerminal, type Session } from './session.ts';

/** How often and when a session that failed is started again (fleet protocol retry policy). */
export interface RetryPolicy {
  /** The first one included; 1 = never again. */
  readonly maxAttempts: number;
  readonly initialMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
}

/** The defaults of the fleet protocol (`defaultRetryPolicy`), for who has switched it on. */
export const defaultRetries: RetryPolicy = { maxAttempts: 3, initialMs: 5_000, multiplier: 2, maxMs: 300_000 };

/** How long after the end of attempt `attempt` (1, 2 …) the next one begins, milliseconds (seed row L16; CodeWhale never waited, W1). */
export function retryDelayMs({ initialMs, multiplier, maxMs }: Omit<RetryPolicy, 'maxAttempts'>, attempt: number): number {
  return Math.round(Math.min(initialMs * multiplier ** (attempt - 1), maxMs));
}

/**
 * Whether a session ended by itself and without success, so that another attempt may do better: it failed, could not start, or is proven
 * dead and nobody saw how. Not when a person had a hand in it (a stop, a retirement, Ctrl-C, a closed terminal), not when its time was up,
 * not when we did not start it, and not without permission checks: those a person allows each time anew.
 */
export function isRetryable({ status, outcome, stopRequest, retireRequest, channel, spec }: Session): boolean {
  if (stopRequest !== undefined || retireRequest !== undefined || channel === 'external' || spec.policy === 'bypass') return false;
  if (status === 'terminated') return outcome?.type === 'terminated' && outcome.reason.startsWith(lostReason);
  if (status !== 'failed' || outcome?.type !== 'failed') return false;
  return outcome.exitCode !== interruptedCode && outcome.error !== 'ended by signal SIGINT';
}

/** What shells make of SIGINT. */
const interruptedCode = 130;

export interface RetriesOptions {
  readonly fleet: FleetService;
  /** Starts a new attempt. @throws as `Spawner.restart`. */
  readonly restart: (id: string) => Promise<Session>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Read each time. */
  readonly policy: () => RetryPolicy;
  readonly logger: Logger;
}

/**
 * Starts sessions again that failed by themselves (seed row L16). Off unless the policy allows more than one attempt: terminals are driven
 * by people. What is planned stands in the session (`retryAt`), survives a reload, and is dropped when a person restarts or clears the
 * session first. Only the window that owns the registry retries.
 */
export class Retries implements Disposable {
  readonly #options: RetriesOptions;
  readonly #disposables = new DisposableStore();
  readonly #timers: DisposableMap<string, Disposable>;
  readonly #escalations: Emitter<{ sessionId: string; reason: string }>;
  /** Sessions that were seen active: only an end that happens now is a reason to begin anew. */
  readonly #active = new Set<string>();

  constructor(options: RetriesOptions) {
    this.#options = options;
    const { fleet, logger } = options;
    this.#timers = this.#disposables.add(new DisposableMap());
    this.#escalations = this.#disposables.add(new Emitter<{ sessionId: string; reason: string }>(logger));
    this.onDidEscalate = this.#escalations.event;
    this.#disposables.add(
      fleet.onDidChange(({ added, changed, removed }) => {
        for (const session of [...added, ...changed]) this.#look(session);
        for (const { restartOf } of added) if (restartOf !== undefined) this.#drop(restartOf);
        for (const id of removed) this.#forget(id);
      }),
    );
    this.#disposables.add(fleet.onDidOpen(() => this.#resume()));
    if (fleet.report !== undefined) this.#resume();
  }

  /** A session is not started again any more, and a person should know. */
  readonly onDidEscalate: Event<{ sessionId: string; reason: string }>;

  dispose(): void {
    this.#disposables.dispose();
  }

  #look(session: Session): void {
    const { id } = session;
    if (isActive(session.status)) return void this.#active.add(id);
    const hasJustEnded = this.#active.delete(id);
    if (session.retryAt === undefined) this.#timers.delete(id);
    if (!hasJustEnded || !this.#options.fleet.isOwner || !isRetryable(session)) return;
    // The former owner may have dealt with an end of which this window hears only now.
    const isDealtWith = session.retryAt !== undefined || session.escalatedAt !== undefined || this.#hasSuccessor(id);
    if (!isDealtWith) this.#plan(session);
  }

  #plan(session: Session): void {
    const { fleet, clock, policy, logger } = this.#options;
    const limits = policy();
    if (!isOn(limits)) return;
    if (session.attempt >= limits.maxAttempts) return this.#escalate(session.id, exhausted(session));
    const delay = retryDelayMs(limits, session.attempt);
    this.#arm(session.id, delay);
    detach(fleet.planRetry(session.id, clock.now() + delay), logger, `planning another attempt of ${session.id}`);
  }

  /** The registry was read. The wall clock counts only here; should it have been set back, nobody waits longer than was planned. */
  #resume(): void {
    const { fleet, clock, policy } = this.#options;
    for (const session of fleet.sessions) {
      if (isActive(session.status)) this.#active.add(session.id);
      if (!fleet.isOwner || session.retryAt === undefined) continue;
      this.#arm(session.id, Math.max(0, Math.min(session.retryAt - clock.now(), retryDelayMs(policy(), session.attempt))));
    }
  }

  #arm(id: string, ms: number): void {
    const { timers, logger } = this.#options;
    this.#timers.set(
      id,
      timers.after(ms, () => {
        this.#timers.delete(id);
        detach(this.#retry(id), logger, `starting ${id} again`);
      }),
    );
  }

  async #retry(id: string): Promise<void> {
    const { fleet, restart, policy, clock } = this.#options;
    const session = fleet.find(id);
    // Another window took over: it has armed its own timer.
    if (session === undefined || !fleet.isOwner || !isTerminal(session.status)) return;
    const limits = policy();
    // The setting may have changed meanwhile.
    if (!isOn(limits) || this.#hasSuccessor(id)) return fleet.planRetry(id, undefined);
    if (session.attempt >= limits.maxAttempts) return this.#escalate(id, exhausted(session));
    try {
      await restart(id);
    } catch (error) {
      // It failed as an attempt of its own, which has its own retry.
      if (this.#hasSuccessor(id)) return;
      if (!isFleetError(error, 'MaxConcurrentExceeded')) return this.#escalate(id, oneLine(`could not be started again: ${messageOf(error)}`, 300));
      const delay = retryDelayMs(limits, session.attempt);
      this.#arm(id, delay);
      await fleet.planRetry(id, clock.now() + delay);
    }
  }

  #escalate(id: string, reason: string): void {
    const { fleet, logger } = this.#options;
    detach(fleet.escalate(id, reason), logger, `telling that ${id} is not started again`);
    this.#escalations.fire({ sessionId: id, reason });
  }

  /** A new attempt is there, whoever started it. */
  #drop(id: string): void {
    const { fleet, logger } = this.#options;
    this.#timers.delete(id);
    if (!fleet.isOwner || fleet.find(id)?.retryAt === undefined) return;
    detach(fleet.planRetry(id, undefined), logger, `dropping the planned attempt of ${id}`);
  }

  #forget(id: string): void {
    this.#active.delete(id);
    this.#timers.delete(id);
  }

  #hasSuccessor(id: string): boolean {
    return this.#options.fleet.sessions.some(({ restartOf }) => restartOf === id);
  }
}

function isOn({ maxAttempts }: RetryPolicy): boolean {
  return maxAttempts > 1;
}

/** CodeWhale's words. */
function exhausted({ attempt }: Session): string {
  return `retry attempts exhausted after ${attempt} attempt(s)`;
}
