import { CimTable, PsTable } from './commandTable.ts';
import type { ProcessTable } from './processTable.ts';
import { ProcTable } from './procTable.ts';

/** The process table of this machine. */
export function systemProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === 'win32') return new CimTable();
  return platform === 'linux' ? new ProcTable() : new PsTable();
}
