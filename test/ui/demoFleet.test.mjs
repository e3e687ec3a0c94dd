// The demo fleet from the first click to the last, by mouse. The tests of this file are one story: each goes on where the last one ended.
import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { container, openFleet } from './fixtures/fleet.mjs';
import { useFleet } from './fixtures/useFleet.mjs';
import { until } from './support/until.mjs';

describe('the demo fleet', () => {
  const my = useFleet('demo', () => openFleet());

  it('is offered by the empty view, which starts nothing by itself', async () => {
    const { fleet } = my;
    await fleet.showView();
    assert.match(await fleet.welcome(), /Run several coding agents side by side/);
    await fleet.tree.pane.getByRole('button', { name: 'Spawn Agent…' }).waitFor();
    await fleet.tree.pane.getByRole('button', { name: 'Try the Demo Fleet' }).waitFor();
    assert.equal((await fleet.agents()).size, 0);
    assert.equal(await fleet.statusBar.isVisible(), false);
  });

  it('starts four agents and says in words and icons what became of each', async () => {
    const { fleet } = my;
    await fleet.tree.pane.getByRole('button', { name: 'Try the Demo Fleet' }).click();
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: ['changelog', 'migrate'] }, 30_000);
    const asking = await fleet.rowWhen('login-flow', /^wants to run `.*demo-output\/login-flow\.md` · 30% done · Demo agent · /);
    assert.equal(asking.icon, 'warning');
    assert.match(asking.ariaLabel, /^login-flow, needs permission, wants to run .*demo-output\/login-flow\.md, 30% done, Demo agent, running for /);
    await fleet.rowWhen('watcher', (row) => /^(waits for the model|runs `watch)/.test(row.description) && ['cloud', 'tools'].includes(row.icon));
    await fleet.rowWhen('changelog', (row) => /^completed · Demo agent · \d+s$/.test(row.description) && row.icon === 'check');
    await fleet.rowWhen('migrate', (row) => row.description.startsWith('failed: exit code 3 · ') && row.icon === 'error');
    const [needy, ...others] = (await fleet.tree.rows()).filter((row) => row.level === 1);
    assert.deepEqual([needy?.description, needy?.ariaLabel], ['1', 'Needs you, 1 session']);
    assert.deepEqual(others.map((row) => row.ariaLabel), ['Active, 1 session', 'Finished, 2 sessions']);
  });

  it('is counted by the badge and the status bar', async () => {
    const { fleet } = my;
    assert.deepEqual(await fleet.window.viewBadge(container), { text: '1', label: '1 session needs you' });
    await until('the status bar', () => fleet.statusBar.text(), (text) => text === '1 running · 1 needs you');
    assert.deepEqual(await fleet.statusBar.icons(), ['rocket', 'bell']);
    assert.equal(await fleet.statusBar.ariaLabel(), 'Agent Fleet: 1 running, 1 needs you');
  });

  it('announces the question and the failure, nothing else', async () => {
    const notices = my.fleet.window.notifications();
    await until('both notifications', () => notices.list(), (list) => list.length === 2);
    const list = await notices.list();
    const question = list.find((notice) => notice.text.startsWith('login-flow wants to run'));
    const failure = list.find((notice) => notice.text === 'migrate: failed: exit code 3');
    assert.deepEqual([question?.severity, question?.buttons], ['warning', ['Reveal Terminal']]);
    assert.deepEqual([failure?.severity, failure?.buttons], ['error', ['Inspect']]);
    await my.fleet.clearNotifications();
  });

  it('offers for each row what can be done with it, and no more', async () => {
    const { tree } = my.fleet;
    assert.deepEqual(await tree.inlineActions('login-flow'), ['Reveal Terminal', 'Cancel… (Del)']);
    assert.deepEqual(await tree.inlineActions('watcher'), ['Reveal Terminal', 'Send Prompt…', 'Cancel… (Del)']);
    assert.deepEqual(await tree.inlineActions('changelog'), ['Reveal Terminal', 'Open Artifact…']);
    assert.deepEqual(await tree.inlineActions('migrate'), ['Reveal Terminal', 'Open Artifact…', 'Restart']);
  });

  it('opens a changed file as a comparison, and a new one as it is', async () => {
    const { fleet } = my;
    const { quickPick, editors } = fleet.window;
    await fleet.tree.inlineAction('changelog', 'Open Artifact…');
    await quickPick.wait('Which file?');
    assert.equal(await quickPick.title(), 'Artifacts of “changelog”');
    await quickPick.pick('README.md');
    await editors.wait('README.md (last commit ↔ now)');
    await until('the comparison', () => editors.isDiff());
    await until('the new line', () => editors.text(), (text) => text.includes('- changelog: see demo-output/changelog.md'));
    await fleet.tree.inlineAction('changelog', 'Open Artifact…');
    await quickPick.wait('Which file?');
    await quickPick.pick('changelog.md');
    await editors.wait('changelog.md');
    await until('the new file', () => editors.text(), (text) => text.startsWith('# changelog'));
    assert.equal(await editors.isDiff(), false);
  });

  it('is answered in its terminal', async () => {
    const { fleet } = my;
    await fleet.showTerminal('login-flow');
    await until('the question', () => fleet.window.terminalText(), (text) => text.includes('May I? y = yes, n = no'));
    await fleet.window.terminals.type('y', { enter: false });
    await fleet.groupsAre({ Active: ['watcher'], Finished: ['changelog', 'login-flow', 'migrate'] });
    await fleet.rowWhen('login-flow', /^completed/);
    assert.deepEqual(await fleet.window.viewBadge(container), { text: '', label: '' });
    await until('the status bar', () => fleet.statusBar.text(), (text) => text === '1 running');
    await until('the words about the end', () => fleet.window.terminalText(), (text) => /login-flow.*(ended|completed)|ended/i.test(text));
  });

  it('starts a failed agent again as a second attempt', async () => {
    const { fleet } = my;
    await fleet.tree.inlineAction('migrate', 'Restart');
    await until('two rows', () => fleet.tree.rows(), (rows) => rows.filter((row) => row.name === 'migrate').length === 2);
    await fleet.rowWhen('migrate', /^failed: exit code 3 · attempt 2 · /);
    await fleet.window.notifications().wait('migrate: failed: exit code 3');
    await fleet.clearNotifications();
  });

  it('tells all that is known of a session in a document that follows it', async () => {
    const { fleet } = my;
    const { editors } = fleet.window;
    await fleet.choose('watcher', 'Inspect');
    await editors.wait('watcher.txt');
    const shown = await until('the document', () => editors.text(), (text) => text.includes('watcher · Demo agent · '));
    assert.match(shown, /Status: +running\n/);
    assert.match(shown, /Process is: +alive\n/);
    assert.equal(Number(/Agent: +pid (\d+)/.exec(shown)?.[1]), (await fleet.agents()).get('watcher')?.agent);
    const round = (/** @type {string} */ text) => Number(/round (\d+)/.exec(text)?.[1] ?? 0);
    const first = await until('a round', async () => round(await editors.text()));
    await until('a later round', async () => round(await editors.text()), (later) => later > first);
    await fleet.window.page.locator('.part.editor .view-lines:visible').last().click();
    await fleet.window.page.keyboard.type('x');
    await fleet.window.page.getByText(/Cannot edit in read-only editor/).first().waitFor();
    await fleet.window.page.keyboard.press('Escape');
  });

  it('carries a prompt to an agent, once', async () => {
    const { fleet } = my;
    const { quickPick } = fleet.window;
    await fleet.tree.inlineAction('watcher', 'Send Prompt…');
    await quickPick.wait('What should it do next?');
    assert.equal(await quickPick.title(), 'Send Prompt to “watcher”');
    await quickPick.enter('count the files');
    await fleet.rowWhen('watcher', (row) => row.description.startsWith('idle · ') && row.icon === 'circle-outline');
    await fleet.showTerminal('watcher');
    const text = await until('the end of the turn', () => fleet.window.terminalText(), (shown) => shown.includes('Waiting for a prompt.'));
    assert.equal(text.match(/> count the files/g)?.length, 1);
  });

  it('tells which of the chosen sessions could not take a prompt', async () => {
    const { fleet } = my;
    await fleet.tree.selectMany(['changelog', 'watcher']);
    await fleet.window.runCommand('Agent Fleet: Send Prompt…');
    await fleet.window.quickPick.wait('Send Prompt to 2 Sessions');
    await fleet.window.quickPick.enter('again');
    await fleet.window.notifications().wait(/The prompt was sent to 1 of 2 sessions\. .*changelog.* has ended: completed/);
    await fleet.clearNotifications();
  });

  it('takes a prompt for several agents at once', async () => {
    const { fleet } = my;
    await fleet.window.runCommand('Agent Fleet: Try the Demo Fleet');
    await fleet.rowWhen('watcher-2', /^(waits for the model|runs `watch)/, 30_000);
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher', 'watcher-2'], Finished: ['changelog', 'changelog', 'login-flow', 'migrate', 'migrate', 'migrate'] }, 30_000);
    await fleet.tree.selectMany(['watcher', 'watcher-2']);
    await fleet.choose('watcher-2', 'Send Prompt…');
    await fleet.window.quickPick.wait('Send Prompt to 2 Sessions');
    await fleet.window.quickPick.enter('say hello');
    await fleet.rowWhen('watcher-2', /^idle/);
    for (const name of ['watcher', 'watcher-2']) {
      await fleet.showTerminal(name);
      await until(`the prompt in ${name}`, () => fleet.window.terminalText(), (text) => text.match(/> say hello/g)?.length === 1);
    }
    await fleet.clearNotifications();
  });

  it('interrupts a turn and lets the session go on', async () => {
    const { fleet } = my;
    await fleet.choose('login-flow', 'Interrupt Turn');
    await fleet.rowWhen('login-flow', /^idle/);
    await fleet.showTerminal('login-flow');
    await until('the words of the agent', () => fleet.window.terminalText(), (text) => text.includes('Interrupted. What should I do instead?'));
  });

  it('marks a session as completed with a summary, and ends its agent', async () => {
    const { fleet } = my;
    const pids = Object.values((await fleet.agents()).get('watcher-2') ?? {});
    await fleet.choose('watcher-2', 'Mark Completed…');
    await fleet.window.quickPick.wait('Mark “watcher-2” as Completed');
    await fleet.window.quickPick.enter('nothing left to watch');
    assert.deepEqual((await fleet.window.dialog().read()).buttons.sort(), ['Cancel', 'Mark Completed']);
    await fleet.window.dialog().click('Mark Completed');
    await fleet.rowWhen('watcher-2', /^marked as completed by you: nothing left to watch · /);
    assert.equal(pids.length, 2);
    await fleet.gone(pids.slice(1));
  });

  it('ends an agent with all its processes, after a question', async () => {
    const { fleet } = my;
    const dialog = fleet.window.dialog();
    const agent = (await fleet.agents()).get('watcher');
    assert.ok(agent);
    await fleet.tree.inlineAction('watcher', 'Cancel…');
    assert.equal((await dialog.read()).message, 'End the agent of “watcher”?');
    await dialog.click('Cancel');
    assert.match((await fleet.tree.read('watcher')).description, /^idle/);
    await fleet.tree.inlineAction('watcher', 'Cancel…');
    await dialog.click('End Agent');
    await fleet.rowWhen('watcher', (row) => row.description.startsWith('cancelled by you · ') && row.icon === 'circle-slash');
    await fleet.gone([agent.agent]);
  });

  it('forgets finished sessions when asked to, and keeps the others', async () => {
    const { fleet } = my;
    await fleet.tree.inlineAction('Finished', 'Clear Finished');
    assert.equal((await fleet.window.dialog().read()).message, 'Clear 8 finished sessions?');
    await fleet.window.dialog().click('Clear');
    await fleet.groupsAre({ Active: ['login-flow'] });
    await until('one terminal', () => fleet.window.terminalTabs(), (tabs) => tabs.length === 1);
  });
});
