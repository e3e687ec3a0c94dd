import type { Socket } from 'node:net';
import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { SerialQueue } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { isFleetError, messageOf } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { RunnerEventSink } from '../core/ports.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';
import { eventsRequest, heartbeatNotification, helloRequest, linkVersion, type EventsResult, type HelloParams, type HelloResult } from './contract.ts';
import { openRpc, type Rpc } from './rpc.ts';
import { hashToken } from './token.ts';
import { isEventsParams, isHeartbeat, isHelloParams } from './wireChecks.ts';

/** Whether a runner may speak for a session. `reason` goes to the log only: a stranger learns nothing. */
export type AuthVerdict = { readonly ok: true; readonly ackedSeq: number } | { readonly ok: false; readonly reason: string };

/**
 * Decides by the SHA-256 (hex) of the offered token; compare it with the registry's by `sameHash`. Must not throw for unknown sessions.
 */
export type Authenticate = (sessionId: string, tokenHash: string) => AuthVerdict | Promise<AuthVerdict>;

export interface RunnerConnectionOptions {
  readonly authenticate: Authenticate;
  readonly sink: RunnerEventSink;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Time for the first message, milliseconds. */
  readonly helloDeadlineMs: number;
  readonly onHello: (connection: RunnerConnection) => void;
  readonly onHeartbeat: (connection: RunnerConnection, heartbeat: RunnerHeartbeat) => void;
  readonly onClose: (connection: RunnerConnection) => void;
}

/**
 * One socket as the window sees it. Nothing but a hello is taken before the token was accepted, and then only what concerns that one
 * session; anything else that is not as agreed closes the socket.
 */
export class RunnerConnection implements Disposable {
  readonly #options: RunnerConnectionOptions;
  readonly #store = new DisposableStore();
  readonly #rpc: Rpc;
  readonly #queue = new SerialQueue();
  #greeted = false;
  /** Durable for certain. */
  #ackedSeq = 0;
  /** Known to this window. */
  #takenSeq = 0;
  #isBehind = false;
  #session: { readonly id: string; readonly runner: ProcessIdentity } | undefined;

  constructor(socket: Socket, options: RunnerConnectionOptions) {
    this.#options = options;
    this.#rpc = openRpc(socket, options.logger, 'a connection', () => {
      this.#store.dispose();
      options.onClose(this);
    });
    const { connection } = this.#rpc;
    connection.onRequest(helloRequest, (params) => this.#hello(params));
    connection.onRequest(eventsRequest, (params) => this.#events(params));
    connection.onNotification(heartbeatNotification, (params) => this.#heartbeat(params));
    connection.onRequest((method) => this.#refuse(`it asked for ${method.slice(0, 40)}, which does not exist`));
    this.#store.add(options.timers.after(options.helloDeadlineMs, () => this.#deadline()));
    connection.listen();
  }

  /** The session that this connection speaks for, once its token was accepted. */
  get session(): { readonly id: string; readonly runner: ProcessIdentity } | undefined {
    return this.#session;
  }

  get rpc(): Rpc {
    return this.#rpc;
  }

  close(why?: string): void {
    this.#rpc.close(why);
  }

  dispose(): void {
    this.#rpc.dispose();
  }

  #deadline(): void {
    if (this.#session === undefined) this.close('it did not say who it is in time');
  }

  async #hello(params: unknown): Promise<HelloResult> {
    if (this.#greeted || !isHelloParams(params)) return this.#refuse('its hello is malformed or came twice');
    this.#greeted = true;
    if (params.version !== linkVersion) return this.#refuse(`it speaks version ${params.version}, we speak ${linkVersion}`);
    const verdict = await this.#verdict(params);
    if (!verdict.ok) return this.#refuse(verdict.reason);
    // The peer may be gone by now, or have been too slow.
    if (this.#rpc.isClosed) return this.#refuse('it went away');
    this.#session = { id: params.sessionId, runner: params.runner };
    this.#ackedSeq = this.#takenSeq = verdict.ackedSeq;
    this.#options.onHello(this);
    return { ackedSeq: verdict.ackedSeq };
  }

  async #verdict(params: HelloParams): Promise<AuthVerdict> {
    try {
      return await this.#options.authenticate(params.sessionId, hashToken(params.token));
    } catch (error) {
      this.#options.logger.error('a runner could not be checked', error);
      return { ok: false, reason: 'it could not be checked' };
    }
  }

  async #events(params: unknown): Promise<EventsResult> {
    const session = this.#session;
    if (session === undefined || !isEventsParams(params)) return this.#refuse('its events are malformed or came before its hello');
    const last = params.events.at(-1)?.seq ?? 0;
    try {
      await this.#queue.add(() => this.#options.sink(session.id, params.events));
      this.#takenSeq = Math.max(this.#takenSeq, last);
      // What became durable now includes all that was taken before it.
      this.#ackedSeq = this.#takenSeq;
      this.#isBehind = false;
    } catch (error) {
      const isTaken = isFleetError(error, 'NotPersisted');
      // The runner asks every few seconds; once is enough for the log.
      if (!isTaken || !this.#isBehind) this.#options.logger.warn(`events of ${session.id} could not be kept yet`, error);
      // Not taken: the runner sends them again later.
      if (!isTaken) throw new ResponseError(ErrorCodes.InternalError, messageOf(error));
      this.#takenSeq = Math.max(this.#takenSeq, last);
      this.#isBehind = true;
    }
    return { ackedSeq: this.#ackedSeq, takenSeq: this.#takenSeq };
  }

  #heartbeat(params: unknown): void {
    if (this.#session === undefined || !isHeartbeat(params)) this.close('its heartbeat is malformed or came before its hello');
    else this.#options.onHeartbeat(this, params);
  }

  /** Closes the connection; the error is for the library, nobody receives it any more. */
  #refuse(why: string): never {
    this.close(why);
    throw new ResponseError(ErrorCodes.InvalidRequest, 'refused');
  }
}
