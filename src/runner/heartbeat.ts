import { detach } from '../base/async.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Clock, Logger, Timers } from '../base/ports.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import { cpuPercent, type TreeUsage } from '../hosts/local/processTree.ts';

export interface HeartbeatOptions {
  readonly usage: () => Promise<TreeUsage>;
  readonly send: (heartbeat: RunnerHeartbeat) => void;
  /** Milliseconds between heartbeats. */
  readonly everyMs: number;
  /** Milliseconds between measurements: at least `everyMs`; more where looking costs a process. */
  readonly measureEveryMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Measures the agent's tree and tells about it. Measuring goes on while nobody listens: it is also how
 * descendants are remembered whose parents may be gone when the tree is to be ended.
 */
export class Heartbeat implements Disposable {
  readonly #options: HeartbeatOptions;
  #timer: Disposable | undefined;
  #isBusy = false;
  #measuredAt: number | undefined;
  #cpuMs: ReadonlyMap<string, number> = new Map();
  #last: Omit<RunnerHeartbeat, 'at'> | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.timers.every(this.#options.everyMs, () => this.beat());
    this.beat();
  }

  /** One heartbeat now. */
  beat(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    detach(this.#beat(), this.#options.logger, 'measuring the agent');
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  async #beat(): Promise<void> {
    try {
      await this.#measure();
    } finally {
      this.#isBusy = false;
      // A window learns that the agent's terminal lives, also where nothing can be measured.
      if (this.#timer !== undefined) this.#options.send({ processes: 0, ...this.#last, at: this.#options.clock.now() });
    }
  }

  async #measure(): Promise<void> {
    const { clock, measureEveryMs, usage } = this.#options;
    const now = clock.monotonic();
    // A timer may fire a little early; that must not skip a whole round.
    if (this.#measuredAt !== undefined && now - this.#measuredAt < measureEveryMs * 0.9) return;
    const { processes, cpuMs, rssBytes } = await usage();
    const percent = this.#measuredAt === undefined ? undefined : cpuPercent(this.#cpuMs, cpuMs, now - this.#measuredAt);
    this.#measuredAt = now;
    this.#cpuMs = cpuMs;
    this.#last = { processes, ...(percent === undefined ? {} : { cpuPercent: percent }), ...(rssBytes === undefined ? {} : { rssBytes }) };
  }
}
