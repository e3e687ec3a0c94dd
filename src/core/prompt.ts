import { FleetError } from '../base/errors.ts';

/**
 * How sure it is that a prompt arrived: the agent's own event said so; it was typed and nothing can say; or the text lies in its input
 * line and Enter was not pressed because a question opened (it is pressed when that is closed).
 */
export const promptResults = ['submitted', 'typed', 'pasted'] as const;
export type PromptResult = (typeof promptResults)[number];

/** Longest prompt in bytes of UTF-8: what fits into one argument of a process on every platform but Windows. */
export const maxPromptBytes = 100_000;
/** Longest prompt on a Windows command line, in UTF-16 units. */
const maxWindowsArgument = 24_000;

/** Pause between the pasted text and Enter, milliseconds. Measured: without it, several agents take the Enter as part of the paste. */
export const enterDelayMs = 200;

/**
 * The prompt as it may be handed to an agent: line ends are newlines, control characters but tab and newline are gone
 * (so that nothing in it can end the paste or press a key), outer blank lines are trimmed.
 * @throws FleetError `EmptyPrompt`, `PromptTooLong`.
 */
export function cleanPrompt(text: string): string {
  const clean = text
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
    .replace(/^\s*\n/, '')
    .trimEnd();
  if (clean.trim() === '') throw new FleetError('EmptyPrompt', 'The prompt is empty. Write what the agent should do.');
  const bytes = utf8Length(clean);
  if (bytes > maxPromptBytes) {
    throw new FleetError(
      'PromptTooLong',
      `The prompt has ${bytes} bytes; at most ${maxPromptBytes} can be sent. Put the text into a file and name the file in the prompt.`,
      { details: { bytes, limit: maxPromptBytes } },
    );
  }
  return clean;
}

/** Whether a clean prompt can be one argument of a command line. */
export function fitsArgument(prompt: string, platform: 'linux' | 'darwin' | 'win32'): boolean {
  return platform !== 'win32' || prompt.length <= maxWindowsArgument;
}

/** A clean prompt as bracketed paste, without the Enter. */
export function asPaste(prompt: string): string {
  return `\u001b[200~${prompt}\u001b[201~`;
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
