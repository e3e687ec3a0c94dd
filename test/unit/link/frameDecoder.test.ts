import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FrameDecoder, FrameError } from '../../../src/link/frameDecoder.ts';
import { parseMessage } from '../../../src/link/limitedReader.ts';

function frame(body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
}

describe('frame decoder', () => {
  it('gives the same bodies however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (bodies, cuts) => {
        const stream = Buffer.concat(bodies.map(frame));
        const decoder = new FrameDecoder(1000);
        const seen: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const end = at + (cuts[turn % cuts.length] ?? 1);
          seen.push(...decoder.push(stream.subarray(at, end)));
          at = end;
        }
        assert.deepEqual(seen.map((body) => body.toString('hex')), bodies.map((body) => Buffer.from(body).toString('hex')));
      }),
    );
  });

  it('takes other headers, in any case', () => {
    const decoder = new FrameDecoder(10);
    const [body] = decoder.push(Buffer.from('content-type: application/json; charset=utf-8\r\nCONTENT-LENGTH: 2\r\n\r\n{}'));
    assert.equal(body?.toString(), '{}');
  });

  const refused: readonly (readonly [string, string])[] = [
    ['a length over the limit, before its body comes', 'Content-Length: 101\r\n\r\n'],
    ['an enormous length', `Content-Length: ${'9'.repeat(400)}\r\n\r\n`],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
    ['a length that is no number', 'Content-Length: 0x10\r\n\r\n'],
    ['a header without a length', 'Content-Type: x\r\n\r\n'],
    ['garbage, by its first bytes', 'GET / HTTP/1.1\r\n'],
    ['binary garbage', '\u0000\u0001\u0002'],
    ['a header without an end', `Content-Length: ${' '.repeat(2000)}`],
    ['an empty header', '\r\n\r\n{}'],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, () => assert.throws(() => new FrameDecoder(100).push(Buffer.from(text, 'latin1')), FrameError));
  }

  it('never throws anything else, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        try {
          new FrameDecoder(100).push(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof FrameError);
        }
      }),
    );
  });

  for (const body of ['', 'null', '[]', '7', '{}', '{"jsonrpc":"1.0","method":"x"}', '{"jsonrpc":"2.0"}', '{"jsonrpc":"2.0","id":{},"method":"x"}', '{"jsonrpc":"2.0","method":7}', '{']) {
    it(`refuses the message ${body}`, () => assert.throws(() => parseMessage(Buffer.from(body)), FrameError));
  }

  for (const body of ['{"jsonrpc":"2.0","id":1,"method":"x"}', '{"jsonrpc":"2.0","method":"x"}', '{"jsonrpc":"2.0","id":"a","result":null}', '{"jsonrpc":"2.0","id":null,"error":{}}']) {
    it(`takes the message ${body}`, () => assert.ok(parseMessage(Buffer.from(body))));
  }
});
