import { appendFile } from 'node:fs/promises';
import { SerialQueue } from '../base/async.ts';
import { encodeEvent } from '../protocol/encodeEvent.ts';
import type { FleetEventPayload } from '../protocol/event.ts';
import type { JsonObject } from '../protocol/json.ts';

/** Appends worker events of fleet protocol 0.1.0 to a file, in order, one line each. Without a file it does nothing. */
export class Reporter {
  readonly #file: string | undefined;
  readonly #sessionId: string;
  readonly #now: () => number;
  readonly #onFailure: (error: unknown) => void;
  readonly #queue = new SerialQueue();
  #seq = 0;
  #broken = false;
  #last: { payload: FleetEventPayload; extra: JsonObject } = { payload: { state: 'starting' }, extra: {} };

  /** `onFailure` is called once: an agent goes on when its report cannot be written. */
  constructor(options: { file: string | undefined; sessionId: string; now: () => number; onFailure: (error: unknown) => void }) {
    this.#file = options.file;
    this.#sessionId = options.sessionId;
    this.#now = options.now;
    this.#onFailure = options.onFailure;
  }

  /** Says what the agent does now. */
  report(payload: FleetEventPayload, extra: JsonObject = {}): void {
    if (payload.state !== 'artifact') this.#last = { payload, extra };
    this.#append(payload, extra);
  }

  /** Says that a prompt arrived, without changing what the agent does. */
  promptTaken(): void {
    this.#append(this.#last.payload, { ...this.#last.extra, prompt_taken: true });
  }

  /** Resolves when everything reported so far is in the file, or failed. */
  async flush(): Promise<void> {
    await this.#queue.idle();
  }

  #append(payload: FleetEventPayload, extra: JsonObject): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#seq += 1;
    const line = encodeEvent({
      seq: this.#seq,
      run_id: this.#sessionId,
      worker_id: this.#sessionId,
      task_id: this.#sessionId,
      timestamp: new Date(this.#now()).toISOString(),
      payload,
      extra,
      unknownFields: {},
    });
    this.#queue
      .add(async () => {
        if (!this.#broken) await appendFile(file, `${line}\n`);
      })
      .catch((error: unknown) => {
        if (!this.#broken) this.#onFailure(error);
        this.#broken = true;
      });
  }
}
