import type { ProcessEvidence } from './verdict.ts';

/** One running process. Ended processes that nobody has reaped yet (zombies) are not listed. */
export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  /** In the platform's own unit; compared for equality only. */
  readonly startTime: string;
  /** Processor time used so far, milliseconds. */
  readonly cpuMs?: number;
  /** Resident memory, bytes. */
  readonly rssBytes?: number;
}

/** The processes of this machine as one platform tells them. */
export interface ProcessTable {
  /** Identity of the present boot; `undefined` where it cannot be known. */
  bootId(): Promise<string | undefined>;
  /** What is known of one pid, without the boot id. Never rejects: failing to look is `unknown`. */
  look(pid: number): Promise<ProcessEvidence>;
  /**
   * All processes whose place in the tree matters. `ignore` names pids that need not be looked at again
   * (cheap repeated walks); an implementation may list them all the same.
   * @throws Error when the system does not answer.
   */
  list(ignore?: ReadonlySet<number>): Promise<ProcessListing>;
  /** The row with its memory and processor time, if it still is that process. */
  measure(row: ProcessRow): Promise<ProcessRow | undefined>;
  /** Whether the process was started with this variable; false where the platform does not tell. */
  hasVariable(pid: number, name: string, value: string): Promise<boolean>;
}

export interface ProcessListing {
  readonly rows: readonly ProcessRow[];
  /** Every pid that exists, the ignored ones included. */
  readonly pids: ReadonlySet<number>;
}
