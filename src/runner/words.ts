import { constants } from 'node:os';
import { oneLine } from '../base/text.ts';

/** The runner's own sentences and control sequences. Strings only; who writes them is `terminal.ts`. */

const bel = '\u0007';

function mark(letter: string): string {
  return `\u001b]633;${letter}${bel}`;
}

/** Opens the frame in which the editor hears titles and progress (OSC 633, shell integration). */
export const openFrame = mark('A') + mark('B') + mark('E;agent') + mark('C');

/** Closes the frame. Without a code it only makes room for the next one. */
export function closeFrame(code?: number): string {
  return mark(code === undefined ? 'D' : `D;${code}`);
}

/** What shells report for a process that ended by a signal: 128 + its number. */
export function exitStatus(code: number | null, signal: string | null): number {
  if (code !== null) return code;
  const number = Object.entries(constants.signals).find(([name]) => name === signal)?.[1];
  return number === undefined ? 1 : 128 + number;
}

/**
 * Ends whatever sequence the agent was in the middle of (CAN), then takes back what an agent that could not tidy up leaves behind:
 * synchronised output, mouse, focus and paste reports, application keys, the keyboard protocols of kitty and xterm, progress, colours, hidden cursor.
 * The alternate screen is left by 1047, not 1049: the latter would also move the cursor of an agent that never was there.
 */
export function restoreModes(endedBySignal: boolean): string {
  const off = [2026, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 9, 1047].map((mode) => `\u001b[?${mode}l`).join('');
  const keys = '\u001b[?1l\u001b>\u001b[=0u\u001b[>4;0m';
  const looks = `\u001b]9;4;0;0${bel}\u001b[!p\u001b(B\u000f\u001b[0m\u001b[?7h\u001b[?25h`;
  // Leaving the alternate screen keeps its cursor position, in the middle of what stood there before; the last line is safe.
  return `\u0018${off}${keys}${looks}${endedBySignal ? '\u001b[999;1H' : ''}`;
}

const close = 'Press Enter to close this terminal.';

/** The line that stays when the agent has ended. */
export function endLine(name: string, end: { readonly code: number | null; readonly signal: string | null; readonly stopped: boolean }): string {
  const how = end.stopped ? 'was stopped' : end.code === null ? `was ended by ${end.signal ?? 'a signal'}` : `ended with exit code ${end.code}`;
  return line(`${oneLine(name, 80)} ${how}. ${close}`);
}

/** The line for an agent that could not be started. `message` begins with a small letter and has no full stop. */
export function spawnFailedLine(name: string, message: string): string {
  return line(`${oneLine(name, 80)} could not be started: ${oneLine(message, 400)}. ${close}`);
}

/** The line for a terminal that has nothing to start. */
export function noLaunchLine(message: string): string {
  return line(`${oneLine(message, 400)} ${close}`);
}

function line(text: string): string {
  return `\r\n[Agent Fleet] ${text}\r\n`;
}
