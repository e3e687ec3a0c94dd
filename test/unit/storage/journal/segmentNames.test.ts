import assert from 'node:assert/strict';
import fc from 'fast-check';
import { baseName, corruptName, fencesOf, liveName, liveSegments, markerName, parseName, snapshotName } from '../../../../src/storage/journal/segmentNames.ts';

const long = fc.nat({ max: 999_999_999_999 });
const short = fc.nat({ max: 9_999 });
const crc = fc.nat({ max: 0xffff_ffff });

describe('names of registry files', () => {
  it('are read as they were made', () => {
    fc.assert(
      fc.property(long, long, short, crc, (a, b, n, c) => {
        assert.deepEqual(parseName(liveName(a, b, n)), { type: 'live', name: liveName(a, b, n), epoch: a, first: b, retry: n });
        assert.deepEqual(parseName(baseName(a, n)), { type: 'base', name: baseName(a, n), upTo: a, n });
        assert.deepEqual(parseName(markerName(a, n, c)), { type: 'marker', name: markerName(a, n, c), upTo: a, count: n, crc: c });
        assert.deepEqual(parseName(snapshotName(a, b, c)), { type: 'snapshot', name: snapshotName(a, b, c), q: a, bytes: b, crc: c });
        assert.equal(parseName(corruptName(liveName(a, b), c)), undefined);
      }),
    );
    assert.equal(liveName(3, 41), 'j-000000000003-000000000041.log');
    assert.equal(liveName(3, 41, 2), 'j-000000000003-000000000041-0002.log');
    assert.equal(baseName(9, 0), 'b-000000000009-0000.log');
    assert.equal(markerName(9, 1, 0xabc), 'base-000000000009-0001-00000abc.json');
    assert.equal(snapshotName(9, 4096, 0xabc), 'snap-000000000009-4096-00000abc.db');
  });

  it('that are no such names mean nothing', () => {
    for (const name of ['', 'j-1-2.log', 'j-000000000003-000000000041-0000.log', 'j-000000000003-000000000041.log.corrupt-1', 'xj-000000000003-000000000041.log',
      'snap-000000000009-04096-00000abc.db', 'snap-000000000009-4096-00000ABC.db', 'snap-000000000009-4096-00000abc.db.tmp', 'b-000000000009-0000.log\n']) {
      assert.equal(parseName(name), undefined, name);
    }
    for (const bad of [-1, 1.5, NaN, 1e12]) assert.throws(() => liveName(1, bad), RangeError);
  });

  it('are read in the order of epoch, first q and retry, each up to the first q of any later one', () => {
    const names = [liveName(2, 15), liveName(1, 10, 1), liveName(1, 30), 'lock', liveName(1, 10), liveName(1, 1), baseName(9, 0)];
    const segments = liveSegments(names);
    assert.deepEqual(segments.map(({ name }) => name), [liveName(1, 1), liveName(1, 10), liveName(1, 10, 1), liveName(1, 30), liveName(2, 15)]);
    assert.deepEqual(fencesOf(segments), [10, 10, 15, 15, Infinity]);
  });
});
