// One real agent in the real editor, talking to the scripted model: the steps that the stories of all agents share.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ensureAgents } from '../../../scripts/agents/install.mjs';
import { repoRoot } from '../../../scripts/editor/paths.mjs';
import { FleetWindow } from '../../ui/fixtures/fleet.mjs';
import { makeProject } from '../../ui/fixtures/project.mjs';
import { until } from '../../ui/support/until.mjs';
import { openWorkbench } from '../../ui/support/workbench.mjs';
import { startModelServer } from './modelServer.mjs';
import { makeSurroundings } from './surroundings.mjs';

/**
 * @typedef {import('./profiles/types.mjs').AgentProfile} AgentProfile
 * @typedef {import('./modelServer.mjs').RunningModelServer} RunningModelServer
 *
 * @typedef {object} Spawn  a session that a key starts, without questions
 * @property {string} key   as Playwright writes it
 * @property {string} name
 * @property {string} prompt
 * @property {string} policy
 */

const busy = /^(working|waits for the model) · /;

export class AgentWindow extends FleetWindow {
  /**
   * @param {AgentProfile} profile
   * @param {RunningModelServer} model
   * @param {import('../../ui/support/workbench.mjs').Workbench} window
   * @param {{ folder: string, userDataDir: string }} places
   * @param {() => Promise<void>} dispose
   */
  constructor(profile, model, window, places, dispose) {
    super(window, places, dispose);
    this.profile = profile;
    this.model = model;
  }

  /**
   * Opens a project with the extension, set up so that it finds the agent and the agent finds the scripted model.
   * @param {AgentProfile} profile
   * @param {readonly Spawn[]} spawns
   * @returns {Promise<AgentWindow>}
   */
  static async open(profile, spawns) {
    const { [profile.driver]: agent } = await ensureAgents([profile.driver]);
    assert.ok(agent);
    /** @type {(() => Promise<void>)[]} what has to be undone, last first */
    const undo = [];
    const dispose = async () => {
      for (const step of undo.splice(0).reverse()) await step();
    };
    try {
      const model = await startModelServer();
      undo.push(() => model.close());
      const { root, userDataDir, env, remove } = await makeSurroundings(profile.driver, { guardedEditor: profile.guardedEditor ?? false });
      undo.push(remove);
      const project = await makeProject();
      undo.push(project.remove);
      const path = `${agent.path}${delimiter}${process.env.PATH ?? ''}`;
      // The editor asks the person's shell for its variables.
      await writeFile(join(env.HOME ?? root, '.bash_profile'), `export PATH='${path}'\n`);
      const setup = await profile.prepare({ root, home: env.HOME ?? root, folder: project.folder, url: model.url });
      await writeSettings(userDataDir, profile, setup.extraArgs ?? [], project.folder, spawns);
      const window = await openWorkbench({
        folder: project.folder,
        extensionDevelopmentPath: repoRoot,
        userDataDir,
        env: { ...env, ...setup.env, PATH: path },
        settings: { 'git.autorefresh': false },
        viewport: { width: 1400, height: 900 },
      });
      undo.push(() => window.close());
      return new AgentWindow(profile, model, window, { folder: project.folder, userDataDir }, dispose);
    } catch (error) {
      await dispose();
      throw error;
    }
  }

  /** Spawns a session by its key. @param {Spawn} spawn */
  async spawn({ key, policy }) {
    // Keys would go to the terminal otherwise; an empty view has no tree.
    if ((await this.tree.rows()).length > 0) await this.tree.focus();
    await this.window.page.keyboard.press(key);
    if (policy === 'bypass') await this.window.dialog().click('Start Without Checks');
  }

  /** Sends a prompt as a person does it. @param {string} name @param {string} prompt */
  async prompt(name, prompt) {
    await this.tree.inlineAction(name, 'Send Prompt…');
    await this.window.quickPick.wait('What should it do next?');
    await this.window.quickPick.enter(prompt);
  }

  /** Shows the session's terminal and gives the keyboard to it. @param {string} name @returns {Promise<import('./profiles/types.mjs').Keyboard>} */
  async keyboard(name) {
    const { page } = this.window;
    await this.tree.inlineAction(name, 'Reveal Terminal');
    await until('the keyboard in the terminal', () => page.evaluate(() => document.activeElement?.classList.contains('xterm-helper-textarea') ?? false));
    return {
      press: (key) => page.keyboard.press(key),
      sees: async (text) => void (await until(`${text} on the screen`, () => this.window.terminalText(), (screen) => text.test(screen))),
    };
  }

  /** Answers an open question in the terminal with yes, its first choice. @param {string} name */
  async allow(name) {
    const { question } = this.profile;
    const keyboard = await this.keyboard(name);
    const asks = async () => (await this.tree.read(name)).icon === 'warning';
    // A question is drawn anew when its terminal is shown, and may not listen right after it opened: the row tells when the answer counted.
    for (let attempt = 1; attempt <= 4 && (await asks()); attempt++) {
      await keyboard.sees(question);
      await keyboard.press('Enter');
      await until('the answer to count', asks, (asking) => !asking, 2500).catch(() => undefined);
    }
    assert.equal(await asks(), false, `${name} still asks`);
  }

  /** Waits until the session is at work, or waits for the model. @param {string} name */
  async works(name) {
    return this.rowWhen(name, (row) => busy.test(row.description) && ['sync', 'cloud'].includes(row.icon));
  }

  /** Waits until the session rests. @param {string} name */
  async rests(name) {
    return this.rowWhen(name, (row) => row.description.startsWith('idle') && row.icon === 'circle-outline', 20_000);
  }

  /**
   * Says that this prompt began exactly one turn, and that nothing else stood in it.
   * @param {string} prompt
   */
  arrivedOnce(prompt) {
    const turns = this.model.requests().filter(({ side, step, line }) => side === false && step === 0 && line?.includes(prompt));
    assert.deepEqual(turns.map(({ line }) => line), [prompt]);
  }

  /** The id of a session, as a person gets it. @param {string} name @returns {Promise<string>} */
  async sessionId(name) {
    await this.choose(name, 'Copy Session ID');
    return until('the session id in the clipboard', () => this.window.page.evaluate(() => navigator.clipboard.readText()), (text) => /^[\w-]{8,}$/.test(text));
  }
}

/**
 * @param {string} userDataDir
 * @param {AgentProfile} profile
 * @param {readonly string[]} extraArgs
 * @param {string} folder
 * @param {readonly Spawn[]} spawns
 */
async function writeSettings(userDataDir, { driver }, extraArgs, folder, spawns) {
  const bindings = spawns.map(({ key, ...rest }) => ({ key: key.toLowerCase().replace('control', 'ctrl'), command: 'agentFleet.spawn', args: { driver, cwd: folder, ...rest } }));
  for (const [place, file, content] of /** @type {const} */ ([
    ['Machine', 'settings.json', { [`agentFleet.agents.${driver}.extraArgs`]: extraArgs }],
    ['User', 'keybindings.json', bindings],
  ])) {
    await mkdir(join(userDataDir, place), { recursive: true });
    await writeFile(join(userDataDir, place, file), JSON.stringify(content));
  }
}
