// The fleet without a mouse: every step here is a key.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { openFleet } from './fixtures/fleet.mjs';
import { useFleet } from './fixtures/useFleet.mjs';
import { until } from './support/until.mjs';

describe('the fleet by keyboard', () => {
  const my = useFleet('keyboard', () => openFleet({ settings: { 'agentFleet.notifications': 'off' } }));
  const press = async (/** @type {string[]} */ ...keys) => {
    for (const key of keys) await my.fleet.window.page.keyboard.press(key);
  };
  /** @param {string} name */
  const focusIs = (name) => until(`the focus on ${name}`, () => my.fleet.tree.focusedRow(), (focused) => focused === name);
  const focusIsInView = () => until('the focus in the tree', () => my.fleet.tree.list.evaluate((list) => list.contains(document.activeElement)));
  const focusView = async () => {
    await my.fleet.window.runCommand('Agent Fleet: Focus on Sessions View');
    await focusIsInView();
  };

  it('starts the demo fleet from the palette', async () => {
    const { fleet } = my;
    await fleet.showView();
    await fleet.window.runCommand('Agent Fleet: Try the Demo Fleet');
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: ['changelog', 'migrate'] }, 30_000);
  });

  it('walks the rows with the arrow keys', async () => {
    await focusView();
    await press('Home');
    await focusIs('Needs you');
    for (const name of ['login-flow', 'Active', 'watcher', 'Finished']) {
      await press('ArrowDown');
      await focusIs(name);
    }
  });

  it('keeps the focus where it is while the rows change', async () => {
    await press('ArrowUp');
    await focusIs('watcher');
    const before = (await my.fleet.tree.read('watcher')).description;
    await my.fleet.rowWhen('watcher', (row) => row.description !== before);
    await focusIs('watcher');
  });

  it('opens the document of a session with Enter', async () => {
    await press('Enter');
    await my.fleet.window.editors.wait('watcher.txt');
    await until('the document', () => my.fleet.window.editorText(), (text) => text.startsWith('watcher · Demo agent'));
  });

  it('folds a group with Enter', async () => {
    await focusView();
    await press('Home', 'Enter');
    await until('the folded group', () => my.fleet.tree.rows(), (rows) => rows[0]?.expanded === false);
    await press('Enter');
    await until('the unfolded group', () => my.fleet.tree.rows(), (rows) => rows[0]?.expanded === true);
  });

  it('does nothing for Delete on a group', async () => {
    const { fleet } = my;
    await press('Home');
    await focusIs('Needs you');
    // The second key goes the same way and is answered after the first: then it is known that the first one did nothing.
    await press('Delete', 'Enter');
    await until('the folded group', () => fleet.tree.rows(), (rows) => rows[0]?.expanded === false);
    await press('Enter');
    await until('the unfolded group', () => fleet.tree.rows(), (rows) => rows[0]?.expanded === true);
    assert.equal(await fleet.window.dialog().isOpen(), false);
    assert.equal(await fleet.window.quickPick.widget.isVisible(), false);
  });

  it('cancels an agent with Delete, and takes no for an answer', async () => {
    const { fleet } = my;
    await press('ArrowDown', 'ArrowDown', 'ArrowDown');
    await focusIs('watcher');
    const agent = (await fleet.agents()).get('watcher');
    assert.ok(agent);
    await press('Delete');
    await fleet.window.dialog().wait('End the agent of “watcher”?');
    await press('Escape');
    await until('the question to go', async () => !(await fleet.window.dialog().isOpen()));
    assert.equal((await fleet.agents()).get('watcher')?.agent, agent.agent);
    await focusIsInView();
    await focusIs('watcher');
    await press('Delete');
    await fleet.window.dialog().wait('End the agent of “watcher”?');
    await press('Enter');
    await fleet.rowWhen('watcher', /^cancelled by you/);
    await fleet.gone([agent.agent]);
  });

  it('asks for a new agent with a chord', async () => {
    const { quickPick } = my.fleet.window;
    await focusView();
    await press('Control+k', 'a');
    await quickPick.wait('Which agent?');
    await press('Enter');
    await quickPick.wait(/Name of the session/);
    await quickPick.enter('helper');
    await quickPick.wait(/What should it do\?/);
    await quickPick.enter('help');
    await quickPick.wait(/What may it do/);
    await press('Enter');
    await my.fleet.rowWhen('helper', /^completed/, 30_000);
  });

  it('sends a prompt with a chord', async () => {
    const { fleet } = my;
    const { quickPick } = fleet.window;
    await fleet.window.runCommand('Agent Fleet: Try the Demo Fleet');
    await fleet.rowWhen('watcher', /^(waits for the model|runs `watch)/, 30_000);
    await focusView();
    await press('Control+k', 'Shift+a');
    await quickPick.wait('Which session?');
    await quickPick.type('watcher');
    await press('Enter');
    await quickPick.wait('Send Prompt to “watcher”');
    await quickPick.enter('go on');
    await fleet.rowWhen('watcher', /^idle/);
  });
});
