import { crc32 } from 'node:zlib';

/**
 * The seal: 32 bytes behind the SQLite image, in the same file.
 *
 *     bytes 0–19   "AgentFleetRegistry1\n"
 *     bytes 20–27  length of the image, little endian
 *     bytes 28–31  CRC-32 of the image, little endian
 *
 * SQLite checks next to nothing when it opens a file: a flipped bit goes unseen, and an empty file is a valid empty
 * database. A checksum in a file of its own could get out of step when the process dies between two renames; inside the
 * database it would be part of what it checks. Behind the image, one rename puts both in place. SQLite takes the number
 * of pages from its header and ignores what follows, so other tools still open the file.
 */
const magic = Buffer.from('AgentFleetRegistry1\n', 'latin1');
const sealLength = 32;

/** Where SQLite keeps `PRAGMA user_version`: offset 60 of its header, big endian. */
const versionOffset = 60;
const headerLength = 100;

/** The seal of an image, to be written behind it. */
export function sealOf(image: Uint8Array): Uint8Array {
  const seal = Buffer.alloc(sealLength);
  magic.copy(seal);
  seal.writeBigUInt64LE(BigInt(image.length), 20);
  seal.writeUInt32LE(crc32(image), 28);
  return seal;
}

export interface Unsealed {
  /** The SQLite image: a view of the file's bytes, not a Buffer (sql.js would go on using a Buffer's memory as its own). */
  readonly image: Uint8Array;
  /** `PRAGMA user_version`. */
  readonly version: number;
}

/** Takes the seal off. `undefined`: damaged in any way, down to a single bit. */
export function unseal(file: Buffer): Unsealed | undefined {
  const length = file.length - sealLength;
  if (length < headerLength) return undefined;
  if (!file.subarray(length, length + magic.length).equals(magic)) return undefined;
  if (file.readBigUInt64LE(length + 20) !== BigInt(length)) return undefined;
  const image = new Uint8Array(file.buffer, file.byteOffset, length);
  if (file.readUInt32LE(length + 28) !== crc32(image)) return undefined;
  return { image, version: file.readUInt32BE(versionOffset) };
}
