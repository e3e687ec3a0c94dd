import { createConnection, type Socket } from 'node:net';

/** Connects to a socket or pipe. @throws Error of the system, for example ECONNREFUSED, ENOENT. */
export function dial(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(address);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
