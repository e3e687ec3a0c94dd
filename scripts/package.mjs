// npm run package: builds for production, packs agent-fleet-<version>.vsix at the top level, and checks what is in it.
// vsce needs a newer Node.js than people may have: it runs under the one of the packages.
import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { delimiter, dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { repoRoot } from './editor/paths.mjs';
import { UserError } from './editor/run.mjs';

const execute = promisify(execFile);
const node = join(repoRoot, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node');
const maxBytes = 1_500_000;

/** Each file that must be in the package; `optional`: one that may be. Anything else is a mistake. */
const wanted = {
  required: [
    'package.json', 'package.nls.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'l10n/bundle.l10n.json',
    'dist/extension.cjs', 'dist/registry-worker.cjs', 'dist/runner.cjs', 'dist/demo.cjs', 'dist/hook.cjs', 'dist/pi-extension.mjs', 'dist/sql-wasm.wasm',
    'media/icon.png', 'media/fleet.svg', 'media/readme/fleet.png', 'media/readme/inspect.png', 'media/readme/review.png',
    'media/walkthrough/answer.svg', 'media/walkthrough/demo.svg', 'media/walkthrough/inspect.svg', 'media/walkthrough/spawn.svg',
  ],
  optional: [/^package\.nls\.[a-z-]+\.json$/, /^l10n\/bundle\.l10n\.[a-z-]+\.json$/],
};

/**
 * Builds, packs and checks.
 * @param {{ folder?: string, log?: (line: string) => void }} [options]  `folder`: where the package goes
 * @returns {Promise<{ file: string, files: string[], bytes: number }>}
 */
export async function packageExtension({ folder = repoRoot, log = console.log } = {}) {
  await run('The production build', [join(repoRoot, 'esbuild.js'), '--production']);
  const files = await listFiles();
  check(files);
  log(files.join('\n'));
  const { name, version } = JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8'));
  const file = join(folder, `${name}-${version}.vsix`);
  // The pictures of the README come along: its links stay as they are.
  await vsce('package', '--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links', '--out', file);
  const bytes = (await stat(file)).size;
  log(`\n${relative(repoRoot, file)}: ${files.length} files, ${(bytes / 1000).toFixed(0)} kB`);
  if (bytes > maxBytes) throw new UserError(`The package has ${bytes} bytes, which is more than ${maxBytes}: find out what has grown.`);
  return { file, files, bytes };
}

/** @returns {Promise<string[]>} what vsce would put into the package, with forward slashes */
async function listFiles() {
  const output = await vsce('ls', '--no-dependencies');
  const lines = output.split('\n').map((line) => line.trim().replaceAll('\\', '/'));
  return lines.filter((line) => line !== '' && !line.includes(' ')).sort();
}

/** @param {readonly string[]} files */
function check(files) {
  const missing = wanted.required.filter((name) => !files.includes(name));
  if (missing.length > 0) throw new UserError(`The package lacks ${missing.join(', ')}: make the files, or take them off the list in scripts/package.mjs.`);
  const extra = files.filter((name) => !wanted.required.includes(name) && !wanted.optional.some((form) => form.test(name)));
  if (extra.length > 0) throw new UserError(`The package would also hold ${extra.join(', ')}: leave them out in .vscodeignore, or add them to the list in scripts/package.mjs.`);
}

/** @param {string[]} args */
function vsce(...args) {
  return run(`vsce ${args[0]}`, [join(repoRoot, 'node_modules', '@vscode', 'vsce', 'vsce'), ...args]);
}

/**
 * Runs a program of the packages under their Node.js.
 * @param {string} what  for the message when it fails
 * @param {string[]} args
 * @returns {Promise<string>} what it printed
 */
async function run(what, args) {
  try {
    const { stdout } = await execute(node, args, { cwd: repoRoot, maxBuffer: 1 << 24, env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` } });
    return stdout;
  } catch (error) {
    const { stderr, stdout, message } = /** @type {{ stderr?: string, stdout?: string, message: string }} */ (error);
    throw new UserError(`${what} failed. ${(stderr || stdout || message).trim()}`, { cause: error });
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    await packageExtension();
  } catch (error) {
    console.error(error instanceof UserError ? error.message : error);
    process.exitCode = 1;
  }
}
