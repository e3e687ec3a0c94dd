#!/usr/bin/env node
/**
 * Installs pinned agent CLIs from npm into a cache folder, once, and says where they are.
 *
 *   import { ensureAgents } from './install.mjs';
 *   const { pi } = await ensureAgents(['pi']);     // { bin, version, path }
 *   node scripts/agents/install.mjs pi codex       // the same as JSON
 *
 * Each agent has a committed lock file with checksums, install scripts never run, and a folder
 * appears under its final name only when it is complete.
 */
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { catalog, oldestNode } from './catalog.mjs';

const run = promisify(execFile);
const locksFolder = fileURLToPath(new URL('./locks/', import.meta.url));

/**
 * @typedef {object} InstalledAgent
 * @property {string} bin  absolute path of the program
 * @property {string} version
 * @property {string} path  what to put in front of PATH, so that the program and its Node are found
 */

/** @type {Map<string, Promise<InstalledAgent>>} one installation per process and agent */
const underway = new Map();

/**
 * Makes sure that the named agents are installed. Safe to call at the same time from several processes.
 * @param {readonly string[]} names
 * @returns {Promise<Record<string, InstalledAgent>>}
 */
export async function ensureAgents(names) {
  /** @type {Record<string, InstalledAgent>} */
  const found = {};
  for (const name of names) {
    found[name] = await ensureOnce(name);
  }
  return found;
}

/** @param {string} name */
function ensureOnce(name) {
  let one = underway.get(name);
  if (one === undefined) {
    one = ensureAgent(name);
    underway.set(name, one);
    // A failed download may be tried again by the next caller.
    one.catch(() => underway.delete(name));
  }
  return one;
}

/** Folder that holds all installed agents. */
export function cacheFolder() {
  const root = process.env['AGENT_FLEET_CACHE'] ?? path.join(os.homedir(), '.cache', 'agent-fleet');
  return path.join(root, 'agents');
}

/** @param {string} name @returns {Promise<InstalledAgent>} */
async function ensureAgent(name) {
  const entry = Object.hasOwn(catalog, name) ? catalog[name] : undefined;
  if (entry === undefined) {
    throw new Error(`No agent named "${name}". Known: ${Object.keys(catalog).join(', ')}`);
  }
  if (name === 'node' && currentNodeIsNewEnough()) {
    return { bin: process.execPath, version: process.versions.node, path: path.dirname(process.execPath) };
  }
  const folder = path.join(cacheFolder(), `${name}-${entry.version}`);
  if (!(await exists(folder))) {
    await install(name, folder);
  }
  const bin = path.join(folder, 'node_modules', ...entry.bin(process.platform, process.arch).split('/'));
  if (!(await exists(bin))) {
    throw new Error(`${name} ${entry.version} has no program for ${process.platform}-${process.arch} (${bin})`);
  }
  const folders = [path.dirname(bin)];
  if (entry.needsNode === true) {
    folders.push((await ensureOnce('node')).path);
  }
  return { bin, version: entry.version, path: folders.join(path.delimiter) };
}

/**
 * Installs into a folder beside the final one and renames it: a killed installation leaves nothing
 * that a later run could mistake for a complete one.
 * @param {string} name @param {string} folder
 */
async function install(name, folder) {
  await fs.mkdir(path.dirname(folder), { recursive: true });
  const staging = await fs.mkdtemp(path.join(path.dirname(folder), `.staging-${name}-`));
  try {
    for (const file of ['package.json', 'package-lock.json']) {
      await fs.copyFile(path.join(locksFolder, name, file), path.join(staging, file));
    }
    await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], staging);
    await fs.rename(staging, folder);
  } catch (error) {
    await fs.rm(staging, { recursive: true, force: true });
    // Another process may have finished first. Its folder is as good as ours.
    if (!(await exists(folder))) {
      throw new Error(`Could not install ${name}`, { cause: error });
    }
  }
}

/** @param {string[]} args @param {string} cwd */
export async function npm(args, cwd) {
  // npm is a shell script on Windows, which only starts through a shell; the arguments are our own.
  await run('npm', args, { cwd, shell: process.platform === 'win32', maxBuffer: 16 * 1024 * 1024 });
}

function currentNodeIsNewEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = oldestNode;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** @param {string} file */
async function exists(file) {
  return fs.access(file).then(() => true, () => false);
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  if (names.length === 0) {
    console.error(`usage: node scripts/agents/install.mjs NAME...   (${Object.keys(catalog).join(', ')})`);
    process.exitCode = 2;
  } else {
    console.log(JSON.stringify(await ensureAgents(names), undefined, 2));
  }
}
