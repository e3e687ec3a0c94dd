import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseTimestamp, timestampText } from '../../../src/protocol/timestamp.ts';

describe('timestamps of fleets', () => {
  const at = Date.UTC(2026, 4, 4, 8, 15, 30);
  const rows: readonly [string, number | undefined][] = [
    ['2026-05-04T08:15:30Z', at],
    ['2026-05-04t08:15:30z', at],
    ['2026-05-04 08:15:30', at],
    ['2026-05-04 08:15:30 UTC', at],
    ['2026-05-04T08:15:30', at],
    [' 2026-05-04T08:15:30Z\n', at],
    ['2026-05-04T10:15:30+02:00', at],
    ['2026-05-04T03:45:30-0430', at],
    ['2026-05-04T08:15:30.25Z', at + 250],
    ['2026-05-04 08:15:30,123456789', at + 123],
    ['2026-06-30T23:59:60Z', Date.UTC(2026, 6, 1)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2026-02-29T00:00:00Z', undefined],
    ['2026-04-31 00:00:00', undefined],
    ['2026-13-01T00:00:00Z', undefined],
    ['2026-05-04T24:00:00Z', undefined],
    ['2026-05-04T08:60:00Z', undefined],
    ['2026-05-04', undefined],
    ['2026-05-04T08:15Z', undefined],
    ['04 May 2026', undefined],
    ['1777882530', undefined],
    ['yesterday', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of rows) it(`“${text.trim()}” is ${expected ?? 'nothing'}`, () => assert.equal(parseTimestamp(text), expected));

  it('come back as they were written, whatever the time', () => {
    fc.assert(fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (time) => assert.equal(parseTimestamp(timestampText(time)), time)));
  });

  it('are written for any number', () => {
    assert.equal(timestampText(Number.NaN), '1970-01-01T00:00:00.000Z');
    assert.equal(timestampText(Infinity), '+275760-09-13T00:00:00.000Z');
    assert.equal(timestampText(at + 0.9), '2026-05-04T08:15:30.000Z');
  });

  it('are text of any kind without an error', () => {
    fc.assert(fc.property(fc.string(), (text) => assert.ok(['number', 'undefined'].includes(typeof parseTimestamp(text)))));
  });
});
