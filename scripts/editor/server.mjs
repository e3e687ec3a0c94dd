// Starts the editor's server on this machine's loopback address and ends it again with everything below it.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureEditor } from './install.mjs';
import { linkExtension } from './linkExtension.mjs';
import { endTree, markVariable } from './processes.mjs';
import { run, UserError } from './run.mjs';
import { urlPath } from './uriPath.mjs';

/**
 * @typedef {object} EditorOptions
 * @property {string} [folder]                     the folder to open; default: an empty window
 * @property {string} userDataDir                  where the editor keeps settings, state and logs
 * @property {string} extensionsDir                where installed extensions are
 * @property {string} [extensionDevelopmentPath]   an extension to load from its folder
 * @property {'disabled' | 'enabled'} [trust]      workspace trust; 'disabled' trusts everything (default)
 * @property {Record<string, unknown>} [settings]  user settings, merged into those already there
 * @property {Record<string, string | undefined>} [env] variables for the extension host and the terminals
 * @property {string[]} [extraArgs]                more arguments for the server
 * @property {number} [port]                       default: the one of the last time for this user data folder
 * @property {(line: string) => void} [log]        progress of a first installation
 *
 * @typedef {object} Editor
 * @property {string} url    opens the folder in a browser
 * @property {number} port
 * @property {number} pid    the process that supervises the server
 * @property {string} mark   everything started by this editor carries it in its environment
 * @property {() => string} log  what the server printed so far
 * @property {Promise<number>} ended  the exit code, once the server has ended
 * @property {() => Promise<void>} stop  ends the server, its extension hosts, the pty host and all terminals
 */

/** Settings that keep a fresh editor quiet and on this machine. */
const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'update.showReleaseNotes': false,
  'chat.disableAIFeatures': true,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'git.openRepositoryInParentFolders': 'never',
  'security.workspace.trust.untrustedFiles': 'open',
};

/**
 * Starts the editor and waits until it listens.
 * @param {EditorOptions} options
 * @returns {Promise<Editor>}
 */
export async function startEditor(options) {
  const { userDataDir, extensionsDir, extensionDevelopmentPath, settings = {} } = options;
  const paths = await ensureEditor(options.log ? { log: options.log } : {});
  await mkdir(extensionsDir, { recursive: true });
  if (extensionDevelopmentPath) await linkExtension(extensionDevelopmentPath, extensionsDir);
  await writeSettings(userDataDir, settings);
  if (options.port) return launch(options, paths, options.port);
  const remembered = await rememberedPort(userDataDir);
  try {
    return await launch(options, paths, remembered);
  } catch (error) {
    if (!(error instanceof PortInUse)) throw error;
    // Somebody took it between our look and the start.
    return launch(options, paths, 0);
  }
}

class PortInUse extends UserError {}

/**
 * @param {EditorOptions} options
 * @param {import('./install.mjs').EditorPaths} paths
 * @param {number} port
 * @returns {Promise<Editor>}
 */
