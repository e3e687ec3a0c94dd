import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isAbsolute, resolveInside } from '../../../src/core/paths.ts';

const cases: readonly [root: string, path: string, wanted: string | undefined][] = [
  ['/w', 'a.txt', '/w/a.txt'],
  ['/w/', './a//b/../c', '/w/a/c'],
  ['/w', '/w/a', '/w/a'],
  ['/w', '/w/../w/a', '/w/a'],
  ['/w', 'a\\..\\b', '/w/a\\..\\b'],
  ['/w', ' a b ', '/w/ a b '],
  ['/', 'etc/x', '/etc/x'],
  ['/w', '', undefined],
  ['/w', '.', undefined],
  ['/w', '/w', undefined],
  ['/w', 'a/..', undefined],
  ['/w', '..', undefined],
  ['/w', '../w2/x', undefined],
  ['/w', '../../etc/passwd', undefined],
  ['/w', '../../../../../../etc/passwd', undefined],
  ['/w', '/etc/passwd', undefined],
  ['/w', '/w2/x', undefined],
  ['/w', '/W/a', undefined],
  ['/w', 'a\0b', undefined],
  ['/w', 'C:\\Windows\\x', undefined],
  ['/w', '\\\\server\\share\\x', undefined],
  ['C:\\w', 'a/b', 'C:\\w\\a\\b'],
  ['C:\\w', 'a\\..\\b', 'C:\\w\\b'],
  ['C:\\w', 'c:/W/a', 'c:\\W\\a'],
  ['c:/w', 'C:\\w\\a', 'C:\\w\\a'],
  ['C:\\w', 'D:\\w\\a', undefined],
  ['C:\\w', '..\\x', undefined],
  ['C:\\w', '..\\..\\..\\x', undefined],
  ['C:\\w', '..\\..\\C:\\w\\x', undefined],
  ['C:\\w', '/w/a', undefined],
  ['C:\\w', '\\w\\a', undefined],
  ['C:\\w', '\\a', undefined],
  ['C:\\w', 'C:a', undefined],
  ['C:\\w', 'D:a', undefined],
  ['C:\\w', 'a.txt:hidden', undefined],
  ['\\\\srv\\share\\w', 'a', '\\\\srv\\share\\w\\a'],
  ['\\\\srv\\share\\w', '\\\\SRV\\share\\w\\a', '\\\\SRV\\share\\w\\a'],
  ['\\\\srv\\share\\w', '\\\\srv\\other\\w\\a', undefined],
  ['\\\\srv\\share\\w', '..\\a', undefined],
];

describe('paths', () => {
  for (const [root, path, wanted] of cases) {
    it(`${JSON.stringify(path)} in ${root} is ${wanted ?? 'refused'}`, () => {
      assert.equal(resolveInside(root, path), wanted);
    });
  }

  it('knows an absolute path in either form', () => {
    assert.deepEqual(['/a', 'C:\\a', 'c:/a', '\\\\s\\a', 'a', './a', 'C:a', ''].map(isAbsolute), [true, true, true, true, false, false, false, false]);
  });

  it('what comes out is always strictly inside and has no dots', () => {
    const part = fc.constantFrom('..', '.', 'a', 'b', '', '/', '\\', 'C:', 'w', '...', ' ');
    const path = fc.array(part, { maxLength: 12 }).chain((parts) => fc.constantFrom('/', '\\').map((separator) => parts.join(separator)));
    fc.assert(
      fc.property(path, fc.constantFrom(['/w/x', '/'], ['C:\\w\\x', '\\'], ['\\\\s\\w\\x', '\\']), (text, [root, separator]) => {
        const inside = resolveInside(root, text);
        if (inside === undefined) return;
        assert.ok(inside.toLowerCase().startsWith(`${root}${separator}`.toLowerCase()), inside);
        const parts = inside.split(separator as string);
        assert.ok(!parts.includes('..') && !parts.includes('.'), inside);
        assert.equal(resolveInside(root as string, inside), inside);
      }),
      { numRuns: 2000 },
    );
  });
});
