import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFleetError } from '../../../src/base/errors.ts';
import { asPaste, cleanPrompt, fitsArgument, maxPromptBytes } from '../../../src/core/prompt.ts';

const hostile = fc
  .array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u001b[201~', '\u001b', '\u0003', '\r', '\r\n', '\n', '\t', ' ', '\u009b', '\ud800')), { maxLength: 20 })
  .map((parts) => parts.join(''));

function refusalOf(text: string): string | undefined {
  try {
    cleanPrompt(text);
    return undefined;
  } catch (error) {
    return isFleetError(error) ? error.code : 'thrown';
  }
}

describe('prompts', () => {
  it('P2: keeps lines and tabs, and drops what could press a key or end the paste', () => {
    assert.equal(cleanPrompt('a\r\nb\rc\n\td'), 'a\nb\nc\n\td');
    assert.equal(cleanPrompt('x\u001b[201~\u0003y\u009b2J'), 'x[201~y2J');
    assert.equal(cleanPrompt('\n \n  indented\n\n'), '  indented');
  });

  it('P2: nothing that comes out of it can end a bracketed paste early', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        if (refusalOf(text) !== undefined) return;
        const paste = asPaste(cleanPrompt(text));
        assert.equal(paste.split('\u001b').length, 3);
        assert.doesNotMatch(paste.slice(6, -6), /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        assert.match(paste, /^\u001b\[200~[^]*\u001b\[201~$/);
      }),
      { numRuns: 500 },
    );
  });

  it('cleaning twice is cleaning once, so that a stored prompt stays itself', () => {
    fc.assert(fc.property(hostile, (text) => refusalOf(text) !== undefined || cleanPrompt(cleanPrompt(text)) === cleanPrompt(text)));
  });

  it('refuses what is empty once it is clean', () => {
    assert.deepEqual(['', ' \n\t', '\u0007', '\u001b\r\n'].map(refusalOf), ['EmptyPrompt', 'EmptyPrompt', 'EmptyPrompt', 'EmptyPrompt']);
  });

  it('counts bytes, not characters, against the limit', () => {
    assert.equal(refusalOf('a'.repeat(maxPromptBytes)), undefined);
    assert.equal(refusalOf('a'.repeat(maxPromptBytes + 1)), 'PromptTooLong');
    assert.equal(refusalOf('ä'.repeat(maxPromptBytes / 2)), undefined);
    assert.equal(refusalOf('ä'.repeat(maxPromptBytes / 2 + 1)), 'PromptTooLong');
    assert.equal(refusalOf('😀'.repeat(maxPromptBytes / 4)), undefined);
    assert.throws(() => cleanPrompt('€'.repeat(maxPromptBytes)), (error) => isFleetError(error) && error.details['bytes'] === 300_000);
  });

  it('a megabyte of blanks is answered at once', () => {
    assert.equal(refusalOf(`x${' '.repeat(1_000_000)}x`), 'PromptTooLong');
    assert.equal(cleanPrompt(`x${'\n'.repeat(1_000_000)}`), 'x');
    assert.equal(refusalOf(' '.repeat(1_000_000)), 'EmptyPrompt');
  });

  it('knows how much fits on a Windows command line', () => {
    assert.deepEqual([fitsArgument('a'.repeat(24_001), 'win32'), fitsArgument('a'.repeat(24_000), 'win32'), fitsArgument('a'.repeat(90_000), 'linux')], [false, true, true]);
  });
});
