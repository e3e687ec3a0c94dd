// The terminals of the panel. Their text can be read because the workbench is told to draw it as text, not as a picture.

/** @typedef {import('playwright-core').Page} Page */

export class Terminals {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    // The list keeps a row without a name for measuring.
    this.entries = page.locator('.terminal-tabs-entry').filter({ has: page.locator('.label-name') });
    this.shown = page.locator('.terminal.xterm:visible');
  }

  /**
   * Lists the titles of the terminals, in the order of the list beside them.
   * @returns {Promise<string[]>}
   */
  async tabs() {
    return (await this.entries.locator('.label-name').allInnerTexts()).map((text) => text.trim());
  }

  /**
   * Shows the terminal with this title.
   * @param {string} title
   * @returns {Promise<void>}
   */
  async show(title) {
    await this.entries.filter({ hasText: title }).first().click();
  }

  /**
   * Says which terminal is shown, or undefined.
   * @returns {Promise<string | undefined>}
   */
  async active() {
    const tabs = await this.tabs();
    if (tabs.length === 1) return tabs[0];
    const selected = this.page.locator('.monaco-list-row[aria-selected=true] .terminal-tabs-entry .label-name');
    return (await selected.count()) > 0 ? (await selected.first().innerText()).trim() : undefined;
  }

  /**
   * Reads the lines on the screen of the terminal that is shown, without the empty ones at the end.
   * @returns {Promise<string>}
   */
  async text() {
    if ((await this.shown.count()) === 0) return '';
    // The line boxes hold non-breaking spaces, so that columns stay in place.
    const lines = await this.shown.first().locator('.xterm-rows > div').evaluateAll((rows) => rows.map((row) => row.textContent ?? ''));
    return lines.map((line) => line.replaceAll('\u00a0', ' ').trimEnd()).join('\n').trimEnd();
  }

  /**
   * Types into the terminal that is shown.
   * @param {string} text
   * @param {{ enter?: boolean }} [options]
   * @returns {Promise<void>}
   */
  async type(text, { enter = true } = {}) {
    await this.shown.first().click();
    await this.page.keyboard.type(text);
    if (enter) await this.page.keyboard.press('Enter');
  }

  /**
   * Closes the terminal with this title by the bin in its row.
   * @param {string} title
   * @returns {Promise<void>}
   */
  async kill(title) {
    const entry = this.entries.filter({ hasText: title }).first();
    await entry.hover();
    await entry.getByRole('button', { name: /^Kill/ }).click();
  }
}
