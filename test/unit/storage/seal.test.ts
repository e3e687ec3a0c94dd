import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sealOf, unseal } from '../../../src/storage/seal.ts';

describe('seal', () => {
  const image = Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 31) & 255));

  const sealed = (): Buffer => Buffer.concat([image, sealOf(image)]);

  it('gives back the image and its version', () => {
    image.writeUInt32BE(7, 60);
    const opened = unseal(sealed());
    assert.equal(opened?.version, 7);
    assert.ok(opened !== undefined && image.equals(opened.image) && !Buffer.isBuffer(opened.image));
  });

  it('S4: every single flipped bit, of the image and of the seal, is noticed', () => {
    const whole = sealed();
    for (let bit = 0; bit < whole.length * 8; bit++) {
      whole[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(unseal(whole), undefined, `bit ${bit}`);
      whole[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    }
    assert.notEqual(unseal(whole), undefined);
  });

  it('S4: every truncation, anything appended and anything overwritten is noticed', () => {
    const whole = sealed();
    for (let length = 0; length < whole.length; length++) assert.equal(unseal(whole.subarray(0, length)), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(whole.length), (bytes, at) => {
        assert.equal(unseal(Buffer.concat([whole, bytes])), undefined);
        const bad = Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at + bytes.length)]);
        if (!bad.equals(whole)) assert.equal(unseal(bad), undefined);
      }),
    );
  });
});
