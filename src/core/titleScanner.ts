/** Longest title that is kept, in UTF-16 units; agents set far shorter ones. */
const maxTitle = 1024;

/**
 * Finds window titles (`OSC 0` and `OSC 2`) in raw terminal output that comes in arbitrary pieces. Everything else is passed
 * over unread: what is on the screen is not a source of state. Holds at most one unfinished title.
 */
export class TitleScanner {
  #state: 'text' | 'escape' | 'number' | 'body' | 'bodyEscape' | 'other' | 'otherEscape' = 'text';
  #number = '';
  #body = '';

  /** The titles that end in `chunk`, control characters removed, oldest first. */
  scan(chunk: string): string[] {
    const titles: string[] = [];
    for (let at = 0; at < chunk.length; at++) {
      // Plain output is the bulk: jump to the next escape character.
      if (this.#state === 'text') {
        at = chunk.indexOf('\u001b', at);
        if (at < 0) break;
        this.#state = 'escape';
        continue;
      }
      this.#step(chunk[at] as string, titles);
    }
    return titles;
  }

  #step(char: string, titles: string[]): void {
    switch (this.#state) {
      case 'escape':
        this.#state = char === ']' ? 'number' : char === '\u001b' ? 'escape' : 'text';
        this.#number = '';
        break;
      case 'number':
        if (char >= '0' && char <= '9' && this.#number.length < 6) this.#number += char;
        else if (char === ';' && (this.#number === '0' || this.#number === '2')) {
          this.#body = '';
          this.#state = 'body';
        } else if (char === '\u0007') this.#state = 'text';
        else if (char === '\u001b') this.#state = 'otherEscape';
        else this.#state = 'other';
        break;
      case 'body':
        if (char === '\u0007' || char === '\u009c') this.#end(titles);
        else if (char === '\u001b') this.#state = 'bodyEscape';
        else if (this.#body.length < maxTitle) this.#body += char;
        break;
      case 'bodyEscape':
        if (char === '\\') this.#end(titles);
        // An escape that does not end the title begins something else: the title was cut off.
        else this.#state = char === ']' ? 'number' : 'text';
        this.#number = '';
        break;
      case 'other':
        if (char === '\u0007' || char === '\u009c') this.#state = 'text';
        else if (char === '\u001b') this.#state = 'otherEscape';
        break;
      case 'otherEscape':
        this.#state = char === ']' ? 'number' : 'text';
        this.#number = '';
        break;
      case 'text':
        break;
    }
  }

  #end(titles: string[]): void {
    titles.push(this.#body.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').trim());
    this.#body = '';
    this.#state = 'text';
  }
}
