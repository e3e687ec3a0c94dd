// What has to be there before the editor can start: installed packages, a build, a folder to open.
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onPath } from '../editor/chromium.mjs';
import { cacheFolder, repoRoot } from '../editor/paths.mjs';
import { npm, run, UserError } from '../editor/run.mjs';

/**
 * Installs the packages of the lock file, unless those that are there belong to it.
 * @returns {Promise<void>}
 */
export async function ensurePackages() {
  const lock = join(repoRoot, 'package-lock.json');
  const stamp = join(repoRoot, 'node_modules', '.agent-fleet-lock');
  const hash = createHash('sha256').update(await readFile(lock)).digest('hex');
  const stamped = await readFile(stamp, 'utf8').catch(() => undefined);
  if (stamped === hash) return;
  // Packages that were installed by hand have no stamp, but npm's own record of them.
  if (stamped === undefined && (await modified(join(repoRoot, 'node_modules', '.package-lock.json'))) >= (await modified(lock))) return;
  console.log('Installing packages …');
  try {
    await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: repoRoot });
  } catch (error) {
    throw new UserError('The packages could not be installed: check that npm reaches its registry, then run npm start again.', { cause: error });
  }
  await writeFile(stamp, hash);
}

/**
 * Builds the extension.
 * @returns {Promise<void>}
 */
export async function build() {
  console.log('Building …');
  try {
    await npm(['run', '--silent', 'build'], { cwd: repoRoot });
  } catch (error) {
    throw new UserError('The extension could not be built; the messages of the build follow.', { cause: error });
  }
}

/**
 * Makes the sample repository, unless it is there already, and says where.
 * @returns {Promise<string>}
 */
export async function ensureSample() {
  const sample = join(cacheFolder(), 'sample');
  if ((await modified(join(sample, '.git'))) > 0) return sample;
  if (!(await onPath('git'))) throw new UserError('git was not found: install git, or name a folder to open with --folder.');
  const temp = `${sample}.new-${process.pid}`;
  await mkdir(cacheFolder(), { recursive: true });
  try {
    await cp(join(repoRoot, 'media', 'sample'), temp, { recursive: true });
    const git = (/** @type {string[]} */ ...args) => run('git', args, { cwd: temp });
    await git('init', '--quiet');
    await git('symbolic-ref', 'HEAD', 'refs/heads/main');
    await git('config', 'user.name', 'Agent Fleet Sample');
    await git('config', 'user.email', 'sample@agent-fleet.invalid');
    await git('config', 'commit.gpgsign', 'false');
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'A small project to try agents on');
    await rm(sample, { recursive: true, force: true });
    await rename(temp, sample);
  } catch (error) {
    throw new UserError(`The sample repository could not be made in ${sample}: name a folder of your own with --folder.`, { cause: error });
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
  return sample;
}

/**
 * @param {string} path
 * @returns {Promise<number>} 0: not there
 */
const modified = (path) => stat(path).then((found) => found.mtimeMs, () => 0);
