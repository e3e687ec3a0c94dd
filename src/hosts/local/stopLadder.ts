import { Deferred } from '../../base/async.ts';
import type { Clock, Logger, Timers } from '../../base/ports.ts';
import type { ProcessRow } from './processTable.ts';
import type { SignalReport } from './signal.ts';

export type LadderSignal = 'SIGHUP' | 'SIGINT' | 'SIGTERM' | 'SIGKILL';

/** The tree as the ladder needs it. */
export interface LadderTree {
  members(options: { readonly full: boolean }): Promise<readonly ProcessRow[]>;
  signal(members: readonly ProcessRow[], signal: NodeJS.Signals): Promise<SignalReport>;
}

export interface StopLadderOptions {
  readonly tree: LadderTree;
  readonly platform: NodeJS.Platform;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Called before each signal is sent. */
  readonly onSignal: (signal: LadderSignal) => void;
}

/** How often the tree is looked at while it should be ending; milliseconds. */
const lookMs = 50;
/** How long processes may take to vanish after SIGKILL; milliseconds. One in an uninterruptible wait can take longer: that is a survivor. */
const killMs = 2000;

/**
 * The signals from `from` on. Windows has no signals: Node ends a process at once whatever the name, so only that is claimed there.
 */
export function ladderSignals(from: 'SIGHUP' | 'SIGINT' | 'SIGTERM', platform: NodeJS.Platform): readonly LadderSignal[] {
  if (platform === 'win32') return ['SIGKILL'];
  return from === 'SIGTERM' ? ['SIGTERM', 'SIGKILL'] : [from, 'SIGTERM', 'SIGKILL'];
}

/**
 * Ends a whole tree of processes: signal, grace, next signal (CodeWhale process control). It is over when everybody is gone, the
 * grandchildren too, or when somebody outlived SIGKILL.
 */
export class StopLadder {
  readonly #options: StopLadderOptions;
  #running: Promise<readonly number[]> | undefined;
  #graceMs = 0;
  #steps: LadderSignal[] = [];
  /** The rest of the present grace is not to be waited for. */
  #isHurried = false;
  #wake = new Deferred<void>();

  constructor(options: StopLadderOptions) {
    this.#options = options;
  }

  /** The ladder under way or done; undefined when none was begun. Resolves with the pids of survivors. */
  get running(): Promise<readonly number[]> | undefined {
    return this.#running;
  }

  /**
   * Begins the ladder. While it runs, a second request never slows it down: the shorter grace counts, and one whose first
   * signal is the next one to come gets it at once.
   */
  begin(from: 'SIGHUP' | 'SIGINT' | 'SIGTERM', graceMs: number): Promise<readonly number[]> {
    const steps = ladderSignals(from, this.#options.platform);
    if (this.#running === undefined) {
      this.#graceMs = graceMs;
      this.#steps = [...steps];
      this.#running = this.#climb();
      return this.#running;
    }
    this.#graceMs = Math.min(this.#graceMs, graceMs);
    if (this.#steps[0] === steps[0]) this.#isHurried = true;
    this.#wake.resolve();
    return this.#running;
  }

  /** Something has happened (the agent has ended): look now instead of at the next tick. */
  nudge(): void {
    this.#wake.resolve();
  }

  async #climb(): Promise<readonly number[]> {
    let left = await this.#options.tree.members({ full: true });
    while (left.length > 0) {
      const signal = this.#steps.shift();
      if (signal === undefined) break;
      this.#isHurried = false;
      this.#options.onSignal(signal);
      await this.#signal(left, signal);
      left = await this.#waitUntilGone(signal);
    }
    return left.map((row) => row.pid);
  }

  /** Those who are left when the grace is over. */
  async #waitUntilGone(signal: LadderSignal): Promise<readonly ProcessRow[]> {
    const { clock, tree } = this.#options;
    const start = clock.monotonic();
    for (;;) {
      const left = await tree.members({ full: true });
      const rest = start + (signal === 'SIGKILL' ? killMs : this.#graceMs) - clock.monotonic();
      if (left.length === 0 || rest <= 0 || this.#isHurried) return left;
      // Somebody may have been born between the look and the signal.
      if (signal === 'SIGKILL') await this.#signal(left, signal);
      await this.#pause(Math.min(lookMs, rest));
    }
  }

  async #pause(ms: number): Promise<void> {
    const wake = new Deferred<void>();
    this.#wake = wake;
    const timer = this.#options.timers.after(ms, () => wake.resolve());
    await wake.promise;
    timer.dispose();
  }

  async #signal(rows: readonly ProcessRow[], signal: LadderSignal): Promise<void> {
    const report = await this.#options.tree.signal(rows, signal);
    if (report.refused.length > 0) this.#options.logger.warn(`${report.refused.length} processes could not be signalled`);
  }
}
