// Runs a script inside the extension host of the real editor, silently: what the editor says about itself is not a figure.
import { join } from 'node:path';
import { run } from '../../scripts/editor/run.mjs';
import { vscodeExecutable } from '../../scripts/editor/vscodeExecutable.mjs';

/**
 * Resolves when the script's `run` has; fails with the editor's last words otherwise.
 * @param {{ extensions: readonly string[], tests: string, folder: string, scratch: string, env: Record<string, string> }} options
 */
export async function runInEditor({ extensions, tests, folder, scratch, env }) {
  await run(
    await vscodeExecutable(),
    [
      folder,
      ...extensions.map((path) => `--extensionDevelopmentPath=${path}`),
      `--extensionTestsPath=${tests}`,
      `--user-data-dir=${join(scratch, 'user-data')}`,
      `--extensions-dir=${join(scratch, 'extensions')}`,
      '--disable-workspace-trust',
    ],
    { env: { ...process.env, ...env } },
  );
}
