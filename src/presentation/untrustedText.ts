import { oneLine } from '../base/text.ts';

/** Longest piece of agent text in a row. */
const maxInRow = 80;

/** Invisible, and no white space: keeps two characters from being read as one mark. */
const wordJoiner = '\u2060';

/**
 * Text of an agent for a row, a picker or a message: one line, plain, short. The editor draws `$(name)` as an icon in many
 * labels, and `[text](command:…)` as a link in messages; both marks are taken apart without changing what is seen.
 */
export function rowText(text: string, max = maxInRow): string {
  return oneLine(text, max).replaceAll('$(', `$${wordJoiner}(`).replaceAll('](', `]${wordJoiner}(`);
}

/** Any sentence that may quote an agent, for a message box: `rowText` with more room. */
export function messageText(text: string): string {
  return rowText(text, 500);
}

/** Takes back what `rowText` put in, for places that draw neither icons nor links. */
export function withoutGuards(text: string): string {
  return text.replaceAll(wordJoiner, '');
}

/** A command or tool call of an agent between backticks. Plain text: nothing renders it. */
export function asCode(text: string): string {
  const line = rowText(text).replace(/^`+|`+$/g, '');
  return `\`${line}\``;
}

/**
 * Plain text as Markdown that shows exactly that text. Every ASCII punctuation mark is escaped: no link,
 * image, autolink, HTML, entity, code span or `$(icon)` can come out of it.
 */
export function escapeMarkdown(text: string): string {
  return text.replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** Untrusted text as one bounded line of Markdown source. */
export function markdownLine(text: string, max = 200): string {
  return escapeMarkdown(oneLine(text, max));
}
