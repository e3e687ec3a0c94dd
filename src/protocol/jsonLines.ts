import { messageOf } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import { decodeEvent } from './decodeEvent.ts';
import { encodeEvent } from './encodeEvent.ts';
import type { FleetEvent } from './event.ts';
import { isObject } from './json.ts';
import { eventOfLedgerRecord, ledgerRecordName } from './ledgerRecords.ts';

/** What one line of an event log or ledger is. Lines are counted from 1; empty ones are passed over. */
export type LogLine =
  | { readonly type: 'event'; readonly line: number; readonly event: FleetEvent }
  /** A ledger record that is about something else; `record` is its name. */
  | { readonly type: 'other'; readonly line: number; readonly record: string }
  | { readonly type: 'skipped'; readonly line: number; readonly reason: string };

export interface SkippedLine {
  readonly line: number;
  readonly reason: string;
}

/** What a whole log holds. */
export interface EventLog {
  readonly events: readonly FleetEvent[];
  /** Lines that could not be read, a torn last one included: the first 1000 of them. */
  readonly skipped: readonly SkippedLine[];
  /** How many lines could not be read. */
  readonly skippedCount: number;
  /** How many ledger records there are that hold no event, by name. */
  readonly others: Readonly<Record<string, number>>;
}

/** Longest line that is read, in characters. */
export const maxLineLength = 1024 * 1024;
const maxSkipped = 1000;

/** Reads events of fleet protocol 0.1.0 from JSON lines that come in pieces of any size. A bad line costs itself and nothing else. */
export async function* readJsonLines(chunks: AsyncIterable<string> | Iterable<string>): AsyncGenerator<LogLine, void, undefined> {
  const splitter = new Splitter();
  for await (const chunk of chunks) yield* splitter.push(chunk);
  yield* splitter.end();
}

/** Reads a whole log that comes in pieces. */
export async function readEventLog(chunks: AsyncIterable<string> | Iterable<string>): Promise<EventLog> {
  const collector = new Collector();
  for await (const line of readJsonLines(chunks)) collector.add(line);
  return collector.log();
}

/** Reads a log that is in memory. */
export function parseEventLog(text: string): EventLog {
  const collector = new Collector();
  const splitter = new Splitter();
  for (const line of splitter.push(text)) collector.add(line);
  for (const line of splitter.end()) collector.add(line);
  return collector.log();
}

/** Events as lines of JSON, each with its line end, as the reference implementation of fleet protocol 0.1.0 writes them. */
export function* writeJsonLines(events: Iterable<FleetEvent>): Generator<string, void, undefined> {
  for (const event of events) yield `${encodeEvent(event)}\n`;
}

/** Cuts text into lines. Of a line that is too long only the length counts: it is not kept. */
class Splitter {
  #line = 1;
  #rest: string[] = [];
  #length = 0;

  *push(chunk: string): Generator<LogLine, void, undefined> {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      this.#keep(chunk.slice(start, end));
      yield* this.#take(false);
      start = end + 1;
    }
    this.#keep(chunk.slice(start));
  }

  /** The last line counts without its end, too, if it is complete otherwise. */
  *end(): Generator<LogLine, void, undefined> {
    yield* this.#take(true);
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    if (this.#length > maxLineLength) this.#rest = [];
    else if (piece !== '') this.#rest.push(piece);
  }

  *#take(isLast: boolean): Generator<LogLine, void, undefined> {
    const line = this.#line;
    const isTooLong = this.#length > maxLineLength;
    // Editors on Windows put a byte order mark before the first line.
    const text = this.#rest.join('').replace(/^\ufeff/, '');
    this.#line += 1;
    this.#rest = [];
    this.#length = 0;
    if (isTooLong) yield { type: 'skipped', line, reason: `is longer than ${maxLineLength} characters` };
    else if (text.trim() !== '') yield readLine(text, line, isLast);
  }
}

class Collector {
  readonly #events: FleetEvent[] = [];
  readonly #skipped: SkippedLine[] = [];
  readonly #others = new Map<string, number>();
  #skippedCount = 0;

  add(line: LogLine): void {
    switch (line.type) {
      case 'event':
        this.#events.push(line.event);
        break;
      case 'other':
        this.#others.set(line.record, (this.#others.get(line.record) ?? 0) + 1);
        break;
      case 'skipped':
        this.#skippedCount += 1;
        if (this.#skipped.length < maxSkipped) this.#skipped.push({ line: line.line, reason: line.reason });
        break;
    }
  }

  log(): EventLog {
    return { events: this.#events, skipped: this.#skipped, skippedCount: this.#skippedCount, others: Object.fromEntries(this.#others) };
  }
}

function readLine(text: string, line: number, isLast: boolean): LogLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { type: 'skipped', line, reason: isLast ? 'is not JSON; the last line is cut off' : 'is not JSON' };
  }
  try {
    const record = isObject(value) ? ledgerRecordName(value) : undefined;
    if (record === undefined || !isObject(value)) return { type: 'event', line, event: decodeEvent(value) };
    const event = eventOfLedgerRecord(record, value);
    return event === undefined ? { type: 'other', line, record: oneLine(record, 60) } : { type: 'event', line, event };
  } catch (error) {
    return { type: 'skipped', line, reason: messageOf(error) };
  }
}
