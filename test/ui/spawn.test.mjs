// Spawn Agent…: the questions it asks, the answers it refuses, and the places where it does not start anything.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { repoRoot } from '../../scripts/editor/paths.mjs';
import { openFleet } from './fixtures/fleet.mjs';
import { useFleet } from './fixtures/useFleet.mjs';
import { until } from './support/until.mjs';

const script = join(repoRoot, 'test', 'ui', 'fixtures', 'agent.sh');
/** Programs of the system, but no agent. */
const env = { PATH: '/usr/bin:/bin' };
const ask = {
  driver: 'Which agent?',
  name: /Name of the session/,
  prompt: /What should it do\? Leave empty/,
  policy: 'What may it do without asking?',
};

describe('spawning an agent', () => {
  /** @type {string} */
  let flags;
  const my = useFleet('spawn', async () => {
    flags = await mkdtemp(join(tmpdir(), 'agent-fleet-flags-'));
    const customAgents = [
      { name: 'Scripted', command: [script, 'scripted', flags] },
      { name: 'Absent', command: ['no-such-agent-here'] },
    ];
    return openFleet({ env, machineSettings: { 'agentFleet.customAgents': customAgents } });
  });
  after(() => rm(flags, { recursive: true, force: true }));
  const start = async () => {
    await my.fleet.window.runCommand('Agent Fleet: Spawn Agent…');
    await my.fleet.window.quickPick.wait(ask.driver);
  };
  /** @param {string} name */
  const answerUpToPolicy = async (name) => {
    const { quickPick } = my.fleet.window;
    await start();
    await quickPick.pick('Demo agent');
    await quickPick.wait(ask.name);
    await quickPick.enter(name);
    await quickPick.wait(ask.prompt);
    await quickPick.enter('');
    await quickPick.wait(ask.policy);
  };

  it('lists what is installed first, and the others with the reason', async () => {
    const { fleet } = my;
    await fleet.showView();
    await start();
    const items = await fleet.window.quickPick.items();
    const cut = items.findIndex((item) => item.separator === 'Not installed');
    assert.ok(cut > 0, 'there is a heading for the others');
    assert.deepEqual(items.slice(0, cut).map((item) => [item.label, item.description, item.detail]), [['Demo agent', '', ''], ['Scripted', '', script]]);
    for (const item of items.slice(cut)) {
      assert.equal(item.description, 'not installed', item.label);
      assert.match(item.detail, /\S/, item.label);
      assert.match(item.ariaLabel, /not installed/, item.label);
    }
    assert.equal(items.find((item) => item.label === 'Absent')?.detail, 'Install the command “no-such-agent-here”, or correct it in the setting of the custom agents.');
  });

  it('explains how to get an agent that is missing, and starts nothing', async () => {
    const { fleet } = my;
    await fleet.window.quickPick.pick('Absent');
    await fleet.window.notifications().wait('Absent was not found. Install the command “no-such-agent-here”');
    assert.deepEqual(await fleet.groups(), {});
    await fleet.clearNotifications();
  });

  it('refuses an empty name', async () => {
    const { quickPick } = my.fleet.window;
    await start();
    await quickPick.pick('Demo agent');
    await quickPick.wait(ask.name);
    assert.equal(await quickPick.value(), 'demo');
    await quickPick.type(' ');
    await until('the reason', () => quickPick.message(), (message) => message === 'Give it a name.');
    await quickPick.field.press('Enter');
    await until('the same question', () => quickPick.message(), (message) => message === 'Give it a name.');
  });

  it('goes back with what was said, and gives up on Escape', async () => {
    const { quickPick } = my.fleet.window;
    await quickPick.enter('first');
    await quickPick.wait(ask.prompt);
    await quickPick.button('Back');
    await quickPick.wait(ask.name);
    assert.equal(await quickPick.value(), 'first');
    await quickPick.button('Back');
    await quickPick.wait(ask.driver);
    await quickPick.escape();
    await quickPick.waitForClose();
    assert.deepEqual(await my.fleet.groups(), {});
  });

  it('offers the policies, each with its meaning', async () => {
    const { quickPick } = my.fleet.window;
    await answerUpToPolicy('careful');
    const items = await quickPick.items();
    assert.deepEqual(items.map((item) => item.label), ['Ask first', 'Allow edits', 'Read only', 'No permission checks']);
    assert.equal(items[0]?.description, 'default');
    assert.ok(items.every((item) => item.detail !== ''));
    await quickPick.escape();
  });

  it('asks each time before it starts an agent without permission checks', async () => {
    const { fleet } = my;
    const dialog = fleet.window.dialog();
    for (const name of ['wild-1', 'wild-2']) {
      await answerUpToPolicy(name);
      await fleet.window.quickPick.pick('No permission checks');
      const { message, detail } = await dialog.read();
      assert.equal(message, 'Start Demo agent without permission checks?');
      assert.match(detail, /without asking/);
      await dialog.click(name === 'wild-1' ? 'Cancel' : 'Start Without Checks');
    }
    await fleet.rowWhen('wild-2', /^completed · no permission checks/, 30_000);
    await fleet.groupsAre({ Finished: ['wild-2'] });
  });

  it('runs a command of the settings, which reports through its events file', async () => {
    const { fleet } = my;
    await fleet.spawn('Scripted', 'notes');
    await fleet.rowWhen('notes', /^runs `wait: for the go` · Scripted · /);
  });

  it('refuses a name that an active session has', async () => {
    const { quickPick } = my.fleet.window;
    await start();
    await quickPick.pick('Demo agent');
    await quickPick.wait(ask.name);
    await quickPick.type('notes');
    await until('the reason', () => quickPick.message(), (message) => message === 'An active session has this name already.');
    await quickPick.escape();
  });

  it('keeps what the command made, and its end', async () => {
    const { fleet } = my;
    await writeFile(join(flags, 'scripted.go'), '');
    await fleet.rowWhen('notes', /^completed · Scripted · /);
    await fleet.tree.inlineAction('notes', 'Open Artifact…');
    await fleet.window.quickPick.wait('Which file?');
    await fleet.window.quickPick.pick('scripted.txt');
    await until('the file', () => fleet.window.editorText(), (text) => text === 'made by scripted\n');
  });
});

