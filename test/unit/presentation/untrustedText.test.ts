import { deepStrictEqual } from 'node:assert/strict';
import { asCode, escapeMarkdown, markdownLine, messageText, rowText, withoutGuards } from '../../../src/presentation/untrustedText.ts';

describe('presentation/untrustedText', () => {
  it('keeps agent text on one bounded line without escapes or control characters', () => {
    deepStrictEqual(rowText(`a\u001b[31mred\u001b[0m\n\tb\u202e${'x'.repeat(100)}`), `ared b${'x'.repeat(73)}…`);
  });

  it('takes icons and links apart without changing what is seen', () => {
    const text = 'echo $(whoami) [ok](command:evil)';
    deepStrictEqual([rowText(text).includes('$('), messageText(text).includes(']('), withoutGuards(rowText(text))], [false, false, text]);
  });

  it('puts a command between backticks once', () => {
    deepStrictEqual([asCode('npm test'), asCode('`npm test`')], ['`npm test`', '`npm test`']);
  });

  it('escapes every mark of Markdown', () => {
    deepStrictEqual(escapeMarkdown('![x](https://a.b) <b> &lt; $(x) `c` *d* a@b.c'), '\\!\\[x\\]\\(https\\:\\/\\/a\\.b\\) \\<b\\> \\&lt\\; \\$\\(x\\) \\`c\\` \\*d\\* a\\@b\\.c');
  });

  it('never lets a line of Markdown begin a block', () => {
    deepStrictEqual(markdownLine('\n# head\n- item'), '\\# head \\- item');
  });
});
