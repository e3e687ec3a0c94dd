import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { FleetError } from '../base/errors.ts';
import { gitFailed, runGit, type GitOptions, type GitResult } from './runGit.ts';

export interface Repository {
  /** Absolute path of the working tree, symbolic links resolved. */
  readonly root: string;
  /** Absolute path of the private git folder of this working tree. */
  readonly gitDir: string;
}

export interface Head {
  /** Commit id; absent before the first commit. */
  readonly commit?: string;
  /** Branch name; absent when no branch is checked out. */
  readonly branch?: string;
}

/**
 * The repository whose working tree holds the folder `path`.
 * @throws FleetError `NotARepository`, and those of `runGit`.
 */
export async function repositoryOf(path: string, options?: GitOptions): Promise<Repository> {
  const root = await runGit(['rev-parse', '--show-toplevel'], path, options);
  if (root.code !== 0) throw notARepository(path, root);
  const gitDir = await runGit(['rev-parse', '--absolute-git-dir'], path, options);
  if (gitDir.code !== 0) throw notARepository(path, gitDir);
  return { root: await realpath(resolve(path, lineOf(root))), gitDir: resolve(path, lineOf(gitDir)) };
}

/**
 * What is checked out.
 * @throws FleetError `NotARepository`, and those of `runGit`.
 */
export async function headOf(repository: Repository, options?: GitOptions): Promise<Head> {
  const [commit, branch] = await Promise.all([
    runGit(['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], repository.root, options),
    runGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], repository.root, options),
  ]);
  // Exit code 1 says "there is none"; anything else says that this is no repository (any more).
  for (const result of [commit, branch]) if (result.code > 1) throw notARepository(repository.root, result);
  return {
    ...(commit.code === 0 ? { commit: lineOf(commit) } : {}),
    ...(branch.code === 0 ? { branch: lineOf(branch) } : {}),
  };
}

/** What git says when a folder is no working tree; other complaints (for example about the owner of the folder) keep git's words. */
export function notARepository(path: string, result: GitResult): FleetError {
  if (!/not a git repository|must be run in a work tree|does not exist/i.test(result.stderr)) return gitFailed(`read the repository of ${path}`, result);
  return new FleetError('NotARepository', `${path} is not inside a git working tree.`, { details: { path } });
}

/** Output without the line end that git adds; a path may hold line ends of its own. */
function lineOf(result: GitResult): string {
  return result.stdout.toString('utf8').replace(/\r?\n$/, '');
}
