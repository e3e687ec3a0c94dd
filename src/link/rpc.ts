import type { Socket } from 'node:net';
import { createMessageConnection, SocketMessageWriter, type MessageConnection } from 'vscode-jsonrpc/node';
import { DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import type { Logger, Timers } from '../base/ports.ts';
import { FleetError, messageOf } from '../base/errors.ts';
import { maxMessageBytes } from './contract.ts';
import { LimitedMessageReader } from './limitedReader.ts';

/** A JSON-RPC connection over one socket, with one end: whatever goes wrong first closes both, once. */
export interface Rpc extends Disposable {
  readonly connection: MessageConnection;
  readonly isClosed: boolean;
  /** Closes the socket. `why` goes to the log unless it is an ordinary end. */
  close(why?: string): void;
}

/** Wraps a connected socket. A message of more than `maxBytes` closes it. `onClose` is called once, also when this side closes; register handlers, then call `connection.listen()`. */
export function openRpc(socket: Socket, logger: Logger, what: string, onClose: () => void, maxBytes = maxMessageBytes): Rpc {
  const store = new DisposableStore();
  const connection = createMessageConnection(new LimitedMessageReader(socket, maxBytes), new SocketMessageWriter(socket), {
    error: (message) => logger.debug(`${what}: ${message}`),
    warn: (message) => logger.debug(`${what}: ${message}`),
    info: (message) => logger.debug(`${what}: ${message}`),
    log: (message) => logger.debug(`${what}: ${message}`),
  });
  let closed = false;
  const close = (why?: string): void => {
    if (closed) return;
    closed = true;
    if (why !== undefined) logger.warn(`${what} was closed: ${why}`);
    store.dispose();
    onClose();
  };
  // Later errors of a socket that is being destroyed have nobody left to care.
  socket.on('error', () => close());
  socket.on('close', () => close());
  store.add(toDisposable(() => socket.destroy()));
  // Disposing rejects the requests that are still open; the library does not do so when the peer goes away.
  store.add(toDisposable(() => connection.dispose()));
  store.add(connection.onError(([error]) => close(messageOf(error))));
  store.add(connection.onClose(() => close()));
  return {
    connection,
    get isClosed() {
      return closed;
    },
    close,
    dispose: () => close(),
  };
}

/** Waits for `work`, at most `ms` milliseconds. @throws FleetError `Timeout`. */
export function withDeadline<T>(timers: Timers, ms: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = timers.after(ms, () => reject(new FleetError('Timeout', `${what} did not answer within ${Math.round(ms / 1000)} seconds.`)));
    work.then(resolve, reject).finally(() => timer.dispose());
  });
}
