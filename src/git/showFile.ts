import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import { notARepository, type Repository } from './repository.ts';
import { gitFailed, runGit, type GitOptions } from './runGit.ts';

/**
 * The bytes of a file as they were in `rev` (a commit, branch or `HEAD`); of a symbolic link, its target. `undefined` when there was no such
 * file: the path was missing, a folder or a submodule, or there is no commit yet.
 * @param path relative to the root, forward slashes
 * @throws FleetError `BadPath`, `BadRevision`, `NotARepository`, and those of `runGit`.
 */
export async function showFile(repository: Repository, rev: string, path: string, options?: GitOptions): Promise<Buffer | undefined> {
  checkPath(path);
  if (rev === '' || rev.startsWith('-') || /[\s:\u0000-\u001f]/.test(rev)) throw badRevision(rev);
  const tree = await runGit(['rev-parse', '--verify', '--quiet', `${rev}^{tree}`], repository.root, options);
  if (tree.code === 1) {
    if (rev === 'HEAD') return undefined;
    throw badRevision(rev);
  }
  if (tree.code !== 0) throw notARepository(repository.root, tree);
  const listing = await runGit(['ls-tree', '-z', '--full-tree', tree.stdout.toString('utf8').trim(), '--', path], repository.root, options);
  if (listing.code !== 0) throw gitFailed('list a tree', listing);
  // `<mode> <type> <id>TAB<path>`
  const [, type, id] = /^\d+ (\w+) ([0-9a-f]+)\t/.exec(listing.stdout.toString('utf8')) ?? [];
  if (type !== 'blob' || id === undefined) return undefined;
  const blob = await runGit(['cat-file', 'blob', id], repository.root, options);
  if (blob.code !== 0) throw gitFailed(`read ${oneLine(path)}`, blob);
  return blob.stdout;
}

/** Whether git would call these bytes binary: a NUL among the first 8000. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

function checkPath(path: string): void {
  const parts = path.split('/');
  if (path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new FleetError('BadPath', `“${oneLine(path)}” is not a path inside the repository.`);
  }
}

function badRevision(rev: string): FleetError<'BadRevision'> {
  return new FleetError('BadRevision', `There is no commit “${oneLine(rev, 80)}”.`, { details: { rev } });
}
