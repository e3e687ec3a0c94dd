/**
 * Turns an English message into the user's language and fills `{0}`, `{1}`, …
 * The host passes `vscode.l10n.t`. Messages are literals, so that they can be extracted.
 */
export type Translate = (message: string, ...args: (string | number)[]) => string;

/** Fills the placeholders and keeps the English. */
export const plainEnglish: Translate = (message, ...args) =>
  message.replace(/\{(\d+)\}/g, (whole, index: string) => {
    const value = args[Number(index)];
    return value === undefined ? whole : String(value);
  });
