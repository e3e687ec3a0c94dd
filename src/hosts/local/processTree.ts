import type { ProcessIdentity } from '../../core/session.ts';
import { ancestorsOf, membersOf, processKey } from './descendants.ts';
import type { ProcessRow, ProcessTable } from './processTable.ts';
import { signalAll, type SignalReport } from './signal.ts';

export interface ProcessTreeOptions {
  /** The agent. */
  readonly root: ProcessIdentity;
  /** Who looks after the tree; it and its ancestors never belong to it. */
  readonly supervisorPid: number;
  /** A variable that everybody in the tree inherited: finds those who left it by daemonizing, where the platform tells. */
  readonly mark?: { readonly name: string; readonly value: string };
}

/** What a tree needs and uses. */
export interface TreeUsage {
  readonly processes: number;
  /** Processor time of all members so far, milliseconds, by member: members come and go. */
  readonly cpuMs: ReadonlyMap<string, number>;
  readonly rssBytes?: number;
}

/**
 * The processes of one session. A parent that dies gives its children to pid 1, so whoever was once seen to belong is
 * remembered by pid and start time; on Linux the inherited mark finds also those who were never seen in between.
 */
export class ProcessTree {
  readonly #table: ProcessTable;
  readonly #options: ProcessTreeOptions;
  #known: ReadonlySet<string> = new Set();
  /** Pids that were looked at and do not belong. Only for cheap walks: a full one looks again. */
  #foreign = new Set<number>();
  /** By key: whether the process carries the mark. It is read once, for it cannot change. */
  #marks = new Map<string, boolean>();

  constructor(table: ProcessTable, options: ProcessTreeOptions) {
    this.#table = table;
    this.#options = options;
  }

  /**
   * Everybody in the tree now. `full` looks at every process of the machine; otherwise those found to be strangers before
   * are passed over, which is cheap enough for every heartbeat.
   * @throws Error when the system does not answer.
   */
  async members(options: { readonly full: boolean }): Promise<readonly ProcessRow[]> {
    const listing = await this.#table.list(options.full ? undefined : this.#foreign);
    const rows = listing.rows;
    const never = ancestorsOf(rows, this.#options.supervisorPid);
    const marked = await this.#marked(rows, never);
    const members = membersOf(rows, { root: this.#options.root, known: this.#known, marked }, never);
    const inside = new Set(members.map((row) => row.pid));
    // Those who are gone need no memory: their key never comes back.
    this.#known = new Set(members.map(processKey));
    const strangers = rows.filter((row) => !inside.has(row.pid)).map((row) => row.pid);
    const kept = options.full ? [] : [...this.#foreign].filter((pid) => listing.pids.has(pid));
    this.#foreign = new Set([...kept, ...strangers]);
    // The supervisor's line is looked at every time: who is above it must be known.
    for (const pid of never) this.#foreign.delete(pid);
    return members;
  }

  /** Members with what they use. */
  async usage(): Promise<TreeUsage> {
    const members = await this.members({ full: false });
    const cpuMs = new Map<string, number>();
    let rssBytes: number | undefined;
    for (const member of members) {
      const measured = (await this.#table.measure(member)) ?? member;
      if (measured.cpuMs !== undefined) cpuMs.set(processKey(measured), measured.cpuMs);
      if (measured.rssBytes !== undefined) rssBytes = (rssBytes ?? 0) + measured.rssBytes;
    }
    return { processes: members.length, cpuMs, ...(rssBytes === undefined ? {} : { rssBytes }) };
  }

  /** Signals those of `members` who still are who they were. */
  signal(members: readonly ProcessRow[], signal: NodeJS.Signals): Promise<SignalReport> {
    return signalAll(this.#table, members, signal);
  }

  async #marked(rows: readonly ProcessRow[], never: ReadonlySet<number>): Promise<Set<number>> {
    const mark = this.#options.mark;
    const marked = new Set<number>();
    if (mark === undefined) return marked;
    const marks = new Map<string, boolean>();
    for (const row of rows) {
      if (never.has(row.pid)) continue;
      const key = processKey(row);
      const carries = this.#marks.get(key) ?? (await this.#table.hasVariable(row.pid, mark.name, mark.value));
      marks.set(key, carries);
      if (carries) marked.add(row.pid);
    }
    this.#marks = marks;
    return marked;
  }
}

/** Share of one core in percent between two measurements `ms` milliseconds apart; a member that is new counts with all it used. */
export function cpuPercent(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, ms: number): number | undefined {
  if (ms <= 0 || after.size === 0) return undefined;
  let used = 0;
  for (const [key, total] of after) used += Math.max(0, total - (before.get(key) ?? 0));
  return Math.round((used / ms) * 1000) / 10;
}
