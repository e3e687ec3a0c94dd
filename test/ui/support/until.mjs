// Waiting for a condition that Playwright cannot see: outside the page, or put together from several readings.
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Reads a value until it is as wanted, and returns it; an error tells the last value seen.
 * @template T
 * @param {string} what        for the error message: what was waited for
 * @param {() => Promise<T> | T} read
 * @param {(value: T) => boolean} [wanted]  default: anything that is not undefined, null, false, '' or 0
 * @param {number} [timeoutMs]
 * @returns {Promise<T>}
 */
export async function until(what, read, wanted = Boolean, timeoutMs = 15_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs / 1000} s for ${what}; last seen: ${JSON.stringify(value)}`);
    await pause(50);
  }
}
