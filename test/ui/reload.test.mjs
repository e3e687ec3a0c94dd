// What becomes of running agents when the window goes away and comes back: they are found again, and nothing that happened meanwhile is lost.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { repoRoot } from '../../scripts/editor/paths.mjs';
import { container, openFleet } from './fixtures/fleet.mjs';
import { useFleet } from './fixtures/useFleet.mjs';
import { until } from './support/until.mjs';

const fixtures = join(repoRoot, 'test', 'ui', 'fixtures');
/** Those that go on for the whole story. */
const lasting = ['login-flow', 'watcher', 'titled'];

describe('a fleet whose window goes away', () => {
  /** @type {string} */
  let flags;
  /** @type {Map<string, { runner: number, agent: number }>} */
  let before;
  const my = useFleet('reload', async () => {
    flags = await mkdtemp(join(tmpdir(), 'agent-fleet-flags-'));
    await writeFile(join(flags, 'title'), '✦ thinking');
    const customAgents = ['first', 'second'].map((name) => ({ name, command: [join(fixtures, 'agent.sh'), name, flags] }));
    return openFleet({
      settings: { 'agentFleet.notifications': 'off' },
      machineSettings: {
        'agentFleet.customAgents': customAgents,
        'agentFleet.agents.gemini.path': join(fixtures, 'titled.sh'),
        'agentFleet.agents.gemini.extraArgs': [flags],
      },
    });
  });
  after(() => rm(flags, { recursive: true, force: true }));

  /** The extension hosts of before are gone, those to come have not read anything yet: now the agent ends. */
  const endWhileAway = async (/** @type {string} */ name, /** @type {readonly number[]} */ hosts) => {
    await until('the extension host to go', () => my.fleet.window.extensionHostPids(), (pids) => !pids.some((pid) => hosts.includes(pid)));
    await writeFile(join(flags, `${name}.go`), '');
    await my.fleet.gone([before.get(name)?.agent ?? 0]);
  };
  const sameProcesses = async () => {
    const now = await my.fleet.agents();
    assert.deepEqual(lasting.map((name) => now.get(name)), lasting.map((name) => before.get(name)));
  };
  const allIsKnown = async () => {
    const { fleet } = my;
    const asking = await fleet.rowWhen('login-flow', /^wants to run /, 30_000);
    await fleet.rowWhen('watcher', /^(waits for the model|runs `watch)/);
    await fleet.rowWhen('migrate', /^failed: exit code 3/);
    await fleet.rowWhen('changelog', /^completed/);
    assert.ok((await fleet.tree.rows()).every((row) => !row.description.includes('attempt')), 'nothing was started again');
    assert.equal(asking.icon, 'warning');
    await until('the badge', () => fleet.window.viewBadge(container), (badge) => badge.label === '1 session needs you');
  };

  it('has agents of several kinds at work', async () => {
    const { fleet } = my;
    await fleet.showView();
    await fleet.tree.pane.getByRole('button', { name: 'Try the Demo Fleet' }).click();
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: ['changelog', 'migrate'] }, 30_000);
    for (const name of ['first', 'second']) {
      await fleet.spawn(name, name);
      await fleet.rowWhen(name, /^runs `wait: for the go`/);
    }
    await fleet.spawn('Gemini CLI', 'titled');
    await fleet.rowWhen('titled', /^working/);
    before = await fleet.agents();
    assert.deepEqual([...before.keys()].sort(), ['first', 'login-flow', 'second', 'titled', 'watcher']);
  });

  it('shows them all again after a reload, and what happened meanwhile', async () => {
    const { fleet } = my;
    const hosts = await fleet.window.extensionHostPids();
    await Promise.all([fleet.window.reloadWindow(), endWhileAway('first', hosts)]);
    await allIsKnown();
    await fleet.rowWhen('first', /^completed/);
    await fleet.rowWhen('second', /^runs `wait: for the go`/);
    await sameProcesses();
    await fleet.tree.inlineAction('first', 'Open Artifact…');
    await fleet.window.quickPick.wait('Which file?');
    await fleet.window.quickPick.pick('first.txt');
    await until('the file', () => fleet.window.editorText(), (text) => text === 'made by first\n');
  });

  it('finds their terminals again', async () => {
    const { fleet } = my;
    await until('the actions of the row', () => fleet.tree.inlineActions('watcher'), (actions) => actions.includes('Reveal Terminal'));
    await fleet.showTerminal('watcher');
    await until('its screen', () => fleet.window.terminalText(), (text) => text.includes('• watch'));
  });

  it('hears their titles again', async () => {
    await writeFile(join(flags, 'title'), '✋ waiting');
    await my.fleet.rowWhen('titled', /^asks for permission/);
    await writeFile(join(flags, 'title'), '✦ thinking');
    await my.fleet.rowWhen('titled', /^working/);
  });

  it('carries prompts to them', async () => {
    const { fleet } = my;
    await fleet.tree.inlineAction('watcher', 'Send Prompt…');
    await fleet.window.quickPick.wait('Send Prompt to “watcher”');
    await fleet.window.quickPick.enter('are you there');
    await fleet.rowWhen('watcher', /^idle/);
    await until('the prompt, once', () => fleet.window.terminalText(), (text) => text.match(/> are you there/g)?.length === 1);
  });

  it('survives the death of the extension host', async () => {
    const { fleet } = my;
    const hosts = await fleet.window.extensionHostPids();
    await Promise.all([fleet.window.killExtensionHost(), endWhileAway('second', hosts)]);
    await fleet.rowWhen('second', /^completed/, 30_000);
    await fleet.rowWhen('login-flow', /^wants to run /);
    await fleet.rowWhen('watcher', /^idle/);
    await sameProcesses();
    await until('the actions of the row', () => fleet.tree.inlineActions('login-flow'), (actions) => actions.includes('Reveal Terminal'));
    await writeFile(join(flags, 'title'), '◇ ready');
    await fleet.rowWhen('titled', /^idle/);
  });

  it('is counted in the status bar after a reload without the side bar', async () => {
    const { fleet } = my;
    await fleet.window.runCommand('View: Toggle Primary Side Bar Visibility');
    await fleet.tree.pane.waitFor({ state: 'hidden' });
    await fleet.window.reloadWindow();
    await until('the status bar', () => fleet.statusBar.text(), (text) => text === '2 running · 1 needs you', 30_000);
    assert.equal(await fleet.tree.pane.isVisible(), false);
    await until('the badge', () => fleet.window.viewBadge(container), (badge) => badge.text === '1');
    await fleet.showView();
    await sameProcesses();
  });
});
