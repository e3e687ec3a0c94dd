// The registry as the extension opens it.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { systemClock, systemTimers } from '../../../src/hosts/local/systemPorts.ts';
import { RegistryStore } from '../../../src/storage/registryStore.ts';

/** @typedef {import('../../../src/storage/worker/contract.ts').RegistryLimits} RegistryLimits */
/** @typedef {{ folder: string, entry: string, wasmFile: string, limits?: Partial<RegistryLimits> }} StoreOptions */

/** What the store had to warn of in this process: none is wanted in a benchmark. @type {string[]} */
export const warnings = [];

export const logger = {
  debug: () => undefined,
  info: () => undefined,
  /** @param {string} message @param {unknown} [error] */
  warn: (message, error) => void warnings.push(`${message} ${String(error ?? '')}`),
  /** @param {string} message @param {unknown} [error] */
  error: (message, error) => void warnings.push(`${message} ${String(error ?? '')}`),
};

/** @param {StoreOptions} options */
export function makeStore({ folder, entry, wasmFile, limits }) {
  return new RegistryStore({
    folder,
    worker: { entry, wasmFile, ...(limits === undefined ? {} : { limits }) },
    identify: () => Promise.resolve({ pid: process.pid, startTime: String(process.hrtime.bigint()), bootId: 'bench' }),
    // Each process of the benchmark ends before the next one opens.
    probe: { liveness: () => Promise.resolve('dead') },
    clock: systemClock,
    timers: systemTimers,
    logger,
  });
}

/**
 * @param {RegistryStore} store
 * @param {import('./workload.mjs').Step} step
 * @returns {Promise<void>} as the store says when it is durable
 */
export function applyTo(store, { op, session, history }) {
  if (op === 'register') return store.registerActive({ session, history });
  if (op === 'update') return store.update({ session, history });
  return op === 'end' ? store.markTerminal({ session, history }) : store.evict([session]);
}

/** Bytes that this process and its threads gave to the system to write; `undefined` where it does not tell. */
export function bytesWritten() {
  try {
    const text = readFileSync('/proc/self/io', 'utf8');
    return { given: Number(/^wchar: (\d+)/mu.exec(text)?.[1]), pages: Number(/^write_bytes: (\d+)/mu.exec(text)?.[1]) };
  } catch {
    return undefined;
  }
}
