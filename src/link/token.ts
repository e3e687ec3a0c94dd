import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a session's token, hex. Only this is ever stored. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** Compares two hashes in a time that does not tell where they differ. A missing or malformed one never matches. */
export function sameHash(left: string | undefined, right: string | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  const [a, b] = [Buffer.from(left, 'hex'), Buffer.from(right, 'hex')];
  return a.length === 32 && b.length === 32 && timingSafeEqual(a, b);
}
