import { readFile } from 'node:fs/promises';
import type { ProcessProbe } from '../../../../src/core/ports.ts';
import type { ProcessIdentity } from '../../../../src/core/session.ts';

/** Identity of a process of this machine, read from /proc; `undefined` if it has ended. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
    // A killed child that nobody has waited for yet runs no more.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : { pid, startTime: fields[19] ?? '', bootId };
  } catch {
    return undefined;
  }
}

export async function identifySelf(): Promise<ProcessIdentity> {
  return (await identityOf(process.pid)) ?? { pid: process.pid };
}

export const linuxProbe: ProcessProbe = {
  async liveness(identity) {
    if (identity?.startTime === undefined || identity.bootId === undefined) return 'unknown';
    const found = await identityOf(identity.pid);
    return found !== undefined && found.startTime === identity.startTime && found.bootId === identity.bootId ? 'alive' : 'dead';
  },
};
