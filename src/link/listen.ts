import { chmod, mkdir, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import type { LinkAddress } from './address.ts';

/**
 * Makes `server` listen where only this user can connect: the folder is new and has mode 0700 before the socket exists, the socket gets 0600.
 * Leaves nothing behind when it fails. @throws Error of the system, for example EEXIST when the folder is somebody else's.
 */
export async function listenPrivately(server: Server, where: LinkAddress): Promise<void> {
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
    server.close();
    await removeSocket(where);
    throw error;
  }
}

/** Removes the socket and its folder. Closing a server removes the socket only when the process gets to do it. */
export async function removeSocket(where: LinkAddress): Promise<void> {
  if (where.folder !== undefined) await rm(where.folder, { recursive: true, force: true });
}
