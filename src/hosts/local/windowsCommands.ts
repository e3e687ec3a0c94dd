import type { ProcessRow } from './processTable.ts';
import type { Command } from './unixCommands.ts';

/**
 * What PowerShell is asked on Windows, and how its answers read. Nothing here runs anything.
 * All start times come from CIM: `Get-Process` reports the same moment with another precision, and
 * start times are compared for equality.
 */

function powershell(script: string): Command {
  return { file: 'powershell.exe', args: ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', script] };
}

/**
 * The counter of boots that the system keeps. `LastBootUpTime` is not used: it is computed from the clock and moves when that is set.
 */
export function bootCommand(): Command {
  return powershell(
    "(Get-ItemProperty 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management\\PrefetchParameters').BootId",
  );
}

export function parseBoot(output: string): string | undefined {
  const match = /^\s*(\d+)\s*$/.exec(output);
  return match?.[1];
}

const columns =
  "@{n='p';e={$_.ProcessId}},@{n='pp';e={$_.ParentProcessId}},@{n='s';e={if($_.CreationDate){[string]$_.CreationDate.ToUniversalTime().Ticks}}}," +
  "@{n='m';e={$_.WorkingSetSize}},@{n='c';e={$_.KernelModeTime+$_.UserModeTime}}";

export function processCommand(pid: number): Command {
  return powershell(`ConvertTo-Json -Compress @(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}' | Select-Object ${columns})`);
}

export function listCommand(): Command {
  return powershell(`ConvertTo-Json -Compress @(Get-CimInstance Win32_Process | Select-Object ${columns})`);
}

/** Rows of `listCommand` or `processCommand`; undefined when the answer is not a list. Processes without a start time (the system's own) are left out. */
export function parseRows(output: string): ProcessRow[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((item: unknown) => {
    const row = parseRow(item);
    return row === undefined ? [] : [row];
  });
}

function parseRow(item: unknown): ProcessRow | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { p, pp, s, m, c } = item as Record<string, unknown>;
  if (typeof p !== 'number' || typeof pp !== 'number' || typeof s !== 'string' || !/^\d+$/.test(s)) return undefined;
  return {
    pid: p,
    parentPid: pp,
    startTime: s,
    ...(typeof m === 'number' ? { rssBytes: m } : {}),
    // CIM counts in units of 100 ns.
    ...(typeof c === 'number' ? { cpuMs: c / 10_000 } : {}),
  };
}

/**
 * Windows remembers a parent's pid for ever, also when somebody else has it by now: a parent that
 * started after its child is not its parent. Ticks have 18 digits, beyond exact numbers.
 */
export function dropFalseParents(rows: readonly ProcessRow[]): ProcessRow[] {
  const started = new Map(rows.map((row) => [row.pid, BigInt(row.startTime)]));
  return rows.map((row) => {
    const parent = started.get(row.parentPid);
    return parent !== undefined && parent > BigInt(row.startTime) ? { ...row, parentPid: 0 } : row;
  });
}
