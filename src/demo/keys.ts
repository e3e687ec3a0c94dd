/** What a person (or Agent Fleet for them) did at the keyboard. */
export type Key =
  | { readonly type: 'text'; readonly text: string }
  /** A bracketed paste, line ends as newlines. */
  | { readonly type: 'paste'; readonly text: string }
  | { readonly type: 'enter' }
  | { readonly type: 'backspace' }
  | { readonly type: 'escape' }
  /** Ctrl-C. */
  | { readonly type: 'interrupt' }
  /** Ctrl-D. */
  | { readonly type: 'end' };

const pasteStart = '\u001b[200~';
const pasteEnd = '\u001b[201~';
/** A paste that never ends must not fill the memory. */
const maxPaste = 1_000_000;

/** Turns terminal input into keys; sequences may be cut anywhere between two chunks. */
export class KeyDecoder {
  #rest = '';
  #pasting = false;
  #afterReturn = false;

  push(chunk: string): Key[] {
    this.#rest += chunk;
    const keys: Key[] = [];
    while (this.#rest !== '') {
      if (this.#pasting ? !this.#takePaste(keys) : !this.#takeKey(keys)) break;
    }
    return keys;
  }

  #takePaste(keys: Key[]): boolean {
    const end = this.#rest.indexOf(pasteEnd);
    if (end < 0 && this.#rest.length < maxPaste) return false;
    const text = end < 0 ? this.#rest : this.#rest.slice(0, end);
    this.#rest = end < 0 ? '' : this.#rest.slice(end + pasteEnd.length);
    this.#pasting = end < 0;
    keys.push({ type: 'paste', text: text.replace(/\r\n?/g, '\n') });
    return true;
  }

  #takeKey(keys: Key[]): boolean {
    if (this.#rest.startsWith('\u001b')) return this.#takeSequence(keys);
    const text = /^[^\u0000-\u001f\u007f]+/.exec(this.#rest)?.[0];
    if (text !== undefined) {
      keys.push({ type: 'text', text });
      this.#consume(text.length);
      return true;
    }
    const control = this.#rest.charAt(0);
    // A pipe may end its lines with both characters: that is one Enter.
    const repeated = control === '\n' && this.#afterReturn;
    this.#consume(1);
    this.#afterReturn = control === '\r';
    if ((control === '\r' || control === '\n') && !repeated) keys.push({ type: 'enter' });
    else if (control === '\u0003') keys.push({ type: 'interrupt' });
    else if (control === '\u0004') keys.push({ type: 'end' });
    else if (control === '\u007f' || control === '\b') keys.push({ type: 'backspace' });
    return true;
  }

  /** Returns false when the sequence is not complete yet. */
  #takeSequence(keys: Key[]): boolean {
    if (this.#rest.startsWith(pasteStart)) {
      this.#consume(pasteStart.length);
      this.#pasting = true;
      return true;
    }
    // Arrows, function keys and the like mean nothing here.
    const whole = /^\u001b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|O.|[^[O])/.exec(this.#rest)?.[0];
    if (whole !== undefined) {
      this.#consume(whole.length);
      return true;
    }
    if (this.#rest !== '\u001b') return false;
    // A terminal writes a sequence at once, so an escape character at the end is the key.
    this.#consume(1);
    keys.push({ type: 'escape' });
    return true;
  }

  #consume(length: number): void {
    this.#rest = this.#rest.slice(length);
    this.#afterReturn = false;
  }
}
