import { chmod, mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { errorCode } from '../base/errors.ts';
import type { Logger } from '../base/ports.ts';
import { folderOfAddress, type LinkAddress } from './address.ts';

/** What the system says of a folder that is missing, or not ours to write to. */
const unusable: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/**
 * Makes `server` listen where only this user can connect, and says where: `first`, or the next of its alternatives whose folder can be used.
 * Leaves nothing behind when it fails. @throws Error of the system, for example EEXIST when the folder is somebody else's.
 */
export async function listenPrivately(server: Server, first: LinkAddress): Promise<LinkAddress> {
  for (let where = first; ; ) {
    try {
      await listenAt(server, where);
      return where;
    } catch (error) {
      if (where.next === undefined || !unusable.has(errorCode(error))) throw error;
      where = where.next;
    }
  }
}

/** The folder is new and has mode 0700 before the socket exists, the socket gets 0600. */
async function listenAt(server: Server, where: LinkAddress): Promise<void> {
  if (where.folder !== undefined) await mkdir(where.folder, { mode: 0o700 });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(where.address, () => {
        server.off('error', reject);
        resolve();
      });
    });
    if (where.folder !== undefined) await chmod(where.address, 0o600);
  } catch (error) {
    // Also calls back when it does not listen.
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await removeSocket(where);
    throw error;
  }
}

/** Removes the socket and its folder. Closing a server removes the socket only when the process gets to do it. */
export async function removeSocket(where: LinkAddress): Promise<void> {
  if (where.folder !== undefined) await rm(where.folder, { recursive: true, force: true });
}

/** Removes what a window that crashed has left behind. `address` comes from a file: only a folder of our own shape is removed. */
export async function cleanAfter(address: string, own: LinkAddress, logger: Logger): Promise<void> {
  const folder = folderOfAddress(address);
  if (folder === undefined || address === own.address) return;
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    logger.warn('the socket of an earlier window could not be removed', error);
  }
}
