// A tree view of the sidebar, as a person sees it. Rows that are scrolled out of sight do not exist in the workbench either.

/** @typedef {import('playwright-core').Page} Page */

/**
 * @typedef {object} TreeRow
 * @property {string} name
 * @property {string} description  the dimmed text after the name
 * @property {string} ariaLabel    what a screen reader says
 * @property {number} level        1: top
 * @property {boolean | undefined} expanded  undefined: has no children
 * @property {boolean} selected
 * @property {boolean} focused
 * @property {string} icon         its codicon, without the prefix; empty: none
 * @property {string} decoration   the letters or number at the right end
 */

export class Tree {
  /**
   * @param {Page} page
   * @param {string} title the view's title
   */
  constructor(page, title) {
    this.page = page;
    const header = page.getByRole('button', { name: `${title} Section`, exact: true, includeHidden: true });
    this.header = header;
    this.pane = page.locator('.pane').filter({ has: header });
    this.list = this.pane.getByRole('tree');
    this.allRows = this.pane.getByRole('treeitem');
  }

  /**
   * Waits until the view is shown, and unfolds it if it is folded.
   * @returns {Promise<void>}
   */
  async wait() {
    await this.pane.waitFor();
    if ((await this.header.getAttribute('aria-expanded')) === 'false') await this.header.click();
    await this.pane.locator('.pane-body').first().waitFor();
  }

  /**
   * Reads the rows that are shown, from top to bottom.
   * @returns {Promise<TreeRow[]>}
   */
  async rows() {
    const rows = await this.allRows.evaluateAll((elements) =>
      elements.map((row) => {
        const text = (/** @type {string} */ selector) => row.querySelector(selector)?.textContent?.trim() ?? '';
        const icon = row.querySelector('.custom-view-tree-node-item-icon');
        const expanded = row.getAttribute('aria-expanded');
        const label = row.querySelector('.custom-view-tree-node-item-resourceLabel');
        const read = {
          name: text('.label-name'),
          description: text('.label-description'),
          ariaLabel: row.getAttribute('aria-label') ?? '',
          level: Number(row.getAttribute('aria-level')),
          expanded: expanded === null ? undefined : expanded === 'true',
          selected: row.getAttribute('aria-selected') === 'true',
          focused: row.classList.contains('focused'),
          icon: [...(icon?.classList ?? [])].find((name) => /^codicon-(?!colored|modifier)/.test(name))?.slice('codicon-'.length) ?? '',
          // Decorations are drawn by a style rule, as the content of a pseudo element.
          decoration: label ? (row.ownerDocument.defaultView?.getComputedStyle(label, '::after').content ?? '').replace(/^"|"$|^none$|^normal$/g, '') : '',
        };
        return { index: Number(row.getAttribute('data-index')), read };
      }),
    );
    // The workbench re-uses elements: their order in the page is not the order on the screen.
    return rows.sort((left, right) => left.index - right.index).map((row) => row.read);
  }

  /**
   * Reads one row by its name; waits for it.
   * @param {string} name
   * @returns {Promise<TreeRow>}
   */
  async read(name) {
    await this.row(name).waitFor();
    const found = (await this.rows()).find((row) => row.name === name);
    // It went away between the two readings: read again.
    return found ?? this.read(name);
  }

  /**
   * The row with this name (without icon and description), as a Playwright locator to click or wait for.
   * @param {string} name
   */
  row(name) {
    const exact = new RegExp(`^\\s*${escape(name)}\\s*$`);
    return this.allRows.filter({ has: this.page.locator('.label-name').filter({ hasText: exact }) }).first();
  }

  /**
   * Clicks a row.
   * @param {string} name
   * @returns {Promise<void>}
   */
  async select(name) {
    await this.row(name).click();
  }

  /**
   * Selects several rows: the first by a click, the others by Ctrl-click (Cmd-click on macOS).
   * @param {readonly string[]} names
   * @returns {Promise<void>}
   */
  async selectMany(names) {
    for (const [index, name] of names.entries()) await this.row(name).click(index === 0 ? {} : { modifiers: ['ControlOrMeta'] });
  }

  /**
   * Unfolds a row.
   * @param {string} name
   * @returns {Promise<void>}
   */
  async expand(name) {
    await this.fold(name, 'true');
  }

  /**
   * Folds a row up.
   * @param {string} name
   * @returns {Promise<void>}
   */
  async collapse(name) {
    await this.fold(name, 'false');
  }

