import type { Key } from './keys.ts';

/** What came of a key. */
export type InputEvent =
  | { readonly type: 'prompt'; readonly text: string }
  | { readonly type: 'answer'; readonly yes: boolean }
  | { readonly type: 'interrupt'; readonly by: 'escape' | 'ctrl-c' }
  /** Ctrl-D with nothing typed. */
  | { readonly type: 'leave' };

/**
 * The line that is being typed. While a question is open, the first key `y` or `n` answers it; a paste never does, because pasted text is a
 * prompt that was on its way when the question opened.
 */
export class Conversation {
  #draft = '';
  #asking = false;
  /** What may still follow an answer that was typed as a word and Enter. */
  #tail = '';

  get draft(): string {
    return this.#draft;
  }

  /** Opens or closes a question. */
  set asking(open: boolean) {
    this.#asking = open;
  }

  key(key: Key): InputEvent | undefined {
    const afterAnswer = this.#tail;
    this.#tail = '';
    switch (key.type) {
      case 'text':
        return this.#text(key.text, afterAnswer);
      case 'paste':
        this.#draft += key.text;
        return undefined;
      case 'backspace':
        this.#draft = [...this.#draft].slice(0, -1).join('');
        return undefined;
      case 'enter':
        return this.#enter();
      case 'escape':
      case 'interrupt':
        this.#draft = '';
        return { type: 'interrupt', by: key.type === 'escape' ? 'escape' : 'ctrl-c' };
      case 'end':
        return this.#draft === '' ? { type: 'leave' } : undefined;
    }
  }

  #text(text: string, afterAnswer: string): InputEvent | undefined {
    if (this.#asking && this.#draft === '' && /^[yn]/i.test(text)) {
      const yes = /^y/i.test(text);
      const word = yes ? 'es' : 'o';
      this.#asking = false;
      this.#tail = text.length > 1 ? word.slice(text.length - 1) : word;
      return { type: 'answer', yes };
    }
    if (afterAnswer !== '' && afterAnswer.startsWith(text.toLowerCase())) this.#tail = afterAnswer.slice(text.length);
    else this.#draft += text;
    return undefined;
  }

  #enter(): InputEvent | undefined {
    const text = this.#draft.trim();
    this.#draft = '';
    return text === '' ? undefined : { type: 'prompt', text };
  }
}
