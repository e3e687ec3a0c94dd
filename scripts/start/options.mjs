// The command line of npm start.
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export const help = `Tries Agent Fleet out in a real editor.

Usage: npm start -- [options]

  --folder DIR   Open this folder. Without it, a small sample repository is made and opened.
  --browser      Open in the browser, although VS Code is installed (its command is "code").
  --no-open      Print the address of the browser editor, open nothing.
  --port N       Port of the browser editor. Without it, the one of the last time, or any free one.
  --help         Show this text.

With VS Code installed, it starts with the extension loaded from this folder. Otherwise an editor is
installed from the npm registry (once, about 700 MB in the cache folder) and opened in the browser;
it listens on this machine only, sends no telemetry, and ends with all its terminals on Ctrl-C.
--no-open and --port imply --browser.

The first run installs what is missing with npm. In the browser editor the sample repository counts as
trusted (workspace trust is off); with --folder it asks whether you trust the folder, as VS Code does.

AGENT_FLEET_CACHE names another cache folder, for the editor, its settings and the sample repository.`;

/** A mistake on the command line: exit code 2. */
export class UsageError extends Error {
  name = 'UsageError';
}

/**
 * @typedef {object} StartOptions
 * @property {boolean} help
 * @property {string | undefined} folder
 * @property {boolean} browser
 * @property {boolean} open
 * @property {number} port  0: not given
 */

/**
 * Reads the command line, and checks what can be checked before anything is installed.
 * @param {string[]} args
 * @returns {Promise<StartOptions>}
 */
export async function readOptions(args) {
  const values = parse(args);
  const port = values.port === undefined ? 0 : Number(values.port);
  if (values.port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new UsageError(`--port takes a number from 1 to 65535, not "${values.port}".`);
  }
  // npm runs us in the package's folder; people mean the folder they stand in.
  const folder = values.folder === undefined ? undefined : resolve(process.env.INIT_CWD ?? process.cwd(), values.folder);
  if (folder !== undefined && !(await stat(folder).then((found) => found.isDirectory(), () => false))) {
    throw new UsageError(`There is no folder ${folder}.`);
  }
  const open = !values['no-open'];
  return { help: values.help === true, folder, browser: values.browser === true || !open || port > 0, open, port };
}

/** @param {string[]} args */
function parse(args) {
  try {
    return parseArgs({
      args,
      options: { folder: { type: 'string' }, help: { type: 'boolean', short: 'h' }, 'no-open': { type: 'boolean' }, port: { type: 'string' }, browser: { type: 'boolean' } },
    }).values;
  } catch (error) {
    const message = error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? '') : String(error);
    throw new UsageError(`${message.replace(/\.$/, '')}. See npm start -- --help.`);
  }
}
