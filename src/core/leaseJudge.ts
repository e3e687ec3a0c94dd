import type { Disposable } from '../base/disposable.ts';
import type { Clock, Timers } from '../base/ports.ts';
import { isExpectedToSpeak } from './liveness.ts';
import type { Liveness, Session } from './session.ts';

export interface LeaseJudgeOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long a busy agent may be silent, milliseconds; read at each look. See `leaseMsOf`. */
  readonly leaseMs: () => number;
}

interface Lease {
  /** On the judge's own clock. */
  renewedAt: number;
  /** What the session's record said then. */
  evidence: string;
}

/** How often the judge looks at the clocks; far less than the shortest lease. */
const tickMs = 10_000;
/** What one look may add at most to the time that counts. */
const maxStepMs = 3 * tickMs;

/**
 * Judges silence by time that this window was awake for, so that neither a sleep nor a clock set anew makes an agent stale (seed
 * rows V3, V9). Only evidence renews a lease: output, what the agent or its runner sent. The judge's own timer renews nothing.
 * After a jump of the clocks longer than the lease, whoever was not stale before gets one whole lease before it is judged.
 */
export class LeaseJudge implements Disposable {
  readonly #clock: Clock;
  readonly #leaseMs: () => number;
  readonly #leases = new Map<string, Lease>();
  readonly #timer: Disposable;
  /** Milliseconds awake. Never jumps. */
  #awake = 0;
  #wall: number;
  #monotonic: number;

  constructor({ clock, timers, leaseMs }: LeaseJudgeOptions) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
    this.#timer = timers.every(tickMs, () => this.#look());
  }

  /** Evidence that is not in the session's record came: output, a heartbeat that shows work. */
  renew(sessionId: string): void {
    this.#look();
    const lease = this.#leases.get(sessionId);
    if (lease !== undefined) lease.renewedAt = this.#awake;
  }

  /**
   * Whether the session is alive but suspiciously silent. What is new in its record since the last look renews the lease. A session that is seen
   * for the first time, for example after a reload, has a whole lease: what was stored is no evidence of silence.
   */
  isStale(session: Session, liveness: Liveness): boolean {
    this.#look();
    const evidence = evidenceOf(session);
    const lease = this.#leases.get(session.id);
    const isBusy = isExpectedToSpeak(session, liveness);
    // Nobody counts the silence of those who may be silent.
    if (lease === undefined || lease.evidence !== evidence || !isBusy) this.#leases.set(session.id, { renewedAt: this.#awake, evidence });
    return isBusy && lease !== undefined && lease.evidence === evidence && this.#isExpired(lease, this.#awake);
  }

  /** The session is gone. */
  forget(sessionId: string): void {
    this.#leases.delete(sessionId);
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #isExpired(lease: Lease, at: number): boolean {
    return at - lease.renewedAt > this.#leaseMs();
  }

  #look(): void {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const passed = Math.max(0, monotonic - this.#monotonic);
    // During a sleep the monotonic clock stands still (Linux, macOS) or runs on without our timer (Windows).
    const jump = Math.max(passed, wall - this.#wall);
    this.#wall = wall;
    this.#monotonic = monotonic;
    const before = this.#awake;
    this.#awake += Math.min(passed, maxStepMs);
    if (jump <= Math.max(this.#leaseMs(), maxStepMs)) return;
    for (const lease of this.#leases.values()) if (!this.#isExpired(lease, before)) lease.renewedAt = this.#awake;
  }
}

/** Grows with whatever the agent or its runner told. The times alone would not do: they stand still after the clock was set back. */
function evidenceOf(session: Session): string {
  return [session.lastRunnerSeq, session.lastActivityAt, session.signal?.at ?? 0, session.progress?.count ?? 0].join(' ');
}
