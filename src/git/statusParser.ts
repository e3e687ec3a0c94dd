/** How a file differs from the last commit. */
export type ChangeKind = 'added' | 'modified' | 'deleted' | 'renamed' | 'conflicted';

export interface ChangedFile {
  /** Relative to the root, forward slashes; any character is possible. */
  readonly path: string;
  readonly kind: ChangeKind;
  /** Where a renamed file was. */
  readonly from?: string;
  /** False for a file that git does not know yet; such a file is `added`. */
  readonly tracked: boolean;
  /** The entry is a submodule: a commit, not a file. */
  readonly submodule: boolean;
}

/** Reads `git status --porcelain=v2 -z` (git-status(1), "Porcelain Format Version 2"). Lines of an unknown kind are left out, as it demands. */
export function parseStatus(output: string): readonly ChangedFile[] {
  const records = output.split('\0');
  const files = new Map<string, ChangedFile>();
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index] ?? '';
    const kind = record.charAt(0);
    // A rename is followed by the old path as a record of its own.
    const from = kind === '2' ? records[(index += 1)] : undefined;
    const file = readRecord(kind, record, from);
    if (file === undefined) continue;
    // Deleted from the index and there again on disk: two records, one changed file.
    const known = files.get(file.path);
    files.set(file.path, known === undefined ? file : { ...known, kind: 'modified', tracked: true });
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function readRecord(kind: string, record: string, from: string | undefined): ChangedFile | undefined {
  switch (kind) {
    case '1':
      return ordinary(fieldsOf(record, 8), undefined);
    case '2':
      return ordinary(fieldsOf(record, 9), from);
    case 'u': {
      const fields = fieldsOf(record, 10);
      return fields && { path: fields.path, kind: 'conflicted', tracked: true, submodule: fields.submodule };
    }
    case '?':
      return record.length > 2 ? { path: record.slice(2).replace(/\/$/, ''), kind: 'added', tracked: false, submodule: false } : undefined;
    default:
      return undefined;
  }
}

interface Fields {
  readonly index: string;
  readonly disk: string;
  readonly submodule: boolean;
  readonly path: string;
}

/** `count` fields separated by single spaces, then the path, which may hold spaces. */
function fieldsOf(record: string, count: number): Fields | undefined {
  let start = 0;
  for (let field = 0; field < count; field += 1) {
    const space = record.indexOf(' ', start);
    if (space < 0) return undefined;
    start = space + 1;
  }
  const [, xy = '', sub = ''] = record.split(' ', 3);
  const path = record.slice(start);
  return path === '' ? undefined : { index: xy.charAt(0), disk: xy.charAt(1), submodule: sub.startsWith('S'), path };
}

/** Index and disk taken together, compared with the last commit. */
function ordinary(fields: Fields | undefined, from: string | undefined): ChangedFile | undefined {
  if (fields === undefined) return undefined;
  const { index, disk, submodule, path } = fields;
  const base = { tracked: true, submodule };
  const renamed = index === 'R' || disk === 'R';
  if (disk === 'D') {
    // Staged as new and gone again: nothing differs. A renamed file that is gone: its old path is deleted.
    if (index === 'A' || index === 'C') return undefined;
    return { ...base, path: renamed && from !== undefined ? from : path, kind: 'deleted' };
  }
  if (index === 'D') return { ...base, path, kind: 'deleted' };
  if (renamed && from !== undefined) return { ...base, path, kind: 'renamed', from };
  if (index === 'A' || index === 'C' || disk === 'A' || disk === 'C') return { ...base, path, kind: 'added' };
  return { ...base, path, kind: 'modified' };
}
