/** Reading Linux's `/proc`: parsers only. */

export interface ProcStat {
  readonly pid: number;
  /** `R`, `S`, `Z` (ended, not yet reaped), … */
  readonly state: string;
  readonly parentPid: number;
  /** Field 22: clock ticks since boot, as text. */
  readonly startTime: string;
  /** User and system time, clock ticks. */
  readonly cpuTicks: number;
}

/** The kernel reports processor time to user space in hundredths of a second on every architecture. */
export const ticksPerSecond = 100;

/**
 * Parses `/proc/<pid>/stat`. The second field is the program's name in parentheses and may itself
 * hold spaces and parentheses, so fields are counted from the last one.
 */
export function parseProcStat(text: string): ProcStat | undefined {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const pid = Number(text.slice(0, open).trim());
  const fields = text.slice(close + 1).trim().split(/\s+/);
  const [state, parent] = fields;
  const startTime = fields[19];
  const parentPid = Number(parent);
  const cpuTicks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isSafeInteger(pid) || pid <= 0 || state === undefined || startTime === undefined) return undefined;
  if (!/^\d+$/.test(startTime) || !Number.isSafeInteger(parentPid) || !Number.isFinite(cpuTicks)) return undefined;
  return { pid, state, parentPid, startTime, cpuTicks };
}

/** Whether the process has ended and only waits for its parent to notice. */
export function hasEnded(stat: ProcStat): boolean {
  return stat.state === 'Z' || stat.state === 'X' || stat.state === 'x';
}

/** Resident memory in bytes of `/proc/<pid>/status`. */
export function parseResidentBytes(status: string): number | undefined {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  return match === null ? undefined : Number(match[1]) * 1024;
}

/** Whether `/proc/<pid>/environ` holds exactly this variable and value. */
export function environHas(environ: Buffer, name: string, value: string): boolean {
  const entry = Buffer.from(`${name}=${value}`);
  for (let at = environ.indexOf(entry); at >= 0; at = environ.indexOf(entry, at + 1)) {
    const end = at + entry.length;
    if ((at === 0 || environ[at - 1] === 0) && (end === environ.length || environ[end] === 0)) return true;
  }
  return false;
}

/** Characters written so far, of `/proc/<pid>/io`. */
export function parseWrittenChars(io: string): number | undefined {
  const match = /^wchar: (\d+)$/m.exec(io);
  return match === null ? undefined : Number(match[1]);
}
