// The steps of npm start, one after the other.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onPath } from '../editor/chromium.mjs';
import { ensureEditor } from '../editor/install.mjs';
import { cacheFolder, repoRoot } from '../editor/paths.mjs';
import { run, UserError } from '../editor/run.mjs';
import { startEditor } from '../editor/server.mjs';
import { help, readOptions, UsageError } from './options.mjs';
import { build, ensurePackages, ensureSample } from './prepare.mjs';

/**
 * Runs npm start; ends the process with 0, or with 1 (cannot) or 2 (mistake on the command line) after one sentence.
 * @param {string[]} args
 * @returns {Promise<void>}
 */
export async function main(args) {
  try {
    process.exitCode = await start(args);
  } catch (error) {
    if (!(error instanceof UserError || error instanceof UsageError)) throw error;
    console.error(error.message);
    // The technical reason comes after the sentence, for whoever needs it.
    if (error.cause instanceof Error) console.error(`\n${error.cause.message}`);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}

/**
 * @param {string[]} args
 * @returns {Promise<number>}
 */
async function start(args) {
  const options = await readOptions(args);
  if (options.help) {
    console.log(help);
    return 0;
  }
  await ensurePackages();
  await build();
  const folder = options.folder ?? (await ensureSample());
  const code = options.browser ? undefined : await onPath('code');
  return code ? startDesktop(code, folder) : startBrowser(folder, options);
}

/**
 * @param {string} code
 * @param {string} folder
 * @returns {Promise<number>}
 */
async function startDesktop(code, folder) {
  const args = [`--extensionDevelopmentPath=${repoRoot}`, folder];
  try {
    // On Windows the command is a script, which only a shell can start.
    if (process.platform === 'win32') await run(process.env.ComSpec ?? 'cmd.exe', ['/d', '/s', '/c', code, ...args]);
    else await run(code, args);
  } catch (error) {
    throw new UserError('VS Code could not be started: try npm start -- --browser.', { cause: error });
  }
  console.log(`VS Code opens ${folder} with Agent Fleet loaded. Look for the Agent Fleet icon in the activity bar.`);
  return 0;
}

/**
 * @param {string} folder
 * @param {import('./options.mjs').StartOptions} options
 * @returns {Promise<number>}
 */
async function startBrowser(folder, options) {
  // Before the signals are ours: Ctrl-C may interrupt an installation at any time.
  await ensureEditor({ log: (line) => console.log(line) });
  const home = join(cacheFolder(), 'start');
  /** @type {(name: string) => void} */
  let interrupt = () => undefined;
  const interrupted = new Promise((done) => (interrupt = done));
  // Registered before the editor starts, so that an early Ctrl-C finds somebody to end it.
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => interrupt(name));
  const editor = await startEditor({
    folder,
    userDataDir: join(home, 'user-data'),
    extensionsDir: join(home, 'extensions'),
    extensionDevelopmentPath: repoRoot,
    trust: options.folder === undefined ? 'disabled' : 'enabled',
    // VS Code asks once per folder; in the browser this has to be said.
    settings: { 'security.workspace.trust.startupPrompt': 'once' },
    port: options.port,
  });
  try {
    console.log(`\n  Agent Fleet is ready: ${editor.url}\n\n  Folder: ${folder}\n  Look for the Agent Fleet icon in the activity bar. Ctrl-C ends the editor and its terminals.\n`);
    if (options.open) openBrowser(editor.url);
    const outcome = await Promise.race([interrupted, editor.ended]);
    if (typeof outcome === 'number') throw new UserError(`The editor ended by itself (code ${outcome}).`, { cause: new Error(editor.log().slice(-2000)) });
    console.log('Ending the editor …');
    return 0;
  } finally {
    await editor.stop();
  }
}

/** @param {string} url */
function openBrowser(url) {
  const display = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  if (!display) return;
  const [program, args] =
    process.platform === 'win32'
      ? ['rundll32', ['url.dll,FileProtocolHandler', url]]
      : [process.platform === 'darwin' ? 'open' : 'xdg-open', [url]];
  // The address stands on the screen: whether a browser opens is a convenience, not a condition.
  spawn(program, args, { stdio: 'ignore', detached: true }).on('error', () => undefined).unref();
}
