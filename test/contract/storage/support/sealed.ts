import { sealOf } from '../../../../src/storage/seal.ts';

/** An image as it stands on the disk. */
export function sealed(image: Uint8Array): Buffer {
  return Buffer.concat([image, sealOf(image)]);
}
