// Says how long the steps of a story took.
import { after, afterEach } from 'mocha';

/**
 * Notes the time of each test of the suite around it, and prints all of them in the end.
 * @param {string} name
 */
export function reportTimes(name) {
  /** @type {string[]} */
  const times = [];
  let total = 0;
  const note = (/** @type {string} */ what, /** @type {number} */ ms) => {
    total += ms;
    times.push(`${what} ${(ms / 1000).toFixed(1)}`);
  };
  afterEach(function () {
    const { title = '', duration } = this.currentTest ?? {};
    if (duration !== undefined) note(title.split(' ').slice(0, 3).join(' ').replace(/,$/, ''), duration);
  });
  after(() => console.log(`    ${name}, seconds: ${times.join(' · ')} · together ${(total / 1000).toFixed(1)}`));
  return {
    /**
     * @template T
     * @param {string} what
     * @param {() => Promise<T>} run
     * @returns {Promise<T>}
     */
    async measure(what, run) {
      const start = performance.now();
      const result = await run();
      note(what, performance.now() - start);
      return result;
    },
  };
}
