import { Emitter, type Event } from '../base/event.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Clock, Logger } from '../base/ports.ts';
import type { RunnerEvent, RunnerEventBody } from '../core/runnerEvents.ts';
import { decodeSpool, decodeSpoolLine, encodeSpoolLine } from './spoolCodec.ts';
import { SpoolFile } from './spoolFile.ts';

export interface SpoolOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Largest file, bytes. */
  readonly maxBytes?: number;
  /** From this size on, a file is rewritten when most of its events are acknowledged. */
  readonly compactBytes?: number;
  /** Largest single event, bytes of JSON. */
  readonly maxEventBytes?: number;
}

/** What a sender needs of the events that are not acknowledged yet. */
export interface Outbox {
  /** The oldest events after `afterSeq` that are not acknowledged, at least one if there is any, together at most `maxBytes` otherwise. */
  pending(maxBytes: number, afterSeq?: number): readonly RunnerEvent[];
  readonly hasPending: boolean;
  /** Everything up to `seq` is durable elsewhere. */
  acknowledge(seq: number): void;
  readonly onDidAppend: Event<void>;
}

/** One event that is not acknowledged. Its text is in the file, or here when the file could not take it. */
interface Entry {
  readonly seq: number;
  readonly kind: RunnerEvent['kind'];
  readonly length: number;
  offset: number;
  line?: Buffer;
}

const defaults = { maxBytes: 16 * 1024 * 1024, compactBytes: 256 * 1024, maxEventBytes: 2 * 1024 * 1024 };

/** What may be lost when nobody listens for very long. How a session began and ended is never among it. */
const droppable: ReadonlySet<RunnerEvent['kind']> = new Set(['hook', 'fleetEvent', 'skipped']);

/**
 * The runner's memory of what it has to tell: numbers events, has each on disk before it returns, and forgets those that are
 * acknowledged. A disk that fails never stops anything: events then wait in memory, and go to the file when it takes them again.
 */
export class Spool implements Outbox, Disposable {
  readonly #options: SpoolOptions;
  readonly #file: SpoolFile;
  readonly #didAppend: Emitter<void>;
  readonly onDidAppend: Event<void>;
  #entries: Entry[] = [];
  #lastSeq = 0;
  #ackedSeq = 0;
  /** Bytes of the entries. */
  #bytes = 0;
  /** How many of each kind were given up since the last event that says so was acknowledged. */
  readonly #dropped = { hook: 0, fleetEvent: 0 };
  #isDropping = false;
  #isFailing = false;

  constructor(path: string, options: SpoolOptions) {
    this.#options = options;
    this.#file = new SpoolFile(path);
    this.#didAppend = new Emitter(options.logger);
    this.onDidAppend = this.#didAppend.event;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get hasPending(): boolean {
    return this.#entries.length > 0;
  }

