import type { ProcessRow } from './processTable.ts';

/** `pid` and start time as one key: a pid that was given to somebody else has another key. */
export function processKey(row: { readonly pid: number; readonly startTime: string }): string {
  return `${row.pid}@${row.startTime}`;
}

/**
 * Everybody who belongs to a session: the root, whoever was known to belong before (their parents may have
 * died and given them away), whoever carries the session's mark, and all of their descendants. `never` names pids that
 * are not to be touched although they may carry the mark: the supervisor and its ancestors.
 */
export function membersOf(
  rows: readonly ProcessRow[],
  roots: { readonly root: { readonly pid: number; readonly startTime?: string }; readonly known: ReadonlySet<string>; readonly marked: ReadonlySet<number> },
  never: ReadonlySet<number>,
): ProcessRow[] {
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) {
    const siblings = children.get(row.parentPid);
    if (siblings === undefined) children.set(row.parentPid, [row]);
    else siblings.push(row);
  }
  const found = new Map<number, ProcessRow>();
  const open = rows.filter((row) => {
    // A root without a start time names nobody: its pid may be somebody else's by now.
    if (row.pid === roots.root.pid && row.startTime === roots.root.startTime) return true;
    return roots.known.has(processKey(row)) || roots.marked.has(row.pid);
  });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next.pid) || never.has(next.pid)) continue;
    found.set(next.pid, next);
    open.push(...(children.get(next.pid) ?? []));
  }
  return [...found.values()];
}

/** A pid and all who stand above it. */
export function ancestorsOf(rows: readonly ProcessRow[], pid: number): Set<number> {
  const parents = new Map(rows.map((row) => [row.pid, row.parentPid]));
  const line = new Set<number>([0, 1]);
  for (let next: number | undefined = pid; next !== undefined && !line.has(next); next = parents.get(next)) line.add(next);
  return line;
}