async function launch({ folder, userDataDir, extensionsDir, trust = 'disabled', env, extraArgs = [] }, paths, port) {
  const mark = randomBytes(8).toString('hex');
  // Whoever reaches the server can run programs: other users of this machine and other pages in the browser must not.
  const token = randomBytes(16).toString('hex');
  const tokenFile = join(userDataDir, `token-${mark}`);
  await writeFile(tokenFile, token, { mode: 0o600 });
  const args = [
    paths.serverMain,
    ...['--host', '127.0.0.1', '--port', String(port), '--connection-token-file', tokenFile, '--accept-server-license-terms', '--telemetry-level', 'off'],
    ...['--user-data-dir', userDataDir, '--server-data-dir', join(userDataDir, 'server'), '--extensions-dir', extensionsDir],
    ...(trust === 'disabled' ? ['--disable-workspace-trust'] : []),
    ...extraArgs,
  ];
  const supervisor = join(dirname(fileURLToPath(import.meta.url)), 'supervisor.mjs');
  const child = spawn(process.execPath, [supervisor, mark, paths.node, ...args], {
    env: serverEnvironment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C in our terminal then reaches the editor through us alone, so that the order of ending is ours.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  child.stdin.on('error', () => undefined);
  let output = '';
  /** @type {Promise<number>} */
  const ended = new Promise((done) => child.on('close', (code) => done(code ?? 1)));
  /** @type {NodeJS.Timeout | undefined} */
  let limit;
  const listening = new Promise((done, fail) => {
    const read = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk).slice(-1_000_000);
      const match = /Extension host agent listening on (\d+)/.exec(output);
      if (match) done(Number(match[1]));
      // The server says so, but stays.
      if (/EADDRINUSE/.test(output)) fail(new PortInUse(`Port ${port} is in use: choose another one.`));
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', fail);
    void ended.then(() => fail(new UserError(`The editor did not start: ${lastLine(output)}`)));
    limit = setTimeout(() => fail(new UserError(`The editor did not start within a minute: ${lastLine(output)}`)), 60_000);
  });
  const stop = async () => {
    child.stdin.end();
    // Node.js can hang in its own exit. By then the supervisor has done its work, or it is done below.
    const hung = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(hung);
    // The supervisor has done this already, unless it was killed itself.
    await endTree({ mark });
    await rm(tokenFile, { force: true });
  };
  try {
    const actualPort = await listening;
    const url = new URL(`http://127.0.0.1:${actualPort}/`);
    url.searchParams.set('tkn', token);
    if (folder) url.searchParams.set('folder', urlPath(folder));
    else url.searchParams.set('ew', 'true');
    await writeFile(join(userDataDir, 'port'), String(actualPort));
    return { url: url.href, port: actualPort, pid: child.pid ?? 0, mark, log: () => output, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

/**
 * Installs a packed extension into an extensions folder.
 * @param {string} vsix
 * @param {string} extensionsDir
 * @param {string} userDataDir
 */
export async function installExtension(vsix, extensionsDir, userDataDir) {
  const { node, serverMain } = await ensureEditor();
  const folders = ['--extensions-dir', extensionsDir, '--user-data-dir', userDataDir, '--server-data-dir', join(userDataDir, 'server')];
  await run(node, [serverMain, '--install-extension', vsix, ...folders, '--accept-server-license-terms', '--telemetry-level', 'off']);
}

/**
 * @param {string} userDataDir
 * @param {Record<string, unknown>} settings
 */
async function writeSettings(userDataDir, settings) {
  const file = join(userDataDir, 'User', 'settings.json');
  const present = await readFile(file, 'utf8').catch(() => '');
  /** @type {Record<string, unknown>} */
  let old;
  try {
    old = JSON.parse(present || '{}');
  } catch {
    // A person has put comments into the file: then it is theirs, and stays as it is.
    return;
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...quietSettings, ...old, ...settings }, undefined, 2)}\n`);
}

/**
 * The port of the last time, if it is free. The port is part of what the editor derives a workspace's identity from:
 * with another one, an extension would find an empty storage folder.
 * @param {string} userDataDir
 * @returns {Promise<number>} 0: any free one
 */
async function rememberedPort(userDataDir) {
  const port = Number(await readFile(join(userDataDir, 'port'), 'utf8').catch(() => '0'));
  return new Promise((done) => {
    const probe = createServer().once('error', () => done(0));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(port)));
  });
}

/**
 * @param {Record<string, string | undefined>} [extra]
 * @returns {NodeJS.ProcessEnv}
 */
function serverEnvironment(extra = {}) {
  // Variables of an editor or npm around us would make the new editor believe that it is part of that one.
  const kept = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|ELECTRON_|npm_)/.test(name) && name !== markVariable);
  return { ...Object.fromEntries(kept), ...extra };
}

/** @param {string} text */
const lastLine = (text) => text.trim().split('\n').at(-1) || 'it printed nothing.';
