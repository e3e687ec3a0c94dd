// Several windows on one folder: one owns the registry, the others show it and act through it, and take over when it is gone.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { repoRoot } from '../../scripts/editor/paths.mjs';
import { FleetWindow, openFleet } from './fixtures/fleet.mjs';
import { useFleet } from './fixtures/useFleet.mjs';
import { until } from './support/until.mjs';

const patience = 45_000;
const elsewhere = / · terminal in another window · /;

describe('a fleet in two windows', () => {
  /** @type {string} */
  let flags;
  /** @type {FleetWindow} */
  let second;
  /** @type {FleetWindow} */
  let third;
  /** @type {Map<string, { runner: number, agent: number }>} */
  let before;
  const my = useFleet('windows', async () => {
    flags = await mkdtemp(join(tmpdir(), 'agent-fleet-flags-'));
    return openFleet({
      timeoutMs: patience,
      settings: { 'agentFleet.notifications': 'off' },
      machineSettings: { 'agentFleet.customAgents': [{ name: 'worker', command: [join(repoRoot, 'test', 'ui', 'fixtures', 'agent.sh'), 'worker', flags] }] },
    });
  });
  after(() => rm(flags, { recursive: true, force: true }));

  const openAnother = async () => {
    const { fleet } = my;
    const window = new FleetWindow(await fleet.window.openSecondWindow(), fleet, () => Promise.resolve());
    await window.showView();
    return window;
  };
  const sameProcesses = async (/** @type {FleetWindow} */ window, /** @type {readonly string[]} */ names) => {
    const now = await window.agents();
    assert.deepEqual(names.map((name) => now.get(name)), names.map((name) => before.get(name)));
  };

  it('is shown live by the second window, which says where the terminals are', async () => {
    const { fleet } = my;
    await fleet.showView();
    await fleet.tree.pane.getByRole('button', { name: 'Try the Demo Fleet' }).click();
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: ['changelog', 'migrate'] }, 60_000);
    second = await openAnother();
    await second.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: ['changelog', 'migrate'] }, patience);
    await second.rowWhen('login-flow', (row) => /^wants to run /.test(row.description) && elsewhere.test(row.description) && row.icon === 'warning', patience);
    const { description } = await second.tree.read('watcher');
    await second.rowWhen('watcher', (row) => row.description !== description && elsewhere.test(row.description), patience);
    assert.equal(await second.message(), '');
    assert.deepEqual(await second.tree.inlineActions('login-flow'), ['Cancel… (Del)']);
    assert.deepEqual(await second.tree.inlineActions('watcher'), ['Send Prompt…', 'Cancel… (Del)']);
  });

  it('takes a prompt from the second window, once', async () => {
    const { fleet } = my;
    await second.tree.inlineAction('watcher', 'Send Prompt…');
    await second.window.quickPick.wait('What should it do next?');
    await second.window.quickPick.enter('count the files');
    await second.rowWhen('watcher', /^idle/, patience);
    await fleet.rowWhen('watcher', /^idle/);
    await fleet.showTerminal('watcher');
    await until('the prompt, once', () => fleet.window.terminalText(), (text) => text.match(/> count the files/g)?.length === 1 && text.includes('Waiting for a prompt.'));
  });

  it('starts an agent in the terminal of the window that was asked', async () => {
    const { fleet } = my;
    await second.spawn('worker', 'worker');
    await second.rowWhen('worker', (row) => row.description.startsWith('runs `wait: for the go`') && !elsewhere.test(row.description), patience);
    await fleet.rowWhen('worker', (row) => row.description.startsWith('runs `wait: for the go`') && elsewhere.test(row.description), patience);
    assert.deepEqual(await second.window.terminalTabs(), ['worker']);
    assert.equal((await fleet.window.terminalTabs()).includes('worker'), false);
    before = await fleet.agents();
    assert.deepEqual([...before.keys()].sort(), ['login-flow', 'watcher', 'worker']);
  });

  it('is ended from the second window', async () => {
    const { fleet } = my;
    await second.tree.inlineAction('login-flow', 'Cancel…');
    await second.window.dialog().click('End Agent');
    await second.rowWhen('login-flow', /^cancelled by you/, patience);
    await fleet.rowWhen('login-flow', /^cancelled by you/);
    await fleet.gone([before.get('login-flow')?.agent ?? 0]);
  });

  it('is shown again by a window that was reloaded, without a word about the others', async () => {
    await second.window.page.addInitScript(() => {
      /** @type {Set<string>} */
      const seen = new Set();
      Object.assign(globalThis, { seenMessages: seen });
      const look = () => document.querySelectorAll('.tree-explorer-viewlet-tree-view .message').forEach((message) => seen.add(message.textContent ?? ''));
      new window.MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
    });
    await second.window.reloadWindow();
    await second.rowWhen('worker', (row) => row.description.startsWith('runs ') && !elsewhere.test(row.description), patience);
    await second.rowWhen('watcher', elsewhere, patience);
    const seen = await second.window.page.evaluate(() => [.../** @type {{ seenMessages: Set<string> }} */ (/** @type {unknown} */ (globalThis)).seenMessages]);
    assert.deepEqual(seen.filter((message) => message !== '' && !message.startsWith('There is no data provider')), []);
    await sameProcesses(second, ['watcher', 'worker']);
  });

  it('is taken over when the owner’s window is closed', async () => {
    const { fleet } = my;
    const hosts = await fleet.window.extensionHostPids();
    await fleet.window.page.close({ runBeforeUnload: true });
    await until('the extension host of the first window to go', () => fleet.window.extensionHostPids(), (pids) => pids.length === hosts.length - 1, patience);
    await second.rowWhen('watcher', (row) => row.description.startsWith('idle') && !elsewhere.test(row.description), patience);
    await sameProcesses(second, ['watcher', 'worker']);
    await second.tree.inlineAction('watcher', 'Cancel…');
    await second.window.dialog().click('End Agent');
    await second.rowWhen('watcher', /^cancelled by you/, patience);
    await second.screenshot('windows-took-over');
  });

  it('is taken over when the owner’s extension host dies', async () => {
    const [owner, ...others] = await second.window.extensionHostPids();
    assert.ok(owner !== undefined && others.length === 0);
    third = await openAnother();
    await third.rowWhen('worker', /^runs /, patience);
    process.kill(owner, 'SIGKILL');
    await until('the extension host to come back', () => third.window.extensionHostPids(), (pids) => pids.length === 2 && !pids.includes(owner), patience);
    await sameProcesses(third, ['worker']);
    await third.tree.inlineAction('worker', 'Cancel…');
    await third.window.dialog().click('End Agent');
    await third.rowWhen('worker', /^cancelled by you/, patience);
    await second.rowWhen('worker', /^cancelled by you/, patience);
    await third.screenshot('windows-third');
    const all = { Finished: ['changelog', 'login-flow', 'migrate', 'watcher', 'worker'] };
    await third.groupsAre(all);
    await second.groupsAre(all, patience);
  });
});
