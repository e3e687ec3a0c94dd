// Everything around views and pickers: status bar, notifications, dialogs, editor tabs.

/** @typedef {import('playwright-core').Page} Page */

export class StatusBarItem {
  /**
   * @param {Page} page
   * @param {string | RegExp} idOrText the id given to createStatusBarItem, or (a part of) the text
   */
  constructor(page, idOrText) {
    const items = page.locator('.part.statusbar .statusbar-item');
    const byText = items.filter({ hasText: idOrText });
    this.item = (typeof idOrText === 'string' ? page.locator(`.part.statusbar .statusbar-item[id$="${idOrText.replaceAll('"', '\\"')}"]`).or(byText) : byText).first();
    this.button = this.item.locator('.statusbar-item-label');
  }

  /**
   * Reads the text, without icons.
   * @returns {Promise<string>}
   */
  async text() {
    return (await this.item.innerText()).replace(/\s+/g, ' ').trim();
  }

  /**
   * Lists the codicons in the text, without their prefix.
   * @returns {Promise<string[]>}
   */
  async icons() {
    return this.item.locator('.codicon').evaluateAll((icons) => icons.map((icon) => [...icon.classList].find((name) => name.startsWith('codicon-'))?.slice(8) ?? ''));
  }

  /**
   * Reads what a screen reader says.
   * @returns {Promise<string>}
   */
  async ariaLabel() {
    return (await this.button.getAttribute('aria-label')) ?? '';
  }

  /**
   * Reads the tooltip, as plain text.
   * @param {Page} page
   * @returns {Promise<string>}
   */
  async tooltip(page) {
    await this.button.hover();
    const hover = page.locator('.monaco-hover:visible, .workbench-hover:visible').last();
    await hover.waitFor();
    return (await hover.innerText()).trim();
  }

  /**
   * Says whether the item is there.
   * @returns {Promise<boolean>}
   */
  async isVisible() {
    return this.item.isVisible();
  }

  /**
   * Waits until the item is there.
   * @returns {Promise<void>}
   */
  async wait() {
    await this.item.waitFor();
  }

  /**
   * Clicks the item.
   * @returns {Promise<void>}
   */
  async click() {
    await this.button.click();
  }
}

/**
 * @typedef {object} Notice
 * @property {string} text
 * @property {'info' | 'warning' | 'error'} severity
 * @property {string} source
 * @property {string[]} buttons
 */

export class Notifications {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.toasts = page.locator('.notification-list-item:visible');
  }

  /**
   * Reads the notifications that are shown now.
   * @returns {Promise<Notice[]>}
   */
  async list() {
    return this.toasts.evaluateAll((toasts) =>
      toasts.map((toast) => {
        const text = (/** @type {string} */ selector) => toast.querySelector(selector)?.textContent?.trim() ?? '';
        const icon = toast.querySelector('.notification-list-item-icon')?.className ?? '';
        return {
          text: text('.notification-list-item-message'),
          severity: /** @type {Notice['severity']} */ (/codicon-(error|warning|info)/.exec(icon)?.[1] ?? 'info'),
          source: text('.notification-list-item-source').replace(/^Source: /, ''),
          buttons: [...toast.querySelectorAll('.notification-list-item-buttons-container .monaco-button')].map((button) => button.textContent?.trim() ?? '').filter((name) => name !== ''),
        };
      }),
    );
  }

  /**
   * Reads the texts of the notifications that are shown now.
   * @returns {Promise<string[]>}
   */
  async texts() {
    return (await this.list()).map((notice) => notice.text);
  }

  /**
   * Waits for a notification with this text.
   * @param {string | RegExp} text
   * @returns {Promise<void>}
   */
  async wait(text) {
    await this.toasts.filter({ hasText: text }).first().waitFor();
  }

  /**
   * Clicks a button of the notification with this text.
   * @param {string | RegExp} text
   * @param {string} button
   * @returns {Promise<void>}
   */
  async click(text, button) {
    await this.toasts.filter({ hasText: text }).first().getByRole('button', { name: button, exact: true }).click();
  }

  /**
   * Closes the notification with this text.
   * @param {string | RegExp} text
   * @returns {Promise<void>}
   */
  async dismiss(text) {
    const toast = this.toasts.filter({ hasText: text }).first();
    await toast.hover();
    await toast.getByRole('button', { name: /^Clear Notification/ }).click();
  }
}

export class Dialog {
  /** @param {Page} page */
  constructor(page) {
    this.box = page.locator('.monaco-dialog-box');
  }

  /**
   * Waits for a modal dialog, with this text when given.
   * @param {string | RegExp} [text]
   * @returns {Promise<void>}
   */
  async wait(text) {
    await (text === undefined ? this.box : this.box.filter({ hasText: text })).first().waitFor();
  }

  /**
   * Says whether a modal dialog is open.
   * @returns {Promise<boolean>}
   */
  async isOpen() {
    return (await this.box.count()) > 0;
  }

  /**
   * Reads message, detail and buttons of the dialog; waits for one.
   * @returns {Promise<{ message: string, detail: string, buttons: string[] }>}
   */
  async read() {
    await this.wait();
    const inner = async (/** @type {string} */ selector) => (await this.box.locator(selector).allInnerTexts()).join('\n').trim();
    const [head, rest] = [await inner('.dialog-message-text'), await inner('.dialog-message-detail')];
    // A message without a detail is put where the detail would be.
    return {
      message: head || rest,
      detail: head ? rest : '',
      buttons: (await this.box.locator('.dialog-buttons').getByRole('button').allInnerTexts()).map((text) => text.trim()),
    };
  }

  /**
   * Clicks a button of the dialog and waits until it is gone.
   * @param {string} name
   * @returns {Promise<void>}
   */
  async click(name) {
    await this.box.getByRole('button', { name, exact: true }).click();
    await this.box.waitFor({ state: 'detached' });
  }
}

export class Editors {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.tabs = page.locator('.part.editor .tabs-container').getByRole('tab');
  }

  /**
   * Lists the titles of the open editors.
   * @returns {Promise<string[]>}
   */
  async titles() {
    return (await this.tabs.locator('.label-name').allInnerTexts()).map((text) => text.trim());
  }

  /**
   * Says the title of the editor that is shown, or undefined.
   * @returns {Promise<string | undefined>}
   */
  async active() {
    const active = this.page.locator('.part.editor .tab.active .label-name');
    return (await active.count()) > 0 ? (await active.first().innerText()).trim() : undefined;
  }

  /**
   * Waits for an open editor with this title.
   * @param {string | RegExp} title
   * @returns {Promise<void>}
   */
  async wait(title) {
    await this.tabs.filter({ hasText: title }).first().waitFor();
  }

  /**
   * Says whether the editor that is shown compares two documents.
   * @returns {Promise<boolean>}
   */
  async isDiff() {
    return this.page.locator('.part.editor .monaco-diff-editor:visible').first().isVisible();
  }

  /**
   * Reads the lines on the screen of the editor that is shown; of a comparison, the right side.
   * @returns {Promise<string>}
   */
  async text() {
    const lines = await this.page.locator('.part.editor .view-lines:visible').last().locator('.view-line').evaluateAll((all) =>
      all
        .map((line) => ({ top: Number.parseInt(/** @type {HTMLElement} */ (line).style.top, 10), text: line.textContent ?? '' }))
        .sort((left, right) => left.top - right.top)
        .map((line) => line.text),
    );
    return lines.join('\n').replaceAll('\u00a0', ' ');
  }
}
