// Looking back: the search, the documents about the fleet, other ends than a cancel, and events in files. The tests are one story.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openFleet } from './fixtures/fleet.mjs';
import { useFleet } from './fixtures/useFleet.mjs';
import { until } from './support/until.mjs';

/** @typedef {import('./support/quickInput.mjs').PickItem} PickItem */

describe('the history of a fleet', () => {
  const my = useFleet('history', () => openFleet({ timeoutMs: 30_000, settings: { 'agentFleet.notifications': 'off', 'agentFleet.retention.finishedSessions': 1 } }));
  const labels = (/** @type {readonly PickItem[]} */ items) => items.map(({ label }) => label);
  /** Opens the search, or goes on in it, and waits for what it finds. */
  const search = async (/** @type {string} */ input, /** @type {readonly string[]} */ found) => {
    const { quickPick, page } = my.fleet.window;
    if (!(await quickPick.widget.isVisible())) {
      await page.keyboard.press('Control+k');
      await page.keyboard.press('Shift+H');
      await quickPick.wait('Search History');
    }
    await quickPick.type(input);
    return quickPick.itemsWhen(`${JSON.stringify(found)} for “${input}”`, (items) => JSON.stringify(labels(items)) === JSON.stringify(found));
  };
  const help = ['Words', 'Filters', 'Times'];

  it('begins when a finished session leaves the list', async () => {
    const { fleet } = my;
    await fleet.showView();
    await fleet.tree.pane.getByRole('button', { name: 'Try the Demo Fleet' }).click();
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: ['changelog'] }, 60_000);
  });

  it('is found by words and filters, also what left the list', async () => {
    const [migrate] = await search('migrate', ['migrate']);
    assert.match(migrate?.description ?? '', /^failed · Demo agent · .* · no longer in the list$/);
    assert.equal(migrate?.detail, 'Try a migration that cannot work.', 'the only folder of the workspace is not named');
    await search('status:failed', ['migrate']);
    const [changelog] = await search('status:finished since:1h changelog', ['changelog']);
    assert.match(changelog?.description ?? '', /^completed · Demo agent · (just now|\d+s ago)$/);
    const [asking] = await search('agent:demo login', ['login-flow']);
    assert.match(asking?.description ?? '', /^needs permission · /);
    await my.fleet.window.quickPick.type('');
    const all = await my.fleet.window.quickPick.itemsWhen('all of them', ({ length }) => length === 4 + help.length);
    assert.deepEqual([labels(all).slice(0, 4).sort(), labels(all).slice(4)], [['changelog', 'login-flow', 'migrate', 'watcher'], help]);
  });

  it('says when nothing is found, and what a filter may be', async () => {
    await search('nobody', ['Nothing was found.', ...help]);
    const [problem, migrate] = await search('since:soon migrate', ['“since:soon” is no time.', 'migrate']);
    assert.match(problem?.detail ?? '', /^30m, 3h, 3d, /);
    assert.deepEqual([problem?.focused, migrate?.focused], [false, true], 'Enter is for the session');
  });

  it('opens the document of a session that left the list', async () => {
    const { window } = my.fleet;
    await window.page.keyboard.press('Enter');
    await window.editors.wait('migrate.txt');
    const text = await until('the document', () => window.editorText(), (shown) => shown.includes('no longer in the list'));
    assert.match(text, /^migrate · Demo agent · failed\n/);
    assert.match(text, /Outcome: +failed: exit code 3/);
    assert.match(text, /Told by: +agent’s own channel: failed\n/);
  });

  it('copies an ID, and starts a session again with its prompt', async () => {
    const { fleet } = my;
    const { quickPick, page } = fleet.window;
    await search('migrate', ['migrate']);
    await quickPick.itemButton('migrate', 'Copy Session ID');
    await quickPick.waitForClose();
    const id = await until('the ID', () => page.evaluate(() => navigator.clipboard.readText()), (text) => /^agent-\w{20}$/.test(text));
    assert.match(await fleet.window.editorText(), new RegExp(`Session: +${id}\n`));
    await search(id, ['migrate']);
    await quickPick.itemButton('migrate', 'Spawn Again with the Same Prompt…');
    await quickPick.wait(/^Spawn Demo agent/);
    await until('its name', () => quickPick.value(), (value) => value === 'migrate');
    await quickPick.enter('again');
    await until('its prompt', () => quickPick.value(), (value) => value === 'Try a migration that cannot work.');
    await quickPick.field.press('Enter');
    await quickPick.wait('What may it do without asking?');
    await quickPick.pick('Ask first');
    await fleet.rowWhen('again', /^(failed|completed)/, 30_000);
  });

  it('shows the fleet as a table, and who did what', async () => {
    const { window } = my.fleet;
    await window.runCommand('Agent Fleet: Show Dashboard');
    await window.editors.wait('Dashboard.txt');
    await until('the table', () => window.editorText(), (text) => /^Sessions of Agent Fleet\n\nID +Name +Kind +Status /.test(text) && /\w{8} +watcher +interactive +running +terminal/.test(text));
    await window.runCommand('Agent Fleet: Show Audit Log');
    await window.editors.wait('Audit Log.txt');
    await until('the entries', () => window.editorText(), (text) => /you +spawn +again +done/.test(text) && /you +spawn +watcher +done/.test(text));
  });

  it('retires an agent when its turn is over', async () => {
    const { fleet } = my;
    const agent = (await fleet.agents()).get('watcher');
    assert.ok(agent);
    await fleet.tree.inlineAction('watcher', 'Send Prompt…');
    await fleet.window.quickPick.wait('What should it do next?');
    await fleet.window.quickPick.enter('count the files');
    await fleet.rowWhen('watcher', /^idle/);
    await fleet.choose('watcher', 'Retire Session…');
    const { message, detail } = await fleet.window.dialog().read();
    assert.equal(message, 'Retire “watcher”?');
    assert.match(detail, /^It takes no new prompts\. .* 30 minutes, it is ended\.$/);
    await fleet.window.dialog().click('Retire');
    await fleet.rowWhen('watcher', /^retired after its last turn/, 30_000);
    await fleet.gone([agent.agent]);
  });

  it('writes events to a file, and reads back what was cleared', async () => {
    const { fleet } = my;
    const { quickPick } = fleet.window;
    const file = join(fleet.folder, 'agent-fleet-events.jsonl');
    await fleet.window.runCommand('Agent Fleet: Export Events…');
    await quickPick.wait('Of which sessions?');
    await quickPick.pick('The whole fleet');
    await until('the proposed file', () => quickPick.value(), (value) => value === file);
    await quickPick.button('OK');
    await fleet.window.notifications().wait(/^5 sessions with \d+ events were written to /);
    assert.match(await readFile(file, 'utf8'), /^\{.*\}\n/);
    await fleet.clearNotifications();
    await fleet.tree.inlineAction('Finished', 'Clear Finished');
    await fleet.window.dialog().click('Clear');
    await fleet.groupsAre({ 'Needs you': ['login-flow'] });
    await fleet.window.runCommand('Agent Fleet: Import Events…');
    await until('the folder', () => quickPick.value(), (value) => value === `${fleet.folder}/`);
    await quickPick.type(file);
    await quickPick.itemsWhen('the file', (items) => items.some(({ label, focused }) => focused && label === 'agent-fleet-events.jsonl'));
    await quickPick.button('Import');
    await fleet.window.notifications().wait(/^1 session was imported\. \d were here already and stay as they are\./);
    await fleet.rowWhen('watcher', /external/);
    await fleet.clearNotifications();
  });

  it('ends all agents at once, with the reason', async () => {
    const { fleet } = my;
    const pids = [...(await fleet.agents()).values()].map(({ agent }) => agent);
    await fleet.window.runCommand('Agent Fleet: End All Sessions…');
    assert.equal((await fleet.window.dialog().read()).message, 'End the 1 active session?');
    await fleet.window.dialog().click('End All');
    await fleet.window.quickPick.wait('Why? It is kept in their history. May be empty');
    await fleet.window.quickPick.enter('enough for today');
    await fleet.window.notifications().wait('1 session was ended.');
    await fleet.rowWhen('login-flow', /^cancelled: enough for today/);
    assert.equal(pids.length, 1);
    await fleet.gone(pids);
  });
});
