// The story that every agent goes through, told by the real CLI in the real editor. Each step goes on where the last one ended.
import assert from 'node:assert/strict';
import { glob, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { repoRoot } from '../../../scripts/editor/paths.mjs';
import { listProcesses } from '../../../scripts/editor/processes.mjs';
import { container } from '../../ui/fixtures/fleet.mjs';
import { useFleet } from '../../ui/fixtures/useFleet.mjs';
import { until } from '../../ui/support/until.mjs';
import { AgentWindow } from './agentWindow.mjs';
import { lastingPids, processesOf } from './sessionProcesses.mjs';
import { reportTimes } from './times.mjs';

const pictures = join(repoRoot, 'test-results', 'agents');
const ask = {
  driver: 'Which agent?',
  name: /Name of the session/,
  prompt: /What should it do\? Leave empty/,
  policy: 'What may it do without asking?',
};

/** @param {import('./profiles/types.mjs').AgentProfile} profile */
export function tellStory(profile) {
  const { driver, label, unattended } = profile;
  const first = { key: 'Control+Alt+q', name: `${driver}-asks`, policy: 'ask', prompt: 'Think first. scenario=hold turn=1' };
  const second = { key: 'Control+Alt+w', name: `${driver}-runs`, policy: unattended, prompt: 'Wait for the file. scenario=busy go=go-1' };
  const runsBusy = /^runs `.*until \[ -e go-\d \]/;

  describe(`${label}, for real`, () => {
    const times = reportTimes(driver);
    const my = useFleet(`agents/${driver}`, () => times.measure('open', () => AgentWindow.open(profile, [first, second])));
    const fleet = () => /** @type {AgentWindow} */ (my.fleet);
    const picture = (/** @type {string} */ what) => fleet().screenshot(`agents/${driver}-${what}`);

    before(async () => {
      // Pictures of an earlier run would be taken for this one's.
      for await (const old of glob(`${driver}-*.png`, { cwd: pictures })) await rm(join(pictures, old));
      const { model, folder } = fleet();
      // Codex lets the model go on beside a tool that takes long; the model here says that it waits.
      const args = { yield_time_ms: 600_000, timeout_ms: 600_000 };
      model.addScenario('busy', [{ shell: 'until [ -e {{go}} ]; do sleep 0.2; done; echo there', args }, { text: 'It is there. E2E-FINAL-BUSY' }], { go: 'go' });
      const edit = { edit: { path: 'README.md', from: '# Greetings', to: '# Many greetings' } };
      const read = { tool: '^Read$', args: { file_path: join(folder, 'README.md') } };
      model.addScenario('review', [...(profile.readsBeforeEditing ? [read] : []), edit, { text: 'The heading is new. E2E-FINAL-REVIEW' }]);
    });

    it(`is spawned ${profile.byQuickPick ? 'by the questions of Spawn Agent…' : 'by a command with arguments'} and takes its first prompt once`, async () => {
      const { model } = fleet();
      await fleet().showView();
      if (profile.byQuickPick) await answerQuestions(fleet(), first);
      else await fleet().spawn(first);
      if (profile.asksForHooks) await fleet().window.dialog().click('Allow Hooks');
      await model.until(() => model.held() === 1, 30_000);
      await fleet().works(first.name);
      await picture('waits-for-the-model');
      model.release();
      await fleet().rests(first.name);
      fleet().arrivedOnce(first.prompt);
    });

    it('takes a routed prompt exactly once, asks for permission, and goes on when it is given', async () => {
      const { window, folder } = fleet();
      const prompt = 'Write it down. scenario=perm file=allowed.txt';
      await fleet().prompt(first.name, prompt);
      const row = await fleet().rowWhen(first.name, (each) => each.icon === 'warning');
      assert.match(row.description, /^wants to run `.*echo allowed > allowed\.txt/);
      await fleet().groupsAre({ 'Needs you': [first.name] });
      assert.deepEqual(await window.viewBadge(container), { text: '1', label: '1 session needs you' });
      await picture('asks');
      await fleet().allow(first.name);
      await fleet().rests(first.name);
      fleet().arrivedOnce(prompt);
      assert.equal(await readFile(join(folder, 'allowed.txt'), 'utf8'), 'allowed\n');
    });

    it('has its change reviewed against the last commit', async () => {
      const { window, model } = fleet();
      const lastStep = profile.readsBeforeEditing ? 2 : 1;
      await fleet().prompt(first.name, 'Change the heading. scenario=review');
      if (profile.asksBeforeEditing) {
        const row = await fleet().rowWhen(first.name, (each) => each.icon === 'warning');
        assert.match(row.description, /^wants to run `.*README\.md/);
        await picture('asks-for-an-edit');
        await fleet().allow(first.name);
      }
      await model.until(() => model.requests().some(({ scenario, step }) => scenario === 'review' && step === lastStep), 20_000);
      await fleet().rests(first.name);
      await fleet().choose(first.name, 'Open Artifact…');
      await window.quickPick.wait('Which file?');
      await window.quickPick.pick('README.md');
      await window.editors.wait('README.md (last commit ↔ now)');
      await until('the comparison', () => window.editors.isDiff());
      await until('the new heading', () => window.editors.text(), (text) => text.startsWith('# Many greetings'));
    });

    it('ends in its own way and counts as completed', async () => {
      const keyboard = await fleet().keyboard(first.name);
      const hasEnded = async () => (await fleet().groups())['Finished'] !== undefined;
      // Two keys that belong together may come too far apart on a busy machine.
      for (let attempt = 1; attempt <= 3 && !(await hasEnded()); attempt++) {
        await profile.quit(keyboard);
        await until('the end', hasEnded, Boolean, 5000).catch(() => undefined);
      }
      const row = await fleet().rowWhen(first.name, /^completed · /);
      assert.equal(row.icon, 'check');
      await fleet().groupsAre({ Finished: [first.name] });
    });

    it('is seen running a tool, also after a reload of the window, which starts nothing anew', async () => {
      const { window, model, folder } = fleet();
      await fleet().spawn(second);
      await fleet().rowWhen(second.name, (row) => runsBusy.test(row.description) && row.icon === 'tools', 30_000);
      await picture('runs-a-tool');
      const id = await fleet().sessionId(second.name);
      const before = await lastingPids(id);
      assert.ok(before.length >= 2, 'the agent and its tool');
      await window.reloadWindow();
      await window.openViewContainer(container);
      await fleet().rowWhen(second.name, (row) => runsBusy.test(row.description) && row.icon === 'tools', 30_000);
      assert.deepEqual(await lastingPids(id), before);
      await writeFile(join(folder, 'go-1'), '');
      await fleet().rests(second.name);
      await until('the end of the turn', () => model.requests().some(({ scenario, step }) => scenario === 'busy' && step === 1));
      fleet().arrivedOnce(second.prompt);
    });

    it('rests again after Esc, while it waits for the model and while a tool runs', async () => {
      const { model } = fleet();
      for (const prompt of ['Think again. scenario=hold turn=2', 'Wait again. scenario=busy go=go-2']) {
        await fleet().prompt(second.name, prompt);
        if (prompt.includes('hold')) {
          await model.until(() => model.held() === 1);
          await fleet().works(second.name);
        } else await fleet().rowWhen(second.name, runsBusy);
        await (await fleet().keyboard(second.name)).press('Escape');
        await fleet().rests(second.name);
        await picture(`after-esc-${prompt.includes('hold') ? 'thinking' : 'running'}`);
        fleet().arrivedOnce(prompt);
      }
    });

    it('is cancelled in the middle of a turn, with every process of it', async () => {
      const { window } = fleet();
      const prompt = 'Take long. scenario=long seconds=600';
      const id = await fleet().sessionId(second.name);
      await fleet().prompt(second.name, prompt);
      await fleet().rowWhen(second.name, /^runs `.*timeout --foreground 600/);
      const tree = await until('the child of the tool', () => processesOf(id), (all) => all.some(({ command }) => command.startsWith('tail -f')));
      fleet().arrivedOnce(prompt);
      await fleet().tree.inlineAction(second.name, 'Cancel…');
      await window.dialog().click('End Agent');
      const row = await fleet().rowWhen(second.name, /^cancelled by you · /);
      assert.equal(row.icon, 'circle-slash');
      assert.deepEqual(await processesOf(id), []);
      // Also what would have lost the mark is found, by its id.
      const alive = new Set((await listProcesses()).map(({ pid }) => pid));
      assert.deepEqual(tree.filter(({ pid }) => alive.has(pid)), []);
    });
  });
}

/** @param {AgentWindow} fleet @param {import('./agentWindow.mjs').Spawn} wanted */
async function answerQuestions({ window, profile }, { name, prompt }) {
  const { quickPick } = window;
  await window.runCommand('Agent Fleet: Spawn Agent…');
  await quickPick.wait(ask.driver);
  await quickPick.pick(profile.label);
  await quickPick.wait(ask.name);
  await quickPick.enter(name);
  await quickPick.wait(ask.prompt);
  await quickPick.enter(prompt);
  await quickPick.wait(ask.policy);
  await quickPick.pick('Ask first');
}
