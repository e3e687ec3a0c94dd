import { toDisposable } from '../../base/disposable.ts';
import type { Clock, Timers } from '../../base/ports.ts';

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** The machine's timers. They keep the process alive until they are disposed. */
export const systemTimers: Timers = {
  after(ms, run) {
    const handle = setTimeout(run, ms);
    return toDisposable(() => clearTimeout(handle));
  },
  every(ms, run) {
    const handle = setInterval(run, ms);
    return toDisposable(() => clearInterval(handle));
  },
};
