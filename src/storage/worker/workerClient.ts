import { Worker } from 'node:worker_threads';
import { FleetError, messageOf } from '../../base/errors.ts';
import { Emitter, type Event } from '../../base/event.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/ports.ts';
import type { RegistryDelta } from '../../core/ports.ts';
import type {
  OpenResult,
  RegistryLimits,
  WorkerError,
  WorkerEvent,
  WorkerMessage,
  WorkerMethod,
  WorkerMethods,
  WorkerRole,
  WorkerSetup,
} from './contract.ts';

/** A call that kills this many workers is given up: it would kill the next one, too. */
const mostDeaths = 3;

export interface RegistryWorkerOptions {
  /** The script of the worker: `dist/registry-worker.cjs`, or `main.ts` in tests. */
  readonly entry: URL | string;
  /** Absolute path of the registry's folder. */
  readonly folder: string;
  /** Absolute path of `sql-wasm.wasm`. */
  readonly wasmFile: string;
  readonly limits?: Partial<RegistryLimits>;
  /** Told when work in the background fails; it is tried again by itself. */
  readonly onFault: (what: string, error: FleetError) => void;
  readonly logger: Logger;
}

/** Something else that the worker told. */
export type WorkerNews = Extract<WorkerEvent, { event: 'snapshot' | 'compacted' }>;

interface Call {
  readonly id: number;
  readonly method: WorkerMethod;
  readonly params: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Made by ourselves, to open the registry on a new thread. */
  readonly internal?: true;
  /** How many threads died while it was the oldest one waiting. */
  deaths: number;
}

/**
 * The registry worker as the main thread sees it. The thread is started at the first call and again after it died; it opens the
 * registry by itself then, and calls under way are sent again (all of them are reads, or can be done twice).
 */
export class RegistryWorker implements Disposable {
  readonly #options: RegistryWorkerOptions;
  readonly #deltas: Emitter<RegistryDelta>;
  readonly #deaths: Emitter<{ readonly reason: string }>;
  readonly #news: Emitter<WorkerNews>;
  /** In the order of the calls. */
  readonly #calls = new Map<number, Call>();
  #worker: Worker | undefined;
  /** What the registry was opened as; `undefined`: `open` was not asked for yet. */
  #role: WorkerRole | undefined;
  /** The worker that runs has been told to open. */
  #opened = false;
  #nextId = 1;
  #advanced = 0;
  #advanceDue = false;
  #respawnDue = false;
  #disposed = false;

  constructor(options: RegistryWorkerOptions) {
    this.#options = options;
    this.#deltas = new Emitter(options.logger);
    this.#deaths = new Emitter(options.logger);
    this.#news = new Emitter(options.logger);
    this.onDelta = this.#deltas.event;
    this.onDidDie = this.#deaths.event;
    this.onNews = this.#news.event;
  }

  /** What another window, the owner, wrote. Only as reader. */
  readonly onDelta: Event<RegistryDelta>;
  /** The thread ended without being asked to. It is started again when it is needed. */
  readonly onDidDie: Event<{ readonly reason: string }>;
  /** A snapshot was written, or the journal was compacted. */
  readonly onNews: Event<WorkerNews>;

