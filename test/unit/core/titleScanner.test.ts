import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TitleScanner } from '../../../src/core/titleScanner.ts';

const scan = (...chunks: string[]): string[] => {
  const scanner = new TitleScanner();
  return chunks.flatMap((chunk) => scanner.scan(chunk));
};

describe('core/titleScanner', () => {
  it('finds titles among other output, ended by BEL or ST', () => {
    assert.deepEqual(scan('text\u001b]0;one\u0007more\u001b[31mred\u001b]2;two\u001b\\end'), ['one', 'two']);
  });

  it('finds a title that comes in pieces', () => {
    const whole = 'a\u001b]0;⠋ spinner title\u0007b\u001b]2;x\u001b\\';
    for (let at = 1; at < whole.length; at++) assert.deepEqual(scan(whole.slice(0, at), whole.slice(at)), ['⠋ spinner title', 'x']);
  });

  it('passes over other sequences of the kind, also those of shell integration and links', () => {
    assert.deepEqual(scan('\u001b]633;C\u0007\u001b]8;;http://x\u0007\u001b]9;4;3;0\u0007\u001b]1;icon\u0007\u001b]0;real\u0007'), ['real']);
  });

  it('reports an empty title: agents clear theirs at the end', () => {
    assert.deepEqual(scan('\u001b]0;\u0007'), ['']);
  });

  it('cuts a title that never ends, and goes on after it', () => {
    const [title] = scan(`\u001b]0;${'x'.repeat(200_000)}\u0007`);
    assert.equal(title?.length, 1024);
  });

  it('drops a title that another sequence cuts off', () => {
    assert.deepEqual(scan('\u001b]0;half\u001b[2J\u001b]0;whole\u0007'), ['whole']);
    assert.deepEqual(scan('\u001b]0;half\u001b]0;whole\u0007'), ['whole']);
  });

  it('removes control characters from a title', () => {
    assert.deepEqual(scan('\u001b]0;a\tb\nc\u0007'), ['abc']);
  });

  it('gives the same titles however the output is cut, and never throws', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('\u001b', ']', '0;', '2;', '\u0007', '\u001b\\', 'title', '\u001b]0;t\u0007'));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        assert.deepEqual(scan(...pieces), scan(pieces.join('')));
      }),
    );
  });
});
