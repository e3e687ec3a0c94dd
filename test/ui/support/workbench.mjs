// The real workbench in a headless browser, driven as a person would. The parts of the window have a class each beside this file.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromiumFlags, ensureChromium } from '../../../scripts/editor/chromium.mjs';
import { ensureEditor } from '../../../scripts/editor/install.mjs';
import { descendants } from '../../../scripts/editor/processes.mjs';
import { installExtension, startEditor } from '../../../scripts/editor/server.mjs';
import { QuickInput } from './quickInput.mjs';
import { Dialog, Editors, Notifications, StatusBarItem } from './surroundings.mjs';
import { Terminals } from './terminals.mjs';
import { Tree } from './tree.mjs';
import { until } from './until.mjs';

/**
 * @typedef {import('playwright-core').Page} Page
 * @typedef {import('playwright-core').BrowserContext} BrowserContext
 * @typedef {import('../../../scripts/editor/server.mjs').Editor} Editor
 *
 * @typedef {object} WorkbenchOptions
 * @property {string} folder
 * @property {string} [extensionDevelopmentPath]   an extension's folder to load it from
 * @property {string} [vsix]                       a packed extension to install instead
 * @property {Record<string, unknown>} [settings]  user settings
 * @property {'disabled' | 'enabled'} [trust]      workspace trust; 'disabled' trusts everything (default); with 'enabled' see trustFolder()
 * @property {string} [userDataDir]                kept after close, for a later start of the editor; default: a temporary one
 * @property {string} [colorTheme]                 such as 'Default Dark Modern', 'Default High Contrast'
 * @property {Record<string, string | undefined>} [env] variables for the extension host and the terminals
 * @property {{ width: number, height: number }} [viewport]
 * @property {number} [timeoutMs]                  for every wait; default 15 s
 */

/** What makes the workbench readable for tests, and quick. */
const testSettings = {
  'window.dialogStyle': 'custom',
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.tabs.hideCondition': 'never',
  'terminal.integrated.tabs.showActiveTerminal': 'never',
  'workbench.reduceMotion': 'on',
  'workbench.hover.delay': 100,
  'editor.cursorBlinking': 'solid',
};

/**
 * Starts the editor, opens the folder in a headless browser and waits until extensions are loaded.
 * @param {WorkbenchOptions} options
 * @returns {Promise<Workbench>}
 */
