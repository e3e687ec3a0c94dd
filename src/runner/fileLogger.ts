import { appendFileSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import type { Clock, Logger } from '../base/ports.ts';

/** Largest log of one runner, bytes; what comes later is dropped. */
const maxLogBytes = 256 * 1024;

/**
 * Warnings and errors of a runner, in its session's folder: its terminal belongs to the agent. Synchronous, because the last line
 * before an end is the one that matters; a log that cannot be written is given up.
 */
export function fileLogger(path: string, clock: Clock): Logger {
  let bytes = 0;
  const write = (level: string, message: string, error?: unknown): void => {
    const line = `${new Date(clock.now()).toISOString()} ${level} ${message}${error === undefined ? '' : `: ${messageOf(error)}`}\n`;
    bytes += Buffer.byteLength(line);
    if (bytes > maxLogBytes) return;
    try {
      appendFileSync(path, line, { mode: 0o600 });
    } catch {
      bytes = maxLogBytes;
    }
  };
  return {
    debug() {},
    info() {},
    warn: (message, error) => write('warn', message, error),
    error: (message, error) => write('error', message, error),
  };
}
