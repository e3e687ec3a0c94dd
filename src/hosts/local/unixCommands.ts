import type { ProcessRow } from './processTable.ts';

/** What macOS's `ps` and `sysctl` are asked, and how their answers read. Nothing here runs anything. */

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** Environment for every command whose output is parsed: dates and numbers must not depend on the person's language. */
export const commandEnv = { LC_ALL: 'C', LANG: 'C', TZ: 'UTC' } as const;

export function bootCommand(): Command {
  return { file: '/usr/sbin/sysctl', args: ['-n', 'kern.bootsessionuuid', 'kern.boottime'] };
}

/**
 * Boot id of `sysctl`. The session's UUID is preferred: `kern.boottime` is moved by every correction of the
 * clock, and a boot id that moves would declare living processes dead.
 */
export function parseBoot(output: string): string | undefined {
  const uuid = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/im.exec(output);
  if (uuid !== null) return uuid[0].toLowerCase();
  const seconds = /sec = (\d+)/.exec(output);
  return seconds?.[1];
}

export function startTimeCommand(pid: number): Command {
  return { file: '/bin/ps', args: ['-o', 'stat=,lstart=', '-p', String(pid)] };
}

/** Start time of one process (`Mon Mar  2 10:00:07 2026`); `ended` for a zombie; undefined when there is no such process. */
export function parseStartTime(output: string): { readonly startTime: string; readonly ended: boolean } | undefined {
  const match = /^\s*(\S+)\s+(\S.*\d{4})\s*$/m.exec(output);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { startTime: foldSpaces(match[2]), ended: match[1].startsWith('Z') };
}

export function listCommand(): Command {
  return { file: '/bin/ps', args: ['-axo', 'pid=,ppid=,rss=,stat=,time=,lstart='] };
}

/** Rows of `listCommand`; lines that do not read are left out. */
export function parseList(output: string): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const line of output.split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\S.*\d{4})\s*$/.exec(line);
    if (match === null || match[4]?.startsWith('Z') === true) continue;
    const cpuMs = parseCpuTime(match[5] ?? '');
    rows.push({
      pid: Number(match[1]),
      parentPid: Number(match[2]),
      startTime: foldSpaces(match[6] ?? ''),
      rssBytes: Number(match[3]) * 1024,
      ...(cpuMs === undefined ? {} : { cpuMs }),
    });
  }
  return rows;
}

/** Milliseconds of `[[days-]hours:]minutes:seconds[.hundredths]`. */
export function parseCpuTime(text: string): number | undefined {
  const match = /^(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = [match[1], match[2], match[3], match[4]].map((part) => Number(part ?? 0));
  return Math.round(((((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1000);
}

function foldSpaces(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