export async function openWorkbench(options) {
  const executablePath = await ensureChromium();
  const { playwright } = await ensureEditor();
  const { chromium } = /** @type {typeof import('playwright-core')} */ (await import(pathToFileURL(playwright).href));
  const temporary = options.userDataDir === undefined;
  const userDataDir = options.userDataDir ?? (await mkdtemp(join(tmpdir(), 'agent-fleet-editor-')));
  const extensionsDir = join(userDataDir, 'extensions');
  /** @type {(() => Promise<unknown>)[]} what has to be undone, last first */
  const undo = temporary ? [() => rm(userDataDir, { recursive: true, force: true, maxRetries: 5 })] : [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    await mkdir(extensionsDir, { recursive: true });
    if (options.vsix) await installExtension(options.vsix, extensionsDir, userDataDir);
    const editor = await startEditor({
      folder: options.folder,
      userDataDir,
      extensionsDir,
      settings: { ...testSettings, ...(options.colorTheme ? { 'workbench.colorTheme': options.colorTheme } : {}), ...options.settings },
      ...(options.extensionDevelopmentPath ? { extensionDevelopmentPath: options.extensionDevelopmentPath } : {}),
      ...(options.trust ? { trust: options.trust } : {}),
      ...(options.env ? { env: options.env } : {}),
    });
    undo.push(() => editor.stop());
    const context = await chromium.launchPersistentContext(join(userDataDir, 'browser'), {
      executablePath,
      args: chromiumFlags,
      viewport: options.viewport ?? { width: 1280, height: 800 },
      locale: 'en-US',
      // Agents copy and paste; a question about it would stand in the way.
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    undo.push(() => context.close());
    context.setDefaultTimeout(options.timeoutMs ?? 15_000);
    const page = context.pages()[0] ?? (await context.newPage());
    return await Workbench.show(editor, context, page, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** One window of the editor. */
export class Workbench {
  /**
   * @param {Editor} editor
   * @param {BrowserContext} context
   * @param {Page} page
   * @param {() => Promise<void>} closeAll
   */
  constructor(editor, context, page, closeAll) {
    this.editor = editor;
    this.context = context;
    this.page = page;
    this.closeAll = closeAll;
    this.quickPick = new QuickInput(page);
    this.terminals = new Terminals(page);
    this.editors = new Editors(page);
    // The browser asks before it leaves a page with running terminals; a person would say yes.
    page.on('dialog', (dialog) => void dialog.accept().catch(() => undefined));
    /** How many terminals the workbench has told its server to bring back after a reload. */
    this.savedTerminals = 0;
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        const saved = /\$setTerminalLayoutInfo.*?(\{.*\})/s.exec(payload.length < 100_000 ? String(payload) : '');
        if (saved) this.savedTerminals = saved[1]?.match(/"terminal":\d/g)?.length ?? 0;
      }),
    );
  }

  /**
   * Opens the editor's folder in a page and waits until it is ready.
   * @param {Editor} editor
   * @param {BrowserContext} context
   * @param {Page} page
   * @param {() => Promise<void>} closeAll
   */
  static async show(editor, context, page, closeAll) {
    const workbench = new Workbench(editor, context, page, closeAll);
    await page.goto(editor.url);
    await workbench.ready();
    return workbench;
  }

  /**
   * Opens a second window on the same folder, with an extension host of its own.
   * @returns {Promise<Workbench>} its close() closes that window only
   */
  async openSecondWindow() {
    const page = await this.context.newPage();
    return Workbench.show(this.editor, this.context, page, () => page.close());
  }

  /**
   * Waits until the window is restored and knows its extensions.
   * @returns {Promise<void>}
   */
  async ready() {
    await this.page.waitForFunction(() =>
      ['code/LifecyclePhase/Restored', 'code/didLoadExtensions'].every((mark) => performance.getEntriesByName(mark).length > 0),
    );
  }

  /**
   * Runs a command by its title in the command palette (“Category: Title”).
   * @param {string} title
   * @returns {Promise<void>}
   */
  async runCommand(title) {
    await this.quickPick.runCommand(title);
  }

  /**
   * Types into the input box that is open and confirms it.
   * @param {string} text
   * @returns {Promise<void>}
   */
  async inputBox(text) {
    await this.quickPick.enter(text);
  }

  /**
   * Shows a view container of the activity bar, by its title.
   * @param {string} title
   * @returns {Promise<void>}
   */
  async openViewContainer(title) {
    const tab = this.containerTab(title);
    await tab.waitFor();
    if ((await tab.getAttribute('aria-expanded')) !== 'true') await tab.click();
  }

  /**
   * Trusts the folder of a window that was opened with `trust: 'enabled'`, which starts in Restricted Mode.
   * @returns {Promise<void>}
   */
  async trustFolder() {
    await this.runCommand('Workspaces: Manage Workspace Trust');
    const editor = this.page.locator('.workspace-trust-editor');
    await editor.getByRole('button', { name: 'Trust', exact: true }).click();
    await this.statusBarItem('Restricted Mode').item.waitFor({ state: 'detached' });
    await this.runCommand('View: Close Editor');
    await editor.waitFor({ state: 'detached' });
  }

  /**
   * A tree view that is shown, by its title.
   * @param {string} title
   * @returns {Tree}
   */
  tree(title) {
    return new Tree(this.page, title);
  }

  /**
   * Reads the badge of a view container in the activity bar: the number drawn and the words for it; empty without a badge.
   * @param {string} title
   * @returns {Promise<{ text: string, label: string }>}
   */
  async viewBadge(title) {
    const badge = this.containerTab(title).locator('.badge');
    if (!(await badge.isVisible())) return { text: '', label: '' };
    const label = (await badge.getAttribute('aria-label')) ?? '';
    return { text: (await badge.innerText()).trim(), label: label.startsWith(`${title} - `) ? label.slice(title.length + 3) : label };
  }

  /**
   * An item of the status bar, by the id the extension gave it or by (a part of) its text.
   * @param {string | RegExp} idOrText
   * @returns {StatusBarItem}
   */
  statusBarItem(idOrText) {
    return new StatusBarItem(this.page, idOrText);
  }

  /**
   * The notifications at the lower right.
   * @returns {Notifications}
   */
  notifications() {
    return new Notifications(this.page);
  }

  /**
   * The modal dialog.
   * @returns {Dialog}
   */
  dialog() {
    return new Dialog(this.page);
  }

  /**
   * Lists the titles of the open editors.
   * @returns {Promise<string[]>}
   */
  async editorTabs() {
    return this.editors.titles();
  }

  /**
   * Says whether the editor that is shown compares two documents.
   * @returns {Promise<boolean>}
   */
  async isDiffEditor() {
    return this.editors.isDiff();
  }

  /**
   * Reads the lines on the screen of the editor that is shown.
   * @returns {Promise<string>}
   */
  async editorText() {
    return this.editors.text();
  }

  /**
   * Lists the titles of the terminals.
   * @returns {Promise<string[]>}
   */
  async terminalTabs() {
    return this.terminals.tabs();
  }

  /**
   * Reads the screen of the terminal that is shown.
   * @returns {Promise<string>}
   */
  async terminalText() {
    return this.terminals.text();
  }

  /**
   * Reloads the window as its own command does; resolves when the workbench is back and its new extension host runs.
   * Waits until the workbench has saved which terminals it shows: it does so half a second late, and a terminal that was
   * not saved lives on after the reload, but is never shown again.
   * @returns {Promise<void>}
   */
  async reloadWindow() {
    const shown = await this.terminals.entries.count();
    await until('the terminals to be saved', () => this.savedTerminals, (saved) => saved >= shown);
    const before = await this.extensionHostPids();
    const loaded = this.page.waitForEvent('load');
    await this.runCommand('Developer: Reload Window');
    await loaded;
    await this.ready();
    await until('a new extension host', () => this.extensionHostPids(), (pids) => pids.some((pid) => !before.includes(pid)));
  }

  /**
   * Lists the process ids of the extension hosts of all windows of this editor.
   * @returns {Promise<number[]>}
   */
  async extensionHostPids() {
    return (await descendants(this.editor.pid)).filter((entry) => /--type=extensionHost/.test(entry.command)).map((entry) => entry.pid);
  }

  /**
   * Kills the extension hosts of this editor by SIGKILL and waits until the workbench has started new ones.
   * The workbench does so by itself twice; from the third time within five minutes on it asks, and gets a yes.
   * @returns {Promise<void>}
   */
  async killExtensionHost() {
    const before = await until('an extension host', () => this.extensionHostPids(), (pids) => pids.length > 0);
    for (const pid of before) process.kill(pid, 'SIGKILL');
    const question = this.page.getByRole('button', { name: 'Restart Remote Extension Host' });
    const restarted = async () => {
      if (await question.isVisible()) await question.click();
      return (await this.extensionHostPids()).some((pid) => !before.includes(pid));
    };
    await until('a new extension host', restarted, Boolean, 30_000);
  }

  /**
   * Lists everything that runs below the editor's server: extension hosts, terminals and what they started.
   * @returns {Promise<import('../../../scripts/editor/processes.mjs').ProcessInfo[]>}
   */
  async processes() {
    return descendants(this.editor.pid);
  }

  /**
   * Saves a picture of the window as PNG.
   * @param {string} path
   * @returns {Promise<void>}
   */
  async screenshot(path) {
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  }

  /**
   * Closes the window; the first window of an editor takes browser, server, extension hosts and terminals with it.
   * @returns {Promise<void>}
   */
  async close() {
    await this.closeAll();
  }

  /** @param {string} title */
  containerTab(title) {
    // The element with the role has no name of its own; its child carries it, followed by the badge's words or a key binding.
    const named = this.page.locator('.action-label').and(this.page.locator(`[aria-label="${title}"], [aria-label^="${title} - "], [aria-label^="${title} ("]`));
    return this.page.locator('.part.activitybar').getByRole('tab').filter({ has: named }).first();
  }
}
