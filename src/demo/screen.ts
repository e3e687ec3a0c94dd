import { clip, oneLine, plainText } from '../base/text.ts';

/** The part of a terminal stream that the screen needs. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Tone = 'plain' | 'quiet' | 'good' | 'bad' | 'ask' | 'head';

const codes: Readonly<Record<Tone, string>> = { plain: '', quiet: '2', good: '32', bad: '31', ask: '33', head: '1' };

/** A calm transcript with the line that is being typed below it. Without a terminal: plain lines, no sequences. */
export class Screen {
  readonly #output: Output;
  readonly #isTerminal: boolean;
  readonly #colours: boolean;
  #draft = '';

  /** `noColor`: the variable NO_COLOR is set and not empty (no-color.org). */
  constructor(output: Output, noColor: boolean) {
    this.#output = output;
    this.#isTerminal = output.isTTY === true;
    this.#colours = this.#isTerminal && !noColor;
  }

  line(text: string, tone: Tone = 'plain'): void {
    const code = codes[tone];
    const painted = this.#colours && code !== '' ? `\u001b[${code}m${plainText(text)}\u001b[0m` : plainText(text);
    this.#output.write(`${this.#wipe()}${painted.replace(/\n/g, this.#isTerminal ? '\r\n' : '\n')}${this.#isTerminal ? '\r\n' : '\n'}${this.#drawn()}`);
  }

  /** Shows what is being typed; a paste of several lines as their number. */
  set draft(text: string) {
    const wipe = this.#wipe();
    const lines = text.split('\n').length;
    this.#draft = lines > 1 ? `[${lines} lines]` : oneLine(text, 10_000);
    if (this.#isTerminal) this.#output.write(wipe + this.#drawn());
  }

  title(text: string): void {
    if (this.#isTerminal) this.#output.write(`\u001b]0;${oneLine(text, 80)}\u0007`);
  }

  open(): void {
    // Bracketed paste: a prompt of several lines arrives as one piece.
    if (this.#isTerminal) this.#output.write('\u001b[?2004h');
  }

  close(): void {
    if (this.#isTerminal) this.#output.write(`${this.#wipe()}\u001b[?2004l\u001b]0;\u0007`);
    this.#draft = '';
  }

  #wipe(): string {
    return this.#isTerminal && this.#draft !== '' ? '\r\u001b[2K' : '';
  }

  #drawn(): string {
    if (!this.#isTerminal || this.#draft === '') return '';
    return `> ${clip(this.#draft, Math.max(10, (this.#output.columns ?? 80) - 3))}`;
  }
}