  /**
   * Lists the inline actions that a row shows when the pointer is over it.
   * @param {string} name
   * @returns {Promise<string[]>}
   */
  async inlineActions(name) {
    await this.row(name).hover();
    return this.row(name).locator('.actions').getByRole('button').evaluateAll(actionTitles);
  }

  /**
   * Clicks an inline action of a row, by its title.
   * @param {string} name
   * @param {string} action
   * @returns {Promise<void>}
   */
  async inlineAction(name, action) {
    await this.row(name).hover();
    await this.row(name).getByRole('button', { name: named(action) }).click();
  }

  /**
   * Opens the context menu of a row and lists its entries; it stays open.
   * @param {string} name
   * @returns {Promise<string[]>}
   */
  async contextMenu(name) {
    await this.row(name).click({ button: 'right' });
    const entries = this.page.locator('.monaco-menu').getByRole('menuitem');
    await entries.first().waitFor();
    return (await entries.locator('.action-label').allInnerTexts()).map((text) => text.trim()).filter((text) => text !== '');
  }

  /**
   * Chooses an entry of a row's context menu.
   * @param {string} name
   * @param {string} entry
   * @returns {Promise<void>}
   */
  async contextAction(name, entry) {
    await this.contextMenu(name);
    // The menu takes clicks only a moment after it opened, which guards people against a click too many.
    await this.page.locator('.monaco-menu').getByRole('menuitem', { name: entry, exact: true }).click({ delay: 150 });
  }

  /**
   * Reads the tooltip of a row, as plain text.
   * @param {string} name
   * @returns {Promise<string>}
   */
  async tooltip(name) {
    await this.row(name).locator('.label-name').hover();
    const hover = this.page.locator('.monaco-hover:visible, .workbench-hover:visible').last();
    await hover.waitFor();
    return (await hover.innerText()).trim();
  }

  /**
   * Lists the actions in the view's title bar that show without opening its menu.
   * @returns {Promise<string[]>}
   */
  async titleActions() {
    return this.titleBar().getByRole('button').evaluateAll(actionTitles);
  }

  /**
   * Clicks an action in the view's title bar.
   * @param {string} action
   * @returns {Promise<void>}
   */
  async titleAction(action) {
    await this.header.hover({ force: true, timeout: 1_000 }).catch(() => undefined);
    await this.titleBar().getByRole('button', { name: named(action) }).click();
  }

  /**
   * Reads the welcome text that an empty view shows; empty when it shows none.
   * @returns {Promise<string>}
   */
  async welcome() {
    const content = this.pane.locator('.welcome-view-content:visible');
    return (await content.count()) > 0 ? (await content.first().innerText()).trim() : '';
  }

  /**
   * Reads the message line above the rows; empty when there is none.
   * @returns {Promise<string>}
   */
  async message() {
    const message = this.pane.locator('.tree-explorer-viewlet-tree-view .message:visible');
    return (await message.count()) > 0 ? (await message.first().innerText()).trim() : '';
  }

  /**
   * Puts the keyboard focus on the tree; keys then go to `page.keyboard`.
   * @returns {Promise<void>}
   */
  async focus() {
    await this.list.focus();
  }

  /**
   * Says the name of the row that the keyboard is on, or undefined.
   * @returns {Promise<string | undefined>}
   */
  async focusedRow() {
    return (await this.rows()).find((row) => row.focused)?.name;
  }

  /** A lone view has its actions in the title of the whole sidebar. */
  titleBar() {
    const own = this.pane.locator('.pane-header:not(.hidden)');
    return own.or(this.page.locator('.composite').filter({ has: this.pane }).locator('.composite.title')).or(this.page.locator('.part.sidebar > .composite.title')).first();
  }

  /**
   * @param {string} name
   * @param {'true' | 'false'} wanted
   */
  async fold(name, wanted) {
    const row = this.row(name);
    await row.waitFor();
    if ((await row.getAttribute('aria-expanded')) !== wanted) await row.locator('.monaco-tl-twistie').click();
    await this.page.locator(`[role=treeitem][aria-expanded=${wanted}]`).filter({ has: this.page.locator('.label-name', { hasText: name }) }).first().waitFor();
  }
}

/** @param {string} text */
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * A button's name is the action's title, followed by its key binding if it has one.
 * @param {string} title
 */
const named = (title) => new RegExp(`^${escape(title)}( \\([^()]*\\))?$`);

/**
 * The titles of buttons, without key bindings. Runs in the page.
 * @param {Element[]} buttons
 */
const actionTitles = (buttons) =>
  buttons.map((button) => (button.getAttribute('aria-label') ?? '').replace(/ \((?:[^()]*\+)[^()]*\)$/, '')).filter((label) => label !== '');
