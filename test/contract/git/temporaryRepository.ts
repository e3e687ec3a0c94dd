import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real repository in a temporary folder, independent of the user's git configuration. */
export class TemporaryRepository {
  readonly folder: string;
  readonly root: string;

  private constructor(folder: string, root: string) {
    this.folder = folder;
    this.root = root;
  }

  /** An empty repository, without a commit. */
  static async create(): Promise<TemporaryRepository> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'fleet-git-')));
    const repository = new TemporaryRepository(folder, join(folder, 'repo'));
    await mkdir(repository.root);
    await repository.git('init', '--quiet', '--initial-branch=main');
    return repository;
  }

  async git(...args: string[]): Promise<string> {
    const identity = ['-c', 'user.name=Tester', '-c', 'user.email=tester@example.invalid', '-c', 'protocol.file.allow=always'];
    const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
    return (await run('git', [...identity, ...args], { cwd: this.root, env })).stdout;
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const whole = join(this.root, path);
    await mkdir(dirname(whole), { recursive: true });
    await writeFile(whole, content);
  }

  async commit(message = 'a commit'): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '-m', message);
    return (await this.git('rev-parse', 'HEAD')).trim();
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
