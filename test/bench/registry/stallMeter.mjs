// How long the thread did not come back to its event loop: the delay of a timer that is due each millisecond.
import { performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/** Runs `tick` about each millisecond, and keeps how late it was; `end` gives the delays, milliseconds, ascending. */
export function meterStalls(tick = () => undefined) {
  /** @type {number[]} */
  const delays = [];
  let last = performance.now();
  let ended = false;
  const beat = () => {
    const now = performance.now();
    delays.push(Math.max(0, now - last - 1));
    last = now;
    if (ended) return;
    setTimeout(beat, 1);
    tick();
  };
  setTimeout(beat, 1);
  return {
    async end() {
      ended = true;
      // What still blocks is seen by the last beat.
      await turn();
      delays.push(Math.max(0, performance.now() - last - 1));
      return [...delays].sort((a, b) => a - b);
    },
  };
}