  /**
   * @throws FleetError `EngineFailed` when sql.js cannot be loaded or the thread cannot be kept alive; `RegistryUnreadable`;
   * `NotOpen` before `open` and after `dispose`.
   */
  call<M extends WorkerMethod>(method: M, params: WorkerMethods[M]['params']): Promise<WorkerMethods[M]['result']> {
    if (this.#disposed) return Promise.reject(notOpen());
    if (method === 'open' || method === 'become') this.#role = (params as { role: WorkerRole }).role;
    if (this.#role === undefined) return Promise.reject(notOpen());
    return new Promise((resolve, reject) => {
      this.#send({ id: this.#nextId++, method, params, resolve: resolve as (value: unknown) => void, reject, deaths: 0 });
    });
  }

  /** Tells the worker that the journal goes up to `q`. Cheap: many calls within a turn make one message; starts no thread. */
  advance(q: number): void {
    this.#advanced = Math.max(this.#advanced, q);
    if (this.#advanceDue || this.#worker === undefined) return;
    this.#advanceDue = true;
    setImmediate(() => {
      this.#advanceDue = false;
      this.#worker?.postMessage({ method: 'advance', params: { q: this.#advanced } });
    });
  }

  /** Starts a new thread in place of the running one when no call is under way, which gives its memory back. */
  respawn(): void {
    this.#respawnDue = true;
    this.#respawnIfIdle();
  }

  /** Ends the thread at once. Calls under way are refused; `call('close')` first lets the worker finish. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#end();
    for (const call of this.#calls.values()) call.reject(notOpen());
    this.#calls.clear();
    for (const emitter of [this.#deltas, this.#deaths, this.#news]) emitter.dispose();
  }

  #send(call: Call): void {
    const worker = (this.#worker ??= this.#start());
    if (!this.#opened) {
      this.#opened = true;
      // `open` and `become` open the registry themselves.
      if (call.method !== 'open' && call.method !== 'become') this.#reopen();
    }
    this.#calls.set(call.id, call);
    // A registry that nobody asks must not keep the process alive; calls under way do.
    worker.ref();
    worker.postMessage({ id: call.id, method: call.method, params: call.params });
  }

  #start(): Worker {
    const { entry, folder, wasmFile, limits } = this.#options;
    const setup: WorkerSetup = { folder, wasmFile, ...(limits === undefined ? {} : { limits }) };
    const worker = new Worker(entry, { workerData: setup, name: 'agent-fleet-registry' });
    let reason = 'it ended';
    worker.on('message', (message: WorkerMessage) => {
      if (worker === this.#worker) this.#heard(message);
    });
    worker.on('error', (error) => (reason = messageOf(error)));
    worker.on('exit', () => {
      if (worker === this.#worker) this.#died(reason);
    });
    this.#opened = false;
    return worker;
  }

  /** Opens the registry on a new thread as it was open on the old one. */
  #reopen(): void {
    const role = this.#role;
    if (role === undefined) return;
    const resolve = (value: unknown): void => this.#reopened(role, value as OpenResult);
    // The call for which it was opened hears of the failure, too.
    const reject = (error: unknown): void => this.#options.logger.warn('the registry could not be opened again', error);
    this.#send({ id: this.#nextId++, method: 'open', params: { role }, resolve, reject, internal: true, deaths: 0 });
  }

  #reopened(role: WorkerRole, result: OpenResult): void {
    for (const rung of result.rungs) this.#options.logger.info(`registry worker: ${rung.what}`);
    if (this.#advanced > 0) this.advance(this.#advanced);
    if (role === 'reader') this.#deltas.fire({ sessions: result.sessions, removed: [], complete: true });
  }

  #heard(message: WorkerMessage): void {
    if (!('event' in message)) {
      const call = this.#calls.get(message.id);
      if (call === undefined) return;
      this.#calls.delete(message.id);
      if (this.#calls.size === 0) this.#worker?.unref();
      if (message.ok) call.resolve(message.result);
      else call.reject(fleetErrorOf(message.error));
      this.#respawnIfIdle();
      return;
    }
    const { logger, onFault } = this.#options;
    switch (message.event) {
      case 'delta':
        return this.#deltas.fire(message.delta);
      case 'fault':
        return onFault(message.what, fleetErrorOf(message.error));
      case 'snapshot':
      case 'compacted':
        return this.#news.fire(message);
      case 'respawn':
        logger.debug(`registry worker: a new thread is wanted: ${message.why}`);
        return this.respawn();
      case 'log':
        return logger[message.level](`registry worker: ${message.message}`);
    }
  }

  #died(reason: string): void {
    this.#worker = undefined;
    this.#opened = false;
    this.#options.logger.warn(`the registry worker died: ${reason}`);
    this.#deaths.fire({ reason });
    if (this.#disposed) return;
    const waiting = [...this.#calls.values()].filter((call) => call.internal === undefined);
    this.#calls.clear();
    const [oldest] = waiting;
    // The worker does one thing after the other: the oldest call is the one that may be to blame.
    if (oldest !== undefined && ++oldest.deaths >= mostDeaths) {
      waiting.shift();
      oldest.reject(new FleetError('EngineFailed', `The worker thread of the registry keeps failing: ${reason}`));
    }
    for (const call of waiting) this.#send(call);
  }

  #respawnIfIdle(): void {
    if (!this.#respawnDue || this.#calls.size > 0 || this.#disposed) return;
    this.#respawnDue = false;
    if (this.#worker === undefined) return;
    this.#end();
    this.#reopen();
  }

  #end(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#opened = false;
    worker?.terminate().catch((error: unknown) => this.#options.logger.warn('the registry worker could not be ended', error));
  }
}

function notOpen(): FleetError<'NotOpen'> {
  return new FleetError('NotOpen', 'The registry is not open.');
}

function fleetErrorOf(error: WorkerError): FleetError {
  return new FleetError(error.code, error.message, error.details === undefined ? {} : { details: { ...error.details } });
}