  /** Opens the file and takes over what is in it. One spool serves one launch. Never throws: without a file, memory has to do. */
  open(): void {
    try {
      const { lines, bad } = decodeSpool(this.#file.open());
      for (const { event, offset, length } of lines) {
        this.#entries.push({ seq: event.seq, kind: event.kind, length, offset });
        this.#bytes += length;
      }
      this.#lastSeq = Math.max(this.#lastSeq, lines.at(-1)?.event.seq ?? 0);
      // A torn tail must not swallow the next line.
      if (bad > 0) this.#rewrite();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Numbers an event and keeps it. A hook or fleet event that is too large is replaced by a `skipped` one. */
  append(body: RunnerEventBody): RunnerEvent {
    const max = this.#options.maxEventBytes ?? defaults.maxEventBytes;
    let event: RunnerEvent = { ...body, seq: ++this.#lastSeq, at: this.#options.clock.now() };
    let line = Buffer.from(encodeSpoolLine(event));
    if (line.length > max && (body.kind === 'hook' || body.kind === 'fleetEvent')) {
      event = { kind: 'skipped', what: body.kind, reason: `it has ${line.length} bytes, more than the ${max} allowed`, seq: event.seq, at: event.at };
      line = Buffer.from(encodeSpoolLine(event));
    }
    const entry: Entry = { seq: event.seq, kind: event.kind, length: line.length, offset: -1, line };
    this.#entries.push(entry);
    this.#bytes += line.length;
    this.#save();
    this.#keepSmall();
    this.#didAppend.fire();
    return event;
  }

  pending(maxBytes: number, afterSeq = 0): readonly RunnerEvent[] {
    const first = this.#collect(maxBytes, afterSeq);
    if (!first.isDamaged) return first.events;
    const told = this.#giveUpUnreadable();
    const { events } = this.#collect(maxBytes, afterSeq);
    return events.length > 0 ? events : [told];
  }

  acknowledge(seq: number): void {
    const acked = Math.min(seq, this.#lastSeq);
    if (acked <= this.#ackedSeq) return;
    this.#ackedSeq = acked;
    const rest = this.#entries.findIndex((entry) => entry.seq > acked);
    const gone = this.#entries.splice(0, rest < 0 ? this.#entries.length : rest);
    for (const entry of gone) this.#bytes -= entry.length;
    // All is told, also what was given up.
    if (this.#entries.length === 0) {
      this.#dropped.hook = this.#dropped.fleetEvent = 0;
      this.#clear();
    } else if (this.#file.size >= (this.#options.compactBytes ?? defaults.compactBytes) && this.#bytes * 4 <= this.#file.size) this.#compact();
  }

  dispose(): void {
    this.#didAppend.dispose();
    this.#file.close();
  }

  #collect(maxBytes: number, afterSeq: number): { readonly events: readonly RunnerEvent[]; readonly isDamaged: boolean } {
    const events: RunnerEvent[] = [];
    let bytes = 0;
    let isDamaged = false;
    for (const entry of this.#entries) {
      if (entry.seq <= afterSeq) continue;
      if (events.length > 0 && bytes + entry.length > maxBytes) break;
      const event = this.#eventOf(entry);
      if (event === undefined) {
        isDamaged = true;
        continue;
      }
      events.push(event);
      bytes += entry.length;
    }
    return { events, isDamaged };
  }

  /** Somebody damaged or cut the file: what cannot be read any more will not come back. Gives the event that says so. */
  #giveUpUnreadable(): RunnerEvent {
    const kept = this.#entries.filter((entry) => this.#eventOf(entry) !== undefined);
    const count = this.#entries.length - kept.length;
    this.#entries = kept;
    this.#bytes = kept.reduce((bytes, entry) => bytes + entry.length, 0);
    // Without the hole, so that the next line can be read.
    this.#compact();
    return this.append({ kind: 'skipped', what: 'hook', reason: `${count} were given up: the spool was damaged` });
  }

  /** Raw payloads stay on disk no longer than they must. The numbers go on. */
  #clear(): void {
    if (this.#file.size === 0) return;
    try {
      this.#file.clear();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Writes what is only in memory, in order. */
  #save(): void {
    try {
      let first = this.#entries.length;
      while (first > 0 && this.#entries[first - 1]?.line !== undefined) first--;
      for (const entry of this.#entries.slice(first)) {
        if (entry.line === undefined) continue;
        const offset = this.#file.size;
        this.#file.append(entry.line);
        entry.offset = offset;
        delete entry.line;
      }
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  #keepSmall(): void {
    const max = this.#options.maxBytes ?? defaults.maxBytes;
    if (this.#isDropping || Math.max(this.#file.size, this.#bytes) <= max) return;
    this.#isDropping = true;
    try {
      // Half is given up at once, so that a full spool is not rewritten for every event.
      if (this.#bytes > max / 2) this.#dropOldest(max / 2);
      this.#compact();
      if (this.#dropped.hook > 0) this.#tellDropped('hook', this.#dropped.hook);
      if (this.#dropped.fleetEvent > 0) this.#tellDropped('fleetEvent', this.#dropped.fleetEvent);
    } finally {
      this.#isDropping = false;
    }
  }

  #dropOldest(target: number): void {
    const kept: Entry[] = [];
    for (const entry of this.#entries) {
      if (this.#bytes <= target || !droppable.has(entry.kind)) {
        kept.push(entry);
        continue;
      }
      this.#bytes -= entry.length;
      if (entry.kind === 'hook' || entry.kind === 'fleetEvent') this.#dropped[entry.kind]++;
    }
    this.#entries = kept;
  }

  #tellDropped(what: 'hook' | 'fleetEvent', count: number): void {
    this.append({ kind: 'skipped', what, reason: `${count} were given up: nobody listened and the spool is full` });
  }

  #compact(): void {
    try {
      this.#rewrite();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Leaves in the file what is not acknowledged. @throws Error of the system. */
  #rewrite(): void {
    const lines = this.#entries.map((entry) => this.#lineOf(entry));
    this.#file.replace(Buffer.concat(lines));
    let offset = 0;
    for (const entry of this.#entries) {
      entry.offset = offset;
      delete entry.line;
      offset += entry.length;
    }
  }

  #eventOf(entry: Entry): RunnerEvent | undefined {
    try {
      return decodeSpoolLine(this.#lineOf(entry).subarray(0, -1));
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** @throws Error of the system, or when the file is shorter than it was. */
  #lineOf(entry: Entry): Buffer {
    const line = entry.line ?? this.#file.read(entry.offset, entry.length);
    if (line.length !== entry.length) throw new Error('the spool was cut');
    return line;
  }

  /** Said once per failure, not once per event. */
  #failed(error: unknown): void {
    if (!this.#isFailing) this.#options.logger.warn('the spool cannot be written; events wait in memory', error);
    this.#isFailing = true;
  }
}
