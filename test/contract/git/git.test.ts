import assert from 'node:assert/strict';
import { access, chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFleetError } from '../../../src/base/errors.ts';
import { changedFiles } from '../../../src/git/changedFiles.ts';
import { headOf, repositoryOf } from '../../../src/git/repository.ts';
import { runGit } from '../../../src/git/runGit.ts';
import { isBinary, showFile } from '../../../src/git/showFile.ts';
import { TemporaryRepository } from './temporaryRepository.ts';

const posixOnly = process.platform === 'win32' ? it.skip : it;

describe('git, for review', function () {
  this.timeout(20_000);
  let repository: TemporaryRepository;
  const path = (name: string): string => join(repository.root, name);
  const changes = async (cwd = repository.root) => {
    const { files } = await changedFiles(cwd);
    return files.map(({ path: name, kind, from, tracked, submodule }) =>
      [kind, name, ...(from === undefined ? [] : [from]), ...(tracked ? [] : ['untracked']), ...(submodule ? ['submodule'] : [])].join(' | '),
    );
  };
  const shown = async (rev: string, name: string) => showFile(await repositoryOf(repository.root), rev, name);

  beforeEach(async () => {
    repository = await TemporaryRepository.create();
  });
  afterEach(async () => repository.remove());

  describe('before the first commit', () => {
    it('has a branch and no commit', async () => {
      assert.deepEqual(await headOf(await repositoryOf(repository.root)), { branch: 'main' });
    });

    it('shows every file as added, and no former content', async () => {
      await repository.write('a.md', 'a');
      await repository.write('b.md', 'b');
      await repository.git('add', 'a.md');
      assert.deepEqual(await changes(), ['added | a.md', 'added | b.md | untracked']);
      assert.equal(await shown('HEAD', 'a.md'), undefined);
    });
  });

  it('says what is checked out', async () => {
    const commit = await repository.commit();
    const known = await repositoryOf(repository.root);
    assert.deepEqual(await headOf(known), { commit, branch: 'main' });
    await repository.git('switch', '--quiet', '-c', 'topic/ünï');
    assert.deepEqual(await headOf(known), { commit, branch: 'topic/ünï' });
    await repository.git('switch', '--quiet', '--detach');
    assert.deepEqual(await headOf(known), { commit });
  });

  it('lists nothing in a clean tree, and leaves ignored files out', async () => {
    await repository.write('.gitignore', 'out/\n');
    await repository.write('a.md', 'a');
    await repository.commit();
    await repository.write('out/x', 'x');
    assert.deepEqual(await changes(), []);
  });

  it('takes index and disk together', async () => {
    for (const name of ['staged', 'unstaged', 'both', 'deleted', 'deleted staged', 'replaced', 'mode']) await repository.write(name, `${name}\n`);
    await repository.commit();
    await repository.write('staged', 'x');
    await repository.write('both', 'x');
    await repository.git('rm', '--quiet', 'deleted staged');
    await repository.git('rm', '--quiet', '--cached', 'replaced');
    await repository.git('add', 'staged', 'both');
    await repository.write('both', 'y');
    await repository.write('unstaged', 'x');
    await repository.write('replaced', 'x');
    await unlink(path('deleted'));
    await repository.write('new', 'n');
    await repository.git('add', '--intent-to-add', 'new');
    await repository.write('passing', 'p');
    await repository.git('add', 'passing');
    await unlink(path('passing'));
    assert.deepEqual(await changes(), [
      'modified | both',
      'deleted | deleted',
      'deleted | deleted staged',
      'added | new',
      'modified | replaced',
      'modified | staged',
      'modified | unstaged',
    ]);
  });

  it('follows renames, also into names with spaces', async () => {
    await repository.write('old name.md', 'line\n'.repeat(40));
    await repository.write('gone.md', 'other\n'.repeat(40));
    await repository.commit();
    await repository.git('mv', 'old name.md', 'new  name.md');
    await repository.git('mv', 'gone.md', 'nowhere.md');
    await unlink(path('nowhere.md'));
    assert.deepEqual(await changes(), ['deleted | gone.md', 'renamed | new  name.md | old name.md']);
    assert.equal((await shown('HEAD', 'old name.md'))?.length, 200);
  });

  posixOnly('reads names with any character', async () => {
    const names = [' lead', 'ünïcode 名前.md', 'line\nbreak', 'tab\tquote".md', '*.md', ':(top)x', '-dash', 'back\\slash'];
    for (const name of names) await repository.write(name, `old ${name}`);
    await repository.commit();
    for (const name of names) await repository.write(name, 'new');
    assert.deepEqual(await changes(), names.map((name) => `modified | ${name}`).sort((a, b) => (a < b ? -1 : 1)));
    for (const name of names) assert.equal((await shown('HEAD', name))?.toString(), `old ${name}`);
  });

  posixOnly('works in a repository with a line break at the end of its name', async () => {
    const odd = join(repository.folder, 'odd\n');
    await rename(repository.root, odd);
    await mkdir(join(odd, 'a\nb'));
    assert.deepEqual(await repositoryOf(join(odd, 'a\nb')), { root: odd, gitDir: join(odd, '.git') });
  });

  it('sees the whole tree from a subfolder', async () => {
    await repository.write('a.md', 'a');
    await repository.write('deep/er/b.md', 'b');
    await repository.commit();
    await repository.write('a.md', 'x');
    await repository.write('deep/er/new/c.md', 'c');
    assert.deepEqual(await changes(path('deep/er')), ['modified | a.md', 'added | deep/er/new/c.md | untracked']);
    assert.equal((await repositoryOf(path('deep/er'))).root, repository.root);
  });

  it('shows a conflict as one', async () => {
    await repository.write('a.md', 'base\n');
    await repository.commit();
    await repository.git('switch', '--quiet', '-c', 'other');
    await repository.write('a.md', 'theirs\n');
    await repository.commit();
    await repository.git('switch', '--quiet', 'main');
    await repository.write('a.md', 'ours\n');
    await repository.commit();
    await assert.rejects(repository.git('merge', '--quiet', 'other'));
    assert.deepEqual(await changes(), ['conflicted | a.md']);
  });

  it('gives the bytes of binary files', async () => {
    const bytes = Buffer.from([0x89, 0x50, 0, 0xff, 0x0d, 0x0a, 0]);
    await repository.write('image.png', bytes);
    await repository.write('text.md', 'a\r\nb\n');
    await repository.commit();
    const image = await shown('HEAD', 'image.png');
    assert.deepEqual(image, bytes);
    assert.equal(isBinary(bytes), true);
    const text = await shown('HEAD', 'text.md');
    assert.equal(text?.toString(), 'a\r\nb\n');
    assert.equal(isBinary(text ?? bytes), false);
    assert.deepEqual(await shown('HEAD', 'none'), undefined);
  });

  it('shows former revisions, empty files and no folders', async () => {
    await repository.write('a/b.md', 'one');
    await repository.write('empty', '');
    const first = await repository.commit();
    await repository.write('a/b.md', 'two');
    await repository.commit();
    assert.equal((await shown(first, 'a/b.md'))?.toString(), 'one');
    assert.equal((await shown('HEAD~1', 'a/b.md'))?.toString(), 'one');
    assert.equal((await shown('main', 'a/b.md'))?.toString(), 'two');
    assert.equal((await shown('HEAD', 'empty'))?.length, 0);
    assert.equal(await shown('HEAD', 'a'), undefined);
  });

  it('refuses paths and revisions that are none', async () => {
    await repository.commit();
    for (const bad of ['', '/etc/passwd', '../x', 'a/../b', 'a//b', 'a\0b', 'a/']) {
      await assert.rejects(shown('HEAD', bad), (error) => isFleetError(error, 'BadPath'), JSON.stringify(bad));
    }
    for (const bad of ['', '--output=x', 'nowhere', 'HEAD:a', 'a b', '0'.repeat(40)]) {
      await assert.rejects(shown(bad, 'a'), (error) => isFleetError(error, 'BadRevision') || isFleetError(error, 'NotARepository') || isFleetError(error, 'GitFailed'), bad);
    }
    await assert.rejects(shown('nowhere', 'a'), (error) => isFleetError(error, 'BadRevision'));
  });

  posixOnly('gives the target of a symbolic link, and follows one to the repository', async () => {
    await symlink('/etc/passwd', path('link'));
    await repository.commit();
    assert.equal((await shown('HEAD', 'link'))?.toString(), '/etc/passwd');
    const other = join(repository.folder, 'other');
    await symlink(repository.root, other);
    assert.equal((await repositoryOf(other)).root, repository.root);
  });

  it('marks a submodule whose commit changed, and does not look inside', async () => {
    const inner = await TemporaryRepository.create();
    try {
      await inner.write('x', 'x');
      await inner.commit();
      await repository.git('submodule', '--quiet', 'add', inner.root, 'sub');
      await repository.commit();
      await repository.write('sub/x', 'changed inside');
      assert.deepEqual(await changes(), []);
      await inner.write('x', 'y');
      await inner.commit();
      await repository.git('-C', 'sub', 'checkout', '--quiet', '.');
      await repository.git('-C', 'sub', 'pull', '--quiet');
      assert.deepEqual(await changes(), ['modified | sub | submodule']);
      assert.equal(await shown('HEAD', 'sub'), undefined);
    } finally {
      await inner.remove();
    }
  });

  it('works in a linked worktree, and says so when it is gone', async () => {
    await repository.write('a.md', 'a');
    await repository.commit();
    const tree = join(repository.folder, 'tree');
    await repository.git('worktree', 'add', '--quiet', '-b', 'agent', tree);
    await writeFile(join(tree, 'a.md'), 'changed');
    assert.deepEqual(await changes(tree), ['modified | a.md']);
    const known = await repositoryOf(tree);
    assert.equal(known.root, tree);
    assert.equal((await headOf(known)).branch, 'agent');
    // The folder stays, its entry in the repository goes.
    await rm(known.gitDir, { recursive: true });
    await assert.rejects(changes(tree), (error) => isFleetError(error, 'NotARepository'));
    await assert.rejects(headOf(known), (error) => isFleetError(error, 'NotARepository'));
    await rm(tree, { recursive: true });
    await assert.rejects(changes(tree), (error) => isFleetError(error, 'FolderGone'));
    await assert.rejects(showFile(known, 'HEAD', 'a.md'), (error) => isFleetError(error, 'FolderGone'));
  });

  it('says when there is no repository, or only a bare one', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'fleet-outside-'));
    try {
      await assert.rejects(repositoryOf(outside), (error) => isFleetError(error, 'NotARepository'));
      await runGit(['init', '--quiet', '--bare', 'bare.git'], outside);
      await assert.rejects(repositoryOf(join(outside, 'bare.git')), (error) => isFleetError(error, 'NotARepository'));
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('is not led astray by variables of a surrounding git', async () => {
    const other = await TemporaryRepository.create();
    process.env['GIT_DIR'] = join(other.root, '.git');
    try {
      assert.equal((await repositoryOf(repository.root)).gitDir, path('.git'));
    } finally {
      delete process.env['GIT_DIR'];
      await other.remove();
    }
  });

  posixOnly('starts no program that the repository configures as monitor', async () => {
    await repository.write('a.md', 'a');
    await repository.commit();
    const monitor = path('.git/monitor');
    await writeFile(monitor, `#!/bin/sh\ntouch '${path('.git/ran')}'\n`);
    await chmod(monitor, 0o755);
    await repository.git('config', 'core.fsmonitor', monitor);
    await repository.write('a.md', 'b');
    assert.deepEqual(await changes(), ['modified | a.md']);
    await assert.rejects(access(path('.git/ran')));
  });

  it('says when git is missing', async () => {
    await assert.rejects(repositoryOf(repository.root, { executable: 'no-such-git-here' }), (error) => {
      assert.ok(isFleetError(error, 'GitMissing'));
      assert.match(error.message, /Install git/);
      return true;
    });
  });

  posixOnly('gives up on a git that does not answer', async () => {
    const slow = join(repository.folder, 'slow-git');
    await writeFile(slow, '#!/bin/sh\nexec tail -f /dev/null\n');
    await chmod(slow, 0o755);
    await assert.rejects(repositoryOf(repository.root, { executable: slow, timeoutMs: 100 }), (error) => isFleetError(error, 'GitTimedOut'));
  });

  it('gives up on an answer that is too large', async () => {
    await repository.write('big', 'x'.repeat(100_000));
    await repository.commit();
    const known = await repositoryOf(repository.root);
    await assert.rejects(showFile(known, 'HEAD', 'big', { maxBytes: 50_000 }), (error) => isFleetError(error, 'GitOutputTooLarge'));
  });
});
