// Runs the integration suite inside a real extension host: the editor from the npm registry, or with --desktop a downloaded VS Code.
import { runTests } from '@vscode/test-electron';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repoRoot } from '../../scripts/editor/paths.mjs';
import { vscodeExecutable } from '../../scripts/editor/vscodeExecutable.mjs';

const run = promisify(execFile);
const desktop = process.argv.includes('--desktop');
const scratch = await mkdtemp(join(tmpdir(), 'agent-fleet-integration-'));

/**
 * One window on the workspace, which runs the tests of its phase and closes.
 * @param {string} folder
 * @param {'first' | 'damaged'} phase
 * @returns {Promise<number>} exit code; what went wrong was said
 */
async function openWindow(folder, phase) {
  try {
    return await runTests({
      ...(desktop ? {} : { vscodeExecutablePath: await vscodeExecutable() }),
      extensionDevelopmentPath: repoRoot,
      extensionTestsPath: join(repoRoot, 'out', 'integration', 'index.cjs'),
      launchArgs: [folder, `--user-data-dir=${join(scratch, 'user-data')}`, `--extensions-dir=${join(scratch, 'extensions')}`, '--disable-workspace-trust'],
      extensionTestsEnv: {
        AGENT_FLEET_TEST_SCRATCH: scratch,
        AGENT_FLEET_TEST_PHASE: phase,
        AGENT_FLEET_TEST_COUNTS: process.env.AGENT_FLEET_TEST_COUNTS ?? '',
        AGENT_FLEET_TEST_GREP: process.env.AGENT_FLEET_TEST_GREP ?? '',
      },
    });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/** Overwrites some of the closed window's journal, as a disk with a bad block would. */
async function damageRegistry() {
  const all = join(scratch, 'user-data', 'User', 'workspaceStorage');
  for (const id of await readdir(all).catch(() => [])) {
    const journal = join(all, id, 'agent-fleet.agent-fleet', 'journal');
    for (const name of await readdir(journal).catch(() => [])) {
      const file = await open(join(journal, name), 'r+');
      const { size } = await file.stat();
      if (size > 4096) await file.write(Buffer.alloc(600, 0xff), 0, 600, Math.floor(size / 2));
      await file.close();
    }
  }
}

try {
  const folder = join(scratch, 'workspace');
  await cp(join(repoRoot, 'media', 'sample'), folder, { recursive: true });
  const git = (...args) => run('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', ...args], { cwd: folder });
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'First');
  const codes = [await openWindow(folder, 'first')];
  await damageRegistry();
  codes.push(await openWindow(folder, 'damaged'));
  process.exitCode = Math.max(...codes);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}
