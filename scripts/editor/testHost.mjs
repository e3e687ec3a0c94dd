// Runs extension tests in the real editor: server and headless workbench, test output to our output, the tests' code as ours.
// It takes the arguments of the desktop editor and leaves those alone that make no sense here.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { chromiumFlags, ensureChromium } from './chromium.mjs';
import { ensureEditor } from './install.mjs';
import { UserError } from './run.mjs';
import { startEditor } from './server.mjs';
import { urlPath } from './uriPath.mjs';

const options = parse(process.argv.slice(2));
const limitMs = Number(process.env.AGENT_FLEET_TEST_LIMIT_MS ?? 600_000);

/** @type {(() => Promise<unknown>)[]} */
const undo = [];
let ending = false;
/**
 * Ends everything, then this process.
 * @param {number} code
 * @param {string} [reason]
 */
async function end(code, reason) {
  if (ending) return;
  ending = true;
  if (reason) console.error(reason);
  for (const step of undo.reverse()) await step().catch((error) => console.error(error));
  process.exit(code);
}
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => void end(1, `Ended by ${name}.`));

try {
  await start();
} catch (error) {
  await end(1, error instanceof UserError ? error.message : String(error instanceof Error ? error.stack : error));
}

async function start() {
  if (!options.tests) throw new UserError('Say which tests to run: --extensionTestsPath=FILE.');
  const executablePath = await ensureChromium();
  const { playwright } = await ensureEditor();
  const { chromium } = /** @type {typeof import('playwright-core')} */ (await import(pathToFileURL(playwright).href));
  const scratch = await mkdtemp(join(tmpdir(), 'agent-fleet-tests-'));
  undo.push(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));
  const editor = await startEditor({
    ...(options.folder ? { folder: options.folder } : {}),
    userDataDir: options.userDataDir ?? scratch,
    extensionsDir: options.extensionsDir ?? join(scratch, 'extensions'),
    trust: options.trust,
    // The page takes the paths of tests only together with this flag.
    extraArgs: ['--enable-smoke-test-driver'],
  });
  undo.push(() => editor.stop());
  void editor.ended.then((code) => end(1, `The editor's server ended with code ${code}.\n${editor.log().slice(-4000)}`));
  const browser = await chromium.launch({ executablePath, args: chromiumFlags, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
  undo.push(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
  /** @type {string[]} */
  const consoleTail = [];
  page.on('console', (message) => {
    consoleTail.push(message.text());
    if (consoleTail.length > 40) consoleTail.shift();
  });
  page.on('crash', () => void end(1, 'The browser page crashed.'));
  await page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown[]} */ args) => {
    const line = format(...args);
    if (type === 'error' || type === 'warn') console.error(line);
    else console.log(line);
  });
  await page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => void end(code));
  setTimeout(() => {
    void end(1, `The tests took longer than ${limitMs / 1000} s. The window's last messages:\n${consoleTail.join('\n')}`);
  }, limitMs).unref();
  const location = (/** @type {string} */ path) => `vscode-remote://127.0.0.1:${editor.port}${urlPath(path)}`;
  const url = new URL(editor.url);
  const payload = [
    ...options.extensions.map((path) => ['extensionDevelopmentPath', location(path)]),
    ['extensionTestsPath', location(options.tests)],
    ['skipWelcome', 'true'],
  ];
  url.searchParams.set('payload', JSON.stringify(payload));
  await page.goto(url.href);
}

/**
 * @param {readonly string[]} args
 */
function parse(args) {
  /** @type {{ extensions: string[], tests?: string, folder?: string, userDataDir?: string, extensionsDir?: string, trust: 'enabled' | 'disabled' }} */
  const found = { extensions: [], trust: 'enabled' };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    const [name = '', inline] = arg.startsWith('--') ? split(arg) : ['', arg];
    // These take a value, also as an argument of its own.
    const value = () => resolve(inline ?? args[++index] ?? '');
    if (name === '') found.folder = resolve(arg);
    else if (name === '--extensionDevelopmentPath') found.extensions.push(value());
    else if (name === '--extensionTestsPath') found.tests = value();
    else if (name === '--user-data-dir') found.userDataDir = value();
    else if (name === '--extensions-dir') found.extensionsDir = value();
    else if (name === '--disable-workspace-trust') found.trust = 'disabled';
  }
  return found;
}

/** @param {string} arg */
function split(arg) {
  const at = arg.indexOf('=');
  return at < 0 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)];
}
