import { errorCode } from '../../base/errors.ts';
import type { ProcessTable } from './processTable.ts';

export interface SignalReport {
  /** Pids that got the signal. */
  readonly signalled: readonly number[];
  /** Pids that are gone, or belong to somebody else by now. */
  readonly gone: readonly number[];
  /** Pids that may not be signalled, or whose identity could not be read. */
  readonly refused: readonly number[];
}

/**
 * Signals processes by identity: the start time is read again right before each signal, and a pid with another start time
 * is left alone.
 */
export async function signalAll(
  table: ProcessTable,
  targets: readonly { readonly pid: number; readonly startTime: string }[],
  signal: NodeJS.Signals,
): Promise<SignalReport> {
  const signalled: number[] = [];
  const gone: number[] = [];
  const refused: number[] = [];
  for (const target of targets) {
    const evidence = await table.look(target.pid);
    if (evidence.presence === 'missing' || (evidence.startTime !== undefined && evidence.startTime !== target.startTime)) {
      gone.push(target.pid);
    } else if (evidence.startTime === undefined) {
      refused.push(target.pid);
    } else {
      (send(target.pid, signal) ? signalled : refused).push(target.pid);
    }
  }
  return { signalled, gone, refused };
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // Gone in this very moment is what was wanted; EPERM is not.
    return errorCode(error) === 'ESRCH';
  }
}
