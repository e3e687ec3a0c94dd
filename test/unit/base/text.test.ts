import assert from 'node:assert/strict';
import fc from 'fast-check';
import { clip, oneLine, plainText } from '../../../src/base/text.ts';

/** Text as a hostile agent would write it: escape sequences, cut ones, control characters, halves of surrogate pairs. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u001b[31m', '\u001b]0;title\u0007', '\u001b]8;;http://x\u001b\\', '\u001b', '\u009b1;2H', '\u001b[', '\r', '\r\n', '\n', '\t', '\u0000', '\u202e', '\ud800', '\udc00', '😀', '\u001b(B', '\u2028'),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** Whether every surrogate of `part` that is paired in the original is still paired. */
function splitsNoPair(text: string): boolean {
  return text === '' || !/[\ud800-\udbff]$/.test(text);
}

describe('text', () => {
  it('plainText removes colours, titles, links and keeps the words', () => {
    assert.equal(plainText('\u001b[1;31mred\u001b[0m \u001b]0;t\u0007a\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\\r\nb\rc\td'), 'red alink\nb\nc\td');
    assert.equal(plainText('a\u202eb\u2066c\u061cd\u0007e\u009b2Jf'), 'abcdef');
  });

  it('plainText lets no control character through, never throws, and has nothing to do the second time', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const plain = plainText(text);
        assert.doesNotMatch(plain, control);
        assert.equal(plainText(plain), plain);
      }),
      { numRuns: 500 },
    );
  });

  it('oneLine is one line, trimmed, at most as long as asked', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 40 }), (text, max) => {
        const line = oneLine(text, max);
        assert.doesNotMatch(line, control);
        assert.doesNotMatch(line, /[\n\t\u2028\u2029]/);
        assert.ok(line.length <= max);
        assert.equal(line, line.trim());
      }),
      { numRuns: 500 },
    );
    assert.equal(oneLine('  a \n\t b  '), 'a b');
  });

  it('clip marks the cut and never splits a surrogate pair', () => {
    assert.equal(clip('abc', 3), 'abc');
    assert.equal(clip('abcd', 3), 'ab…');
    assert.equal(clip('a😀b', 3), 'a…');
    assert.equal(clip('a😀bc', 4), 'a😀…');
    assert.equal(clip('abc', 1), '…');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        const cut = clip(text, max);
        assert.ok(cut.length <= max);
        assert.ok(cut === text || (cut.endsWith('…') && splitsNoPair(cut.slice(0, -1))));
      }),
    );
  });

  it('clip to nothing is nothing', () => {
    assert.equal(clip('abc', 0), '');
    assert.equal(clip('abc', -1), '');
  });

  it('takes a megabyte of half-open sequences in its stride', () => {
    for (const part of ['\u001b', '\u001b[', '\u001b]', '\u001b[1;', ' ', '\r', '\u001b[(((;;;']) {
      assert.ok(oneLine(part.repeat(200_000) + 'x', 10).length <= 10);
    }
  });
});
