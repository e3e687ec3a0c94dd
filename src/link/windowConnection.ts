import type { Socket } from 'node:net';
import type { NotificationType } from 'vscode-jsonrpc';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { FleetError } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';
import { openRpc, type Rpc } from './rpc.ts';
import { hashToken, sameHash } from './token.ts';
import { isHeld, isWindowHello } from './windowChecks.ts';
import { heldNotification, maxWindowMessageBytes, windowHelloRequest, windowVersion, type WindowWelcome } from './windowContract.ts';
import { toResponseError } from './wireErrors.ts';

export interface WindowConnectionOptions {
  /** SHA-256 (hex) of the token in `window.json`. */
  readonly tokenHash: string;
  /** The owner's own id: a window does not connect to itself. */
  readonly windowId: string;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Time for the first message, milliseconds. */
  readonly helloDeadlineMs: number;
  /** Registers what may be asked for; called before anything is read. Use `take`. */
  readonly onOpen: (connection: WindowConnection) => void;
  /** The window said who it is: what it is told first. */
  readonly onHello: (connection: WindowConnection) => WindowWelcome;
  /** It holds other terminals now. */
  readonly onHeld: (connection: WindowConnection) => void;
  readonly onClose: (connection: WindowConnection) => void;
}

/** What a window has not read yet, bytes, before it is given up: it would fill our memory. */
const maxBacklogBytes = 64 * 1024 * 1024;

/**
 * Another window as the owner sees it. Nothing but a hello is taken before the token was accepted. A message that is not as agreed is
 * answered with an error; one that nobody could have meant closes the socket.
 */
export class WindowConnection implements Disposable {
  readonly #options: WindowConnectionOptions;
  readonly #socket: Socket;
  readonly #store = new DisposableStore();
  readonly rpc: Rpc;
  #hasGreeted = false;
  #windowId: string | undefined;
  #held: ReadonlySet<string> = new Set();

  constructor(socket: Socket, options: WindowConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    const onClose = (): void => {
      this.#store.dispose();
      options.onClose(this);
    };
    this.rpc = openRpc(socket, options.logger, 'another window', onClose, maxWindowMessageBytes);
    const { connection } = this.rpc;
    connection.onRequest(windowHelloRequest, (params) => this.#hello(params));
    connection.onNotification(heldNotification, (params) => this.#hold(params));
    connection.onRequest((method) => this.#refuse(`it asked for ${method.slice(0, 40)}, which does not exist`));
    connection.onUnhandledNotification(() => this.rpc.close('it told something unknown'));
    options.onOpen(this);
    this.#store.add(options.timers.after(options.helloDeadlineMs, () => this.#windowId === undefined && this.rpc.close('it did not say who it is in time')));
    connection.listen();
  }

  /** Who it is, once its token was accepted. */
  get windowId(): string | undefined {
    return this.#windowId;
  }

  /** Sessions whose terminals it holds. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** Answers a request of a window that has said who it is; what is thrown travels as it is. */
  take<P, R>(type: { readonly method: string }, isMeant: (value: unknown) => value is P, answer: (params: P) => Promise<R>): void {
    this.rpc.connection.onRequest(type.method, async (params: unknown) => {
      if (this.#windowId === undefined) return this.#refuse('it asked before its hello');
      try {
        if (!isMeant(params)) throw new FleetError('BadRequest', `Another window could not be understood (${type.method}). Use the same version of Agent Fleet in all windows.`);
        return await answer(params);
      } catch (error) {
        throw toResponseError(error);
      }
    });
  }

  /** Tells the window something, if it has said who it is. */
  tell<P>(type: NotificationType<P>, params: P): void {
    if (this.#windowId === undefined || this.rpc.isClosed) return;
    if (this.#socket.writableLength > maxBacklogBytes) {
      this.rpc.close('it does not read what it is told');
      return;
    }
    detach(this.rpc.connection.sendNotification(type.method, params), this.#options.logger, 'telling another window');
  }

  dispose(): void {
    this.rpc.dispose();
  }

  #hello(params: unknown): WindowWelcome {
    if (this.#hasGreeted || !isWindowHello(params)) return this.#refuse('its hello is malformed or came twice');
    this.#hasGreeted = true;
    if (!sameHash(hashToken(params.token), this.#options.tokenHash)) return this.#refuse('its token is wrong');
    if (params.version !== windowVersion) return this.#refuse(`it speaks version ${params.version}, we speak ${windowVersion}`);
    if (params.windowId === this.#options.windowId) return this.#refuse('it is this window');
    this.#windowId = params.windowId;
    this.#held = new Set(params.held);
    return this.#options.onHello(this);
  }

  #hold(params: unknown): void {
    if (this.#windowId === undefined || !isHeld(params)) {
      this.rpc.close('it told of its terminals before its hello, or not as agreed');
      return;
    }
    this.#held = new Set(params.held);
    this.#options.onHeld(this);
  }

  /** Closes the connection; the error is for the library, nobody receives it any more. */
  #refuse(why: string): never {
    this.rpc.close(why);
    throw new ResponseError(ErrorCodes.InvalidRequest, 'refused');
  }
}
