import { notARepository, repositoryOf, type Repository } from './repository.ts';
import { runGit, type GitOptions } from './runGit.ts';
import { parseStatus, type ChangedFile } from './statusParser.ts';

export interface Changes {
  readonly repository: Repository;
  /** In the order of their paths. */
  readonly files: readonly ChangedFile[];
}

/**
 * What differs between the last commit and the files on disk, in the whole working tree that holds `cwd`. Ignored files are left out. Of a
 * submodule only the checked-out commit counts: looking into it would run its own configuration.
 * @throws FleetError `NotARepository`, and those of `runGit`.
 */
export async function changedFiles(cwd: string, options?: GitOptions): Promise<Changes> {
  const repository = await repositoryOf(cwd, options);
  const args = ['status', '--porcelain=v2', '-z', '--untracked-files=all', '--ignore-submodules=dirty', '--find-renames'];
  const result = await runGit(args, repository.root, options);
  if (result.code !== 0) throw notARepository(cwd, result);
  return { repository, files: parseStatus(result.stdout.toString('utf8')) };
}
