// Proves the harness itself, with a throw-away extension: node test/editor/selftest/run.mjs [tests | workbench]
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { listProcesses } from '../../../scripts/editor/processes.mjs';
import { vscodeExecutable } from '../../../scripts/editor/vscodeExecutable.mjs';
import { until } from '../../ui/support/until.mjs';
import { openWorkbench } from '../../ui/support/workbench.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const extension = join(here, 'extension');
const folder = await mkdtemp(join(tmpdir(), 'editor-selftest-'));
await writeFile(join(folder, 'note.txt'), 'a note\n');

const parts = { tests: checkTests, workbench: checkWorkbench };
const chosen = process.argv[2];
try {
  for (const [name, check] of Object.entries(parts)) {
    if (chosen && chosen !== name) continue;
    const started = Date.now();
    await check();
    console.log(`ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Extension tests run in a real extension host, their output arrives, and their outcome decides. */
async function checkTests() {
  const { runTests, TestRunFailedError } = await import('@vscode/test-electron');
  const vscodeExecutablePath = await vscodeExecutable();
  const attempt = async (/** @type {string} */ wish) => {
    const userDataDir = await mkdtemp(join(tmpdir(), 'editor-selftest-data-'));
    let output = '';
    const collect = new Writable({ write: (chunk, _encoding, done) => ((output += chunk), done()) });
    try {
      const code = await runTests({
        vscodeExecutablePath,
        extensionDevelopmentPath: extension,
        extensionTestsPath: join(here, 'suite.cjs'),
        launchArgs: [folder, `--user-data-dir=${userDataDir}`, `--extensions-dir=${join(userDataDir, 'extensions')}`],
        extensionTestsEnv: { SELFTEST_WISH: wish },
        stdout: collect,
        stderr: collect,
      });
      return { code, output };
    } catch (error) {
      if (error instanceof TestRunFailedError) return { code: error.code, output };
      throw error;
    } finally {
      await rm(userDataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  };
  const good = await attempt('pass');
  assert.equal(good.code, 0, good.output);
  assert.match(good.output, /selftest says hello/);
  const bad = await attempt('fail');
  assert.equal(bad.code, 1, bad.output);
  assert.match(bad.output, /the environment reaches the extension host/);
}

/** The page objects find what the extension shows; terminals outlive a reload and a dead extension host; nothing is left behind. */
async function checkWorkbench() {
  const window = await openWorkbench({ folder, extensionDevelopmentPath: extension });
  const status = window.statusBarItem('selftest.status');
  const says = (/** @type {string} */ text) => until(`the status bar to say ${text}`, () => status.text(), (value) => value === text);
  let processes;
  try {
    await status.wait();
    await says('ready');
    assert.deepEqual(await status.icons(), ['beaker']);

    await window.openViewContainer('Self-Test');
    const tree = window.tree('Things');
    await tree.wait();
    assert.deepEqual(await window.viewBadge('Self-Test'), { text: '2', label: '2 things' });
    const pear = await tree.read('Pear');
    assert.deepEqual([pear.description, pear.ariaLabel, pear.level, pear.icon], ['green', 'Pear, green', 1, 'circle-outline']);
    await tree.expand('Apple');
    assert.equal((await tree.read('Seed')).level, 2);
    await tree.inlineAction('Pear', 'Poke');
    await window.notifications().click('Poked Pear', 'Thanks');
    await tree.contextAction('Pear', 'Ask');
    assert.deepEqual((await window.dialog().read()).message, 'Go on?');
    await window.dialog().click('Go');
    await says('answered Go');

    await window.runCommand('Self-Test: Pick One');
    await window.quickPick.wait('Pick');
    assert.deepEqual((await window.quickPick.items()).map((item) => [item.label, item.description]), [['First', 'one'], ['Second', 'two']]);
    await window.quickPick.pick('Second');
    await window.quickPick.wait('Which name?');
    await window.inputBox('Bob');
    await says('picked Second as Bob');

    await window.runCommand('Self-Test: Open Terminal');
    const line = await until('the terminal to speak', () => window.terminalText(), (text) => /running as \d+/.test(text));
    const pid = Number(/running as (\d+)/.exec(line)?.[1]);
    const runs = async () => (await window.processes()).some((entry) => entry.pid === pid);
    assert.ok(await runs(), 'the terminal runs');
    await window.reloadWindow();
    await says('ready');
    await until('the old terminal to be shown again', () => window.terminalText(), (text) => text.includes(`running as ${pid}`));
    assert.ok(await runs(), 'the terminal outlives a reload');
    await window.runCommand('Self-Test: Pick One');
    await window.quickPick.wait('Pick');
    await window.quickPick.escape();
    await window.quickPick.wait('Which name?');
    await window.inputBox('nobody');
    await says('picked undefined as nobody');
    await window.killExtensionHost();
    await says('ready');
    assert.ok(await runs(), 'the terminal outlives its extension host');
    processes = await window.processes();
  } catch (error) {
    await window.screenshot(join(tmpdir(), 'editor-selftest.png'));
    throw error;
  } finally {
    await window.close();
  }
  const alive = await listProcesses();
  assert.deepEqual(alive.filter((entry) => processes.some((old) => old.pid === entry.pid)), [], 'nothing is left behind');
}
