import assert from 'node:assert/strict';
import fc from 'fast-check';
import { foldCapitals, looseOf, mayBeInId, partsOf, searchWords, unfoldCapitals, wordsOf } from '../../../../src/storage/projection/searchText.ts';
import { session } from './kit.ts';

describe('searchText', () => {
  it('takes capitals out of any text and puts them back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const { lower, capitals } = foldCapitals(text);
        assert.equal(lower, text.toLowerCase());
        assert.equal(unfoldCapitals(lower, capitals), text);
      }),
    );
    for (const text of ['', 'plain', 'One Two', 'STRASSE', 'İstanbul ÄÖ', 'ΣΊΣΥΦΟΣ', '=A', 'a'.repeat(1_000) + 'B']) {
      const { lower, capitals } = foldCapitals(text);
      assert.equal(unfoldCapitals(lower, capitals), text);
    }
    assert.deepEqual(foldCapitals('Fix The bug'), { lower: 'fix the bug', capitals: '0 4' });
    assert.equal(foldCapitals('fix').capitals, null);
  });

  it('keeps the parts apart and bounds what is long', () => {
    const artifacts = Array.from({ length: 40 }, (_, n) => ({ path: `/work/src/file-${n}.ts`, kind: 'patch', at: 1 }));
    const words = wordsOf(looseOf(session('a', { name: 'N\u001fame', spec: { prompt: 'p'.repeat(500), policy: 'ask', cwd: '/work' }, artifacts })));
    assert.deepEqual(partsOf(words), { name: 'N ame', driver: 'claude', cwd: '/work', prompt: 'p'.repeat(80) });
    assert.ok(words.includes('/src/file-39.ts') && !words.includes('file-0.ts') && !words.includes('/work/src'));
    assert.ok(words.length < 600);
    assert.ok(wordsOf(looseOf(session('agent-X'))).endsWith('agent-X'));
  });

  it('makes words of what is typed', () => {
    assert.deepEqual(searchWords('  Fix\tTHE  bug\n'), ['fix', 'the', 'bug']);
    assert.deepEqual(searchWords(undefined), []);
    assert.equal(searchWords('x '.repeat(100)).length, 32);
    assert.ok(mayBeInId('agent-1_2') && !mayBeInId('a.b') && !mayBeInId('ä'));
  });
});
