import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeSpool, encodeSpoolLine } from '../../../src/link/spoolCodec.ts';
import { arbitraryEvents, asJson } from './arbitraryRunnerEvent.ts';

function encode(events: Parameters<typeof encodeSpoolLine>[0][]): Buffer {
  return Buffer.from(events.map(encodeSpoolLine).join(''));
}

/** Every event of `part` is one of `whole`, in the same order. */
function assertSubsequence(part: readonly unknown[], whole: readonly unknown[]): void {
  const texts = whole.map((item) => JSON.stringify(item));
  let from = 0;
  for (const item of part) {
    const at = texts.indexOf(JSON.stringify(item), from);
    assert.ok(at >= 0, 'an event was read that was never written');
    from = at + 1;
  }
}

describe('spool lines', () => {
  it('read back as they were written', () => {
    fc.assert(
      fc.property(arbitraryEvents, (events) => {
        const { lines, bad } = decodeSpool(encode(events));
        assert.equal(bad, 0);
        assert.deepEqual(lines.map((line) => line.event), asJson(events));
      }),
    );
  });

  it('cut anywhere: all complete lines are read, a torn one is counted', () => {
    fc.assert(
      fc.property(arbitraryEvents, fc.nat(), (events, seed) => {
        const content = encode(events);
        const cut = content.subarray(0, content.length === 0 ? 0 : seed % content.length);
        const complete = cut.toString('latin1').split('\n').length - 1;
        const { lines, bad } = decodeSpool(cut);
        assert.equal(lines.length, complete);
        assert.equal(bad, cut.length > 0 && cut.at(-1) !== 0x0a ? 1 : 0);
      }),
    );
  });

  it('with flipped bits: never throw, and give only what was written', () => {
    fc.assert(
      fc.property(arbitraryEvents, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 })), { minLength: 1, maxLength: 8 }), (events, flips) => {
        const content = encode(events);
        for (const [at, bit] of flips) {
          const index = content.length === 0 ? 0 : at % content.length;
          content[index] = (content[index] ?? 0) ^ (1 << bit);
        }
        const { lines, bad } = decodeSpool(content);
        assertSubsequence(lines.map((line) => line.event), asJson(events));
        assert.ok(lines.length + bad > 0 || events.length === 0);
      }),
      { numRuns: 300 },
    );
  });

  it('never throw for bytes that were never a spool', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => assert.deepEqual(decodeSpool(Buffer.from(bytes)).lines, [])));
  });

  it('leave out repeats', () => {
    const line = encodeSpoolLine({ kind: 'stopping', signal: 'SIGINT', seq: 4, at: 1 });
    const { lines, bad } = decodeSpool(Buffer.from(line + line));
    assert.equal(lines.length, 1);
    assert.equal(bad, 0);
  });
});
