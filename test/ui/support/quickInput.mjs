// The box at the top of the workbench: command palette, quick picks and input boxes.

import { until } from './until.mjs';

/** @typedef {import('playwright-core').Page} Page */

/**
 * @typedef {object} PickItem
 * @property {string} label        without its icon
 * @property {string} description
 * @property {string} detail
 * @property {string} ariaLabel
 * @property {boolean} focused
 * @property {boolean} checked     in a pick of several
 * @property {boolean} disabled
 * @property {string} separator    the heading above the item, if it has one
 */

export class QuickInput {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.widget = page.locator('.quick-input-widget:visible');
    this.field = this.widget.locator('.quick-input-box input');
    this.options = this.widget.getByRole('option').or(this.widget.getByRole('checkbox').and(page.locator('.monaco-list-row')));
  }

  /**
   * Runs a command from the command palette, found by the title shown there (“Category: Title”).
   * @param {string} title
   * @returns {Promise<void>}
   */
  async runCommand(title) {
    const found = this.page.locator('.quick-input-widget:visible').getByRole('option', { name: new RegExp(`^${escape(title)}(,|$)`) });
    await this.page.keyboard.press('F1');
    await this.field.waitFor();
    await this.field.fill(`>${title}`);
    await found.first().click();
    // What follows may be another question in the same box: it must not be mixed up with the palette.
    const palette = this.page.locator('.quick-input-widget:visible input[placeholder^="Type the name of a command"]');
    await palette.waitFor({ state: 'hidden' });
  }

  /**
   * Says which commands the palette offers for a search text.
   * @param {string} search
   * @returns {Promise<string[]>}
   */
  async findCommands(search) {
    await this.page.keyboard.press('F1');
    await this.field.waitFor();
    await this.field.fill(`>${search}`);
    await this.options.first().waitFor();
    const labels = await this.labels();
    await this.escape();
    return labels.filter((label) => label !== 'No matching commands');
  }

  /**
   * Waits for a quick pick or input box, by its title or placeholder or prompt when given.
   * @param {string | RegExp} [text]
   * @returns {Promise<void>}
   */
  async wait(text) {
    await this.widget.waitFor();
    if (text === undefined) return;
    const placeholder = this.widget.getByPlaceholder(text);
    await this.widget.getByText(text).or(placeholder).first().waitFor();
  }

  /**
   * Types into the field, in place of what was there.
   * @param {string} text
   * @returns {Promise<void>}
   */
  async type(text) {
    await this.field.waitFor();
    await this.field.fill(text);
  }

  /**
   * Types into an input box and confirms it.
   * @param {string} text
   * @returns {Promise<void>}
   */
  async enter(text) {
    await this.type(text);
    await this.field.press('Enter');
  }

  /**
   * Picks the item with this label.
   * @param {string} label
   * @returns {Promise<void>}
   */
  async pick(label) {
    await this.row(label).click();
  }

  /**
   * Checks or unchecks an item in a pick of several.
   * @param {string} label
   * @returns {Promise<void>}
   */
  async toggle(label) {
    await this.row(label).getByRole('checkbox').or(this.row(label).locator('.monaco-checkbox, .quick-input-list-checkbox')).first().click();
  }

  /**
   * Waits until the items are as wanted.
   * @param {string} what  for the error message
   * @param {(items: PickItem[]) => boolean} wanted
   * @returns {Promise<PickItem[]>}
   */
  async itemsWhen(what, wanted) {
    return until(what, () => this.items(), wanted);
  }

  /**
   * Clicks a button that an item shows at its right, by the button's tooltip.
   * @param {string} label
   * @param {string} button
   * @returns {Promise<void>}
   */
  async itemButton(label, button) {
    await this.row(label).hover();
    await this.row(label).getByRole('button', { name: button }).click();
  }

  /**
   * Clicks a button of the title bar or the field, by its tooltip or text.
   * @param {string} name
   * @returns {Promise<void>}
   */
  async button(name) {
    await this.widget.getByRole('button', { name }).first().click();
  }

  /**
   * Lists the labels of the items that are shown.
   * @returns {Promise<string[]>}
   */
  async labels() {
    return (await this.items()).map((item) => item.label);
  }

  /**
   * Reads the items that are shown, with everything a person sees of them.
   * @returns {Promise<PickItem[]>}
   */
  async items() {
    await this.options.first().waitFor();
    return this.options.evaluateAll((rows) =>
      rows.map((row) => {
        const text = (/** @type {string} */ selector) => row.querySelector(selector)?.textContent?.trim() ?? '';
        const separator = /** @type {HTMLElement | null} */ (row.querySelector('.quick-input-list-separator'));
        return {
          label: text('.quick-input-list-row .label-name'),
          description: text('.quick-input-list-row .label-description'),
          // A row that had a detail before keeps its text, hidden.
          detail: row.querySelector('.quick-input-list-label-meta')?.checkVisibility() ? text('.quick-input-list-label-meta .label-name') : '',
          ariaLabel: row.getAttribute('aria-label') ?? '',
          focused: row.classList.contains('focused'),
          checked: (row.querySelector('[role=checkbox]') ?? row).getAttribute('aria-checked') === 'true',
          disabled: row.getAttribute('aria-disabled') === 'true' || row.querySelector('.quick-input-list-entry.disabled, .quick-input-list-entry-disabled') !== null,
          separator: separator && separator.style.display !== 'none' ? (separator.textContent?.trim() ?? '') : '',
        };
      }),
    );
  }

  /**
   * Reads the title of the box; empty when it has none.
   * @returns {Promise<string>}
   */
  async title() {
    const title = this.widget.locator('.quick-input-title');
    return (await title.isVisible()) ? (await title.innerText()).trim() : '';
  }

  /**
   * Reads the placeholder of the field.
   * @returns {Promise<string>}
   */
  async placeholder() {
    return (await this.field.getAttribute('placeholder')) ?? '';
  }

  /**
   * Reads the value of the field.
   * @returns {Promise<string>}
   */
  async value() {
    return this.field.inputValue();
  }

  /**
   * Reads the line below the field: an input box's prompt, or what is wrong with the input.
   * @returns {Promise<string>}
   */
  async message() {
    const message = this.widget.locator('.quick-input-message');
    return (await message.isVisible()) ? (await message.innerText()).trim() : '';
  }

  /**
   * Presses Escape and waits until the box is gone, or shows the next question.
   * @returns {Promise<void>}
   */
  async escape() {
    await this.widget.waitFor();
    const shown = () => this.page.locator('.quick-input-widget:visible').evaluateAll((boxes) => boxes.map((box) => `${box.textContent} ${box.querySelector('input')?.placeholder}`).join());
    const before = await shown();
    await this.page.keyboard.press('Escape');
    await until('the box to close', shown, (text) => text !== before);
  }

  /**
   * Waits until the box is gone.
   * @returns {Promise<void>}
   */
  async waitForClose() {
    await this.widget.waitFor({ state: 'hidden' });
  }

  /**
   * The row of the item with this label; icons do not count.
   * @param {string} label
   */
  row(label) {
    const name = this.page.locator('.label-name').filter({ hasText: new RegExp(`^\\s*${escape(label)}\\s*$`) });
    return this.options.filter({ has: name }).first();
  }
}

/** @param {string} text */
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
