import { readdir, readFile } from 'node:fs/promises';
import { environHas, hasEnded, parseProcStat, parseResidentBytes, ticksPerSecond, type ProcStat } from './procfs.ts';
import type { ProcessListing, ProcessRow, ProcessTable } from './processTable.ts';
import { presenceBySignal } from './presence.ts';
import type { ProcessEvidence } from './verdict.ts';

/** Linux: everything from `/proc`, nothing spawned. */
export class ProcTable implements ProcessTable {
  readonly #root: string;
  #bootId: Promise<string | undefined> | undefined;

  /** `root` is `/proc`; another folder in tests. */
  constructor(root = '/proc') {
    this.#root = root;
  }

  bootId(): Promise<string | undefined> {
    this.#bootId ??= this.#read('sys/kernel/random/boot_id').then((text) => text?.trim() || undefined);
    return this.#bootId;
  }

  async look(pid: number): Promise<ProcessEvidence> {
    const stat = await this.#stat(pid);
    if (stat !== undefined) return hasEnded(stat) ? { presence: 'missing' } : { presence: 'present', startTime: stat.startTime };
    return { presence: presenceBySignal(pid) };
  }

  async list(ignore: ReadonlySet<number> = new Set()): Promise<ProcessListing> {
    const pids = new Set<number>();
    for (const name of await readdir(this.#root)) if (/^\d+$/.test(name)) pids.add(Number(name));
    const rows: ProcessRow[] = [];
    for (const pid of pids) {
      if (ignore.has(pid)) continue;
      const stat = await this.#stat(pid);
      if (stat === undefined || hasEnded(stat)) continue;
      rows.push({ pid, parentPid: stat.parentPid, startTime: stat.startTime, cpuMs: (stat.cpuTicks * 1000) / ticksPerSecond });
    }
    return { rows, pids };
  }

  async measure(row: ProcessRow): Promise<ProcessRow | undefined> {
    const status = await this.#read(`${row.pid}/status`);
    const rssBytes = status === undefined ? undefined : parseResidentBytes(status);
    return rssBytes === undefined ? row : { ...row, rssBytes };
  }

  async hasVariable(pid: number, name: string, value: string): Promise<boolean> {
    try {
      return environHas(await readFile(`${this.#root}/${pid}/environ`), name, value);
    } catch {
      // Gone, or somebody else's: either way not ours.
      return false;
    }
  }

  async #stat(pid: number): Promise<ProcStat | undefined> {
    const text = await this.#read(`${pid}/stat`);
    return text === undefined ? undefined : parseProcStat(text);
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(`${this.#root}/${name}`, 'utf8');
    } catch {
      // A process may end between listing and reading; absence is an answer here.
      return undefined;
    }
  }
}
