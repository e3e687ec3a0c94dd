import { detach } from '../base/async.ts';
import { DisposableStore, MutableDisposable, toDisposable, type Disposable } from '../base/disposable.ts';
import { messageOf } from '../base/errors.ts';
import type { Logger, Timers } from '../base/ports.ts';
import type { StopRequest } from '../core/ports.ts';
import type { RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';
import {
  eventsRequest,
  heartbeatNotification,
  helloRequest,
  linkVersion,
  reframeRequest,
  signalRequest,
  stopRequest,
} from './contract.ts';
import { dial } from './dial.ts';
import { readEndpoint } from './endpointFile.ts';
import { openRpc, withDeadline, type Rpc } from './rpc.ts';
import type { Outbox } from './spool.ts';
import { watchFile } from './watchFile.ts';
import { isAcknowledgement, isEventsResult, isRecord, isStopRequest } from './wireChecks.ts';

/** Orders of the window. Each is answered when the function returned. */
export interface RunnerOrders {
  stop(request: StopRequest): void;
  signal(signal: 'SIGINT'): void;
  reframe(): Promise<void>;
}

export interface LinkClientOptions {
  readonly endpointFile: string;
  readonly sessionId: string;
  readonly token: string;
  readonly runner: ProcessIdentity;
  readonly outbox: Outbox;
  readonly orders: RunnerOrders;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** First and longest pause between attempts, and the pace at which the endpoint file is looked at while connected; milliseconds. */
const firstPauseMs = 250;
const longestPauseMs = 2000;
const answerDeadlineMs = 10_000;
/** Events of one message, bytes of JSON; well below `maxMessageBytes`. */
const batchBytes = 1024 * 1024;

/**
 * The runner's end of the link. It always tries to be connected to the address in the endpoint file: a change of the file is seen by a
 * watch and, where watches fail, by the next look. Sends the outbox in order, one message at a time; what the window took but could not make
 * durable is not sent again to it, but asked about until it is acknowledged.
 */
export class LinkClient implements Disposable {
  readonly #options: LinkClientOptions;
  readonly #store = new DisposableStore();
  readonly #nextLook = this.#store.add(new MutableDisposable<Disposable>());
  /** Set while the window took no events: the next attempt. */
  readonly #nextSend = this.#store.add(new MutableDisposable<Disposable>());
  /** Set while the window has events that are not durable: when it is asked about them. */
  readonly #nextAsk = this.#store.add(new MutableDisposable<Disposable>());
  #isAskDue = false;
  /** What the window of this connection knows. */
  #takenSeq = 0;
  #rpc: Rpc | undefined;
  #address: string | undefined;
  #isReady = false;
  #isLooking = false;
  #lookAgain = false;
  #isSending = false;
  #pauseMs = firstPauseMs;
  #lastFault = '';

  constructor(options: LinkClientOptions) {
    this.#options = options;
  }

  /** Whether the window has accepted our hello. */
  get isConnected(): boolean {
    return this.#isReady;
  }

  start(): void {
    this.#store.add(this.#options.outbox.onDidAppend(() => this.#send()));
    this.#store.add(toDisposable(() => this.#rpc?.close()));
    this.#store.add(watchFile(this.#options.endpointFile, this.#options.logger, () => this.#look()));
    this.#look();
  }

  /** Sends a heartbeat if somebody listens; otherwise it is of no use to anybody. */
  heartbeat(heartbeat: RunnerHeartbeat): void {
    if (!this.#isReady || this.#rpc === undefined) return;
    detach(this.#rpc.connection.sendNotification(heartbeatNotification, heartbeat), this.#options.logger, 'a heartbeat');
  }

  /** Resolves when nothing is left to send, or after `ms` milliseconds. */
  flush(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const store = new DisposableStore();
      const end = (): void => {
        store.dispose();
        resolve();
      };
      store.add(this.#options.timers.after(ms, end));
      store.add(
        this.#options.timers.every(20, () => {
          if (!this.#options.outbox.hasPending) end();
        }),
      );
    });
  }

  dispose(): void {
    this.#store.dispose();
  }

  /** Looks at the endpoint file now; never two at once. */
  #look(): void {
    if (this.#store.isDisposed) return;
    this.#lookAgain = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#nextLook.value = undefined;
    detach(this.#looking(), this.#options.logger, 'looking for the window');
  }

  async #looking(): Promise<void> {
    try {
      while (this.#lookAgain && !this.#store.isDisposed) {
        this.#lookAgain = false;
        const endpoint = await readEndpoint(this.#options.endpointFile);
        // A window that goes away removes the file and closes the connection; the first alone means nothing.
        if (endpoint === undefined || (this.#rpc !== undefined && endpoint.address === this.#address)) continue;
        await this.#connect(endpoint.address);
      }
    } finally {
      this.#isLooking = false;
      this.#lookLater();
    }
  }

  #lookLater(): void {
    if (this.#store.isDisposed || this.#isLooking) return;
    const pause = this.#isReady ? longestPauseMs : this.#pauseMs;
    this.#pauseMs = this.#isReady ? firstPauseMs : Math.min(this.#pauseMs * 2, longestPauseMs);
    this.#nextLook.value = this.#options.timers.after(pause, () => this.#look());
  }

  async #connect(address: string): Promise<void> {
    const { logger, outbox, sessionId, token, runner, timers } = this.#options;
    this.#rpc?.close();
    try {
      const socket = await withDeadline(timers, answerDeadlineMs, 'The window', dial(address));
      if (this.#store.isDisposed) {
        socket.destroy();
        return;
      }
      const rpc = openRpc(socket, logger, 'the link', () => this.#closed(rpc));
      this.#rpc = rpc;
      this.#address = address;
      this.#takeOrders(rpc);
      rpc.connection.listen();
      const hello = rpc.connection.sendRequest(helloRequest, { version: linkVersion, sessionId, token, runner });
      const answer: unknown = await withDeadline(timers, answerDeadlineMs, 'The window', hello);
      if (rpc !== this.#rpc) return;
      if (!isAcknowledgement(answer)) throw new Error('its answer is malformed');
      outbox.acknowledge(answer.ackedSeq);
      this.#takenSeq = answer.ackedSeq;
      this.#isAskDue = false;
      this.#nextAsk.value = undefined;
      this.#isReady = true;
      this.#pauseMs = firstPauseMs;
      this.#lastFault = '';
      this.#nextSend.value = undefined;
      this.#send();
    } catch (error) {
      this.#rpc?.close();
      this.#fault(`no connection to the window: ${messageOf(error)}`);
    }
  }

  #closed(rpc: Rpc): void {
    if (this.#rpc !== rpc) return;
    this.#rpc = undefined;
    this.#address = undefined;
    this.#isReady = false;
    this.#lookLater();
  }

  #takeOrders(rpc: Rpc): void {
    const { connection } = rpc;
    const { orders } = this.#options;
    connection.onRequest(stopRequest, (params: unknown) => {
      if (!isStopRequest(params)) throw new Error('the order is malformed');
      orders.stop(params);
      return null;
    });
    connection.onRequest(signalRequest, (params: unknown) => {
      if (!isRecord(params) || params['signal'] !== 'SIGINT') throw new Error('the order is malformed');
      orders.signal('SIGINT');
      return null;
    });
    connection.onRequest(reframeRequest, async () => {
      await orders.reframe();
      return null;
    });
    connection.onUnhandledNotification(() => rpc.close('the window sent something unknown'));
  }

  #send(): void {
    if (this.#isSending || !this.#isReady || this.#nextSend.value !== undefined) return;
    this.#isSending = true;
    detach(this.#sending(), this.#options.logger, 'sending events');
  }

  async #sending(): Promise<void> {
    const { outbox } = this.#options;
    const rpc = this.#rpc;
    let isRefused = false;
    try {
      while (rpc !== undefined && rpc === this.#rpc && this.#isReady && !isRefused) {
        const events = outbox.pending(batchBytes, this.#takenSeq);
        if (events.length === 0 && !this.#isAskDue) break;
        this.#isAskDue = false;
        const answer: unknown = await rpc.connection.sendRequest(eventsRequest, { events });
        if (!isEventsResult(answer)) return rpc.close('its answer is malformed');
        outbox.acknowledge(answer.ackedSeq);
        if (rpc !== this.#rpc) break;
        this.#takenSeq = Math.max(this.#takenSeq, answer.ackedSeq, answer.takenSeq ?? 0);
        // Nothing was taken: sending again at once would not help.
        isRefused = events[0] !== undefined && this.#takenSeq < events[0].seq;
      }
    } catch (error) {
      // The connection is gone (the next one sends again), or the window could not take the events now.
      this.#fault(`events wait: ${messageOf(error)}`);
      isRefused = true;
    } finally {
      this.#isSending = false;
      // A connection that came up meanwhile found us busy.
      if (rpc !== this.#rpc) this.#send();
      else if (this.#isReady && outbox.hasPending) {
        if (isRefused) this.#sendLater(longestPauseMs);
        else this.#askLater(longestPauseMs);
      }
    }
  }

  #askLater(ms: number): void {
    this.#nextAsk.value ??= this.#options.timers.after(ms, () => {
      this.#nextAsk.value = undefined;
      this.#isAskDue = true;
      this.#send();
    });
  }

  #sendLater(ms: number): void {
    this.#nextSend.value = this.#options.timers.after(ms, () => {
      this.#nextSend.value = undefined;
      this.#send();
    });
  }

  /** Says the same fault once: there may be no window for days. */
  #fault(text: string): void {
    if (text !== this.#lastFault) this.#options.logger.debug(text);
    this.#lastFault = text;
  }
}
