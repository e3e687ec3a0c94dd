import { posix } from 'node:path';

/** Where a window listens. */
export interface LinkAddress {
  /** Path of the Unix socket, or name of the pipe. */
  readonly address: string;
  /** The socket's private folder, made and removed by the server; absent for pipes. */
  readonly folder?: string;
  /** Where to listen when that folder cannot be made. */
  readonly next?: LinkAddress;
}

/**
 * Longest path of a socket, bytes. The system's own limit is 104 on macOS and 108 on Linux, the ending zero included;
 * a longer one is cut off silently by some systems.
 */
export const maxSocketPathBytes = 100;

const folderPrefix = 'agent-fleet-';
const socketName = 's';
const pipePrefix = '\\\\.\\pipe\\agent-fleet-';

/**
 * The address of a new instance. `unique` is a fresh random name of letters, digits, `-` and `_`: an address is never used twice, so that a runner
 * can tell a new window from an old one. Of `folders` (most private first) the first that leaves the path short enough is taken; the others are
 * its alternatives, because a variable may name a folder that is not there or not ours (containers, su).
 */
export function linkAddress(platform: NodeJS.Platform, folders: readonly (string | undefined)[], unique: string): LinkAddress {
  if (!/^[\w-]{6,40}$/.test(unique)) throw new RangeError('the unique part of a link address must be 6 to 40 letters, digits, - or _');
  if (platform === 'win32') return { address: pipePrefix + unique };
  const bases = [...folders, '/tmp'].flatMap((base) => (base !== undefined && posix.isAbsolute(base) ? [posix.resolve(base)] : []));
  const chain = [...new Set(bases)].reduceRight<LinkAddress | undefined>((next, base) => {
    const folder = posix.join(base, folderPrefix + unique);
    const address = posix.join(folder, socketName);
    if (Buffer.byteLength(address) >= maxSocketPathBytes) return next;
    return { address, folder, ...(next === undefined ? {} : { next }) };
  }, undefined);
  if (chain === undefined) throw new RangeError('no folder for the socket is short enough');
  return chain;
}

/** Folder of an address that `linkAddress` made; undefined for a pipe, and for anything that is not of its shape (never remove such a thing). */
export function folderOfAddress(address: string): string | undefined {
  if (!posix.isAbsolute(address) || posix.basename(address) !== socketName || posix.normalize(address) !== address) return undefined;
  const folder = posix.dirname(address);
  return new RegExp(`^${folderPrefix}[\\w-]{6,40}$`).test(posix.basename(folder)) ? folder : undefined;
}
