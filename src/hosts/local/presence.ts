import { errorCode } from '../../base/errors.ts';
import type { ProcessEvidence } from './verdict.ts';

/** Meaning of the error of `kill(pid, 0)`: ESRCH says gone, EPERM says that it exists (but not for us), anything else says nothing. */
export function presenceOfKillError(code: string | undefined): ProcessEvidence['presence'] {
  if (code === 'ESRCH') return 'missing';
  return code === 'EPERM' ? 'denied' : 'unknown';
}

/** Asks with signal 0 whether a pid exists. */
export function presenceBySignal(pid: number): ProcessEvidence['presence'] {
  // 0 and negative numbers mean process groups to the system call; they are no identity.
  if (!Number.isSafeInteger(pid) || pid <= 0) return 'unknown';
  try {
    process.kill(pid, 0);
    return 'present';
  } catch (error) {
    return presenceOfKillError(errorCode(error));
  }
}
