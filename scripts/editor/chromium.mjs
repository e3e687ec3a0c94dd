// A browser for the headless workbench: one that is already there, or on Debian and its kin the packaged Chromium.
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { run, UserError } from './run.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'microsoft-edge-stable', 'chrome', 'msedge'];

/** Flags for a browser that talks to this machine only, and runs as root and without a graphics card. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Finds a Chrome, Chromium or Edge; installs Debian's Chromium where there is none and that is possible.
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<string>} the path of its executable
 */
export async function ensureChromium({ log = (line) => console.error(line) } = {}) {
  const named = process.env.CHROME_PATH;
  if (named) {
    if (await isExecutable(named)) return named;
    throw new UserError(`CHROME_PATH names ${named}, which is not a program: set it to a Chrome, Chromium or Edge.`);
  }
  const found = await findChromium();
  if (found) return found;
  const apt = process.platform === 'linux' && (await onPath('apt-get'));
  if (apt) {
    const root = process.getuid?.() === 0;
    const sudo = root ? undefined : await onPath('sudo');
    const allowed = root || (sudo !== undefined && (await run(sudo, ['-n', 'true']).then(() => true, () => false)));
    if (allowed) {
      log('Installing Chromium with apt-get …');
      const prefix = sudo ? [sudo, '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'] : ['env', 'DEBIAN_FRONTEND=noninteractive'];
      const [program = 'env', ...rest] = prefix;
      try {
        await run(program, [...rest, apt, 'update']);
        await run(program, [...rest, apt, 'install', '-y', '--no-install-recommends', 'chromium']);
      } catch (error) {
        throw new UserError('Chromium could not be installed with apt-get: install Chrome, Chromium or Edge yourself, or set CHROME_PATH to one.', { cause: error });
      }
      const installed = await findChromium();
      if (installed) return installed;
    }
  }
  throw new UserError('No Chrome, Chromium or Edge was found: install one, or set CHROME_PATH to its program.');
}

/** @returns {Promise<string | undefined>} */
async function findChromium() {
  for (const name of names) {
    const path = await onPath(name);
    if (path) return path;
  }
  for (const path of usualPlaces()) if (await isExecutable(path)) return path;
  return undefined;
}

/** @returns {string[]} */
function usualPlaces() {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (process.platform === 'win32') {
    const { ProgramFiles, LOCALAPPDATA } = process.env;
    const roots = [ProgramFiles, process.env['ProgramFiles(x86)'], LOCALAPPDATA].filter((root) => root !== undefined);
    return roots.flatMap((root) => [join(root, 'Google', 'Chrome', 'Application', 'chrome.exe'), join(root, 'Microsoft', 'Edge', 'Application', 'msedge.exe')]);
  }
  return ['/snap/bin/chromium', '/opt/google/chrome/chrome'];
}

/**
 * Looks a program up on PATH, as a shell would.
 * @param {string} name
 * @returns {Promise<string | undefined>}
 */
export async function onPath(name) {
  const endings = process.platform === 'win32' ? (process.env.PATHEXT ?? '.EXE;.CMD').split(';') : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

/** @param {string} path */
const isExecutable = (path) => access(path, constants.X_OK).then(() => true, () => false);