describe('spawning in a folder that is not trusted', () => {
  const my = useFleet('untrusted', () => openFleet({ trust: 'enabled' }));

  it('is refused, and the view says why', async () => {
    const { fleet } = my;
    await fleet.showView({ trusted: false });
    assert.match(await fleet.welcome(), /starts none in Restricted Mode/);
    assert.deepEqual(await fleet.window.quickPick.findCommands('Agent Fleet: Spawn Agent…').then((labels) => labels.filter((label) => label.includes('Spawn'))), []);
    await fleet.window.page.keyboard.press('Control+k');
    await fleet.window.page.keyboard.press('a');
    assert.equal((await fleet.agents()).size, 0);
    // Also when everything has been read.
    assert.match(await fleet.welcome(), /starts none in Restricted Mode/);
    await fleet.tree.pane.getByRole('button', { name: 'Manage Workspace Trust' }).waitFor();
  });

  it('works once the folder is trusted', async () => {
    const { fleet } = my;
    await fleet.window.trustFolder();
    await until('the offer', () => fleet.welcome(), (text) => text.includes('Run several coding agents side by side'));
    await fleet.tree.pane.getByRole('button', { name: 'Try the Demo Fleet' }).click();
    await fleet.rowWhen('watcher', /^(waits for the model|runs `watch)/, 30_000);
  });
});

describe('spawning without a folder', () => {
  const my = useFleet('no-folder', () => openFleet({ empty: true }));

  it('is not offered, and the view says what to do first', async () => {
    const { fleet } = my;
    await fleet.showView({ trusted: false });
    assert.match(await fleet.welcome(), /Agents work in a folder\. Open one to start your fleet\./);
    await fleet.tree.pane.getByRole('button', { name: 'Open Folder' }).waitFor();
    const offered = await fleet.window.quickPick.findCommands('Agent Fleet: Spawn Agent…');
    assert.deepEqual(offered.filter((label) => label.includes('Spawn')), []);
  });
});
