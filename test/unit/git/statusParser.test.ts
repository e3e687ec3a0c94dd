import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseStatus } from '../../../src/git/statusParser.ts';

const ids = '100644 100644 100644 1111111 2222222';
const read = (...records: string[]) => parseStatus(records.map((record) => `${record}\0`).join(''));

describe('git status, porcelain 2', () => {
  it('reads every kind of record', () => {
    assert.deepEqual(read(`1 .M N... ${ids} a b.md`, `2 R. N... ${ids} R100 new`, 'old', '? dir/', '! ignored', '# branch.head main'), [
      { path: 'a b.md', kind: 'modified', tracked: true, submodule: false },
      { path: 'dir', kind: 'added', tracked: false, submodule: false },
      { path: 'new', kind: 'renamed', from: 'old', tracked: true, submodule: false },
    ]);
  });

  it('keeps spaces at both ends of a name', () => {
    assert.deepEqual(read(`1 M. N... ${ids}  x `).map(({ path }) => path), [' x ']);
  });

  it('leaves out what it does not understand', () => {
    assert.deepEqual(read('', 'z future', '1 .M', '1 .M N... 1 2 3', '2', '?'), []);
  });

  it('never fails', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: fc.constantFrom(' ', '1', '2', 'u', '?', 'R', 'D', '.', '\0', 'é') })), (records) => void read(...records)));
  });
});
