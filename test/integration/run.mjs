// Runs the integration suite inside a real extension host: the editor from the npm registry, or with --desktop a downloaded VS Code.
import { runTests } from '@vscode/test-electron';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '../../scripts/editor/paths.mjs';
import { vscodeExecutable } from '../../scripts/editor/vscodeExecutable.mjs';

const run = promisify(execFile);
const desktop = process.argv.includes('--desktop');
const scratch = await mkdtemp(join(tmpdir(), 'agent-fleet-integration-'));
try {
  const folder = join(scratch, 'workspace');
  await cp(join(repoRoot, 'media', 'sample'), folder, { recursive: true });
  const git = (...args) => run('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', ...args], { cwd: folder });
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'First');
  process.exitCode = await runTests({
    ...(desktop ? {} : { vscodeExecutablePath: await vscodeExecutable() }),
    extensionDevelopmentPath: repoRoot,
    extensionTestsPath: join(repoRoot, 'out', 'integration', 'index.cjs'),
    launchArgs: [folder, `--user-data-dir=${join(scratch, 'user-data')}`, `--extensions-dir=${join(scratch, 'extensions')}`, '--disable-workspace-trust'],
    extensionTestsEnv: { AGENT_FLEET_TEST_COUNTS: process.env.AGENT_FLEET_TEST_COUNTS ?? '' },
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}
