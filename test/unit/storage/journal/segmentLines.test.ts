import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeRecord } from '../../../../src/storage/journal/record.ts';
import { scanLines } from '../../../../src/storage/journal/segmentLines.ts';
import { put } from './support/records.ts';

interface Scan {
  readonly qs: readonly number[];
  readonly bad: number;
  readonly done: number;
}

function scan(bytes: Buffer): Scan {
  const qs: number[] = [];
  let bad = 0;
  const done = scanLines(bytes, {
    line(_, start, end, q) {
      assert.ok(end > start);
      qs.push(q);
      return true;
    },
    bad: () => void bad++,
  });
  return { qs, bad, done };
}

const texts = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 1, maxLength: 12 });

describe('lines of a segment', () => {
  it('S4: a torn tail, at every byte of the last line, is left for later and no damage', () => {
    const first = encodeRecord(put(1, 1));
    const last = encodeRecord(put(2, 1, 'ünïcode'));
    for (let length = 0; length < last.length; length++) {
      assert.deepEqual(scan(Buffer.concat([first, last.subarray(0, length)])), { qs: [1], bad: 0, done: first.length });
    }
    assert.deepEqual(scan(Buffer.concat([first, last])), { qs: [1, 2], bad: 0, done: first.length + last.length });
  });

  it('S4: flipped bits cost no more than the lines that they hit', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), (words, flips) => {
        const lines = words.map((text, index) => encodeRecord(put(index + 1, 1, text)));
        const bytes = Buffer.concat(lines);
        const hit = new Set<number>();
        for (const flip of flips) {
          const bit = flip % (bytes.length * 8);
          bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          let end = 0;
          hit.add(1 + lines.findIndex((line) => (end += line.length) > bit >> 3));
        }
        const { qs, bad } = scan(bytes);
        assert.deepEqual([...new Set(qs)], qs);
        for (let q = 1; q <= lines.length; q++) if (!hit.has(q)) assert.ok(qs.includes(q), `line ${q} of ${lines.length} was lost`);
        // What is lost is told, except when only the line feed of the last line was hit: then it looks torn.
        if (bad === 0) assert.ok(lines.length - qs.length <= 1);
      }),
      { numRuns: 500 },
    );
  });

  it('S4: every single flipped bit costs at most its own line', () => {
    const lines = [1, 2, 3].map((q) => encodeRecord(put(q, 1, 'x')));
    const bytes = Buffer.concat(lines);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { qs } = scan(bytes);
      assert.ok(qs.length >= 2, `bit ${bit}`);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    }
  });

  it('S4: bytes of any kind never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.constantFrom('\n', ' {"q":', '00000000 {}', ' {"q":1 {"q":2').map((text) => Buffer.from(text))), { maxLength: 8 }), (parts) => {
        const bytes = Buffer.concat(parts);
        const { qs, done } = scan(bytes);
        assert.deepEqual(qs, []);
        assert.equal(done, bytes.lastIndexOf(0x0a) + 1);
      }),
      { numRuns: 500 },
    );
  });

  it('stops behind the line at which it is told to', () => {
    const lines = [1, 2, 3].map((q) => encodeRecord(put(q, 1)));
    const qs: number[] = [];
    const done = scanLines(Buffer.concat(lines), { line: (_, __, ___, q) => qs.push(q) < 2, bad: () => assert.fail() });
    assert.deepEqual({ qs, done }, { qs: [1, 2], done: (lines[0]?.length ?? 0) + (lines[1]?.length ?? 0) });
  });
});
