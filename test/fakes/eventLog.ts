import { messageOf } from '../base/errors.ts';
import { decodeEvent } from './decodeEvent.ts';
import { encodeEvent } from './encodeEvent.ts';
import type { FleetEvent } from './event.ts';

export interface EventLog {
  readonly events: readonly FleetEvent[];
  /** Lines that could not be read, counted from 1. A torn last line is one of them. */
  readonly skipped: readonly { readonly line: number; readonly reason: string }[];
}

/** Reads events from JSON lines. A bad line costs itself and nothing else. */
export function readEventLog(text: string): EventLog {
  const events: FleetEvent[] = [];
  const skipped: { line: number; reason: string }[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    try {
      const value: unknown = JSON.parse(line);
      events.push(decodeEvent(value));
    } catch (error) {
      skipped.push({ line: index + 1, reason: messageOf(error) });
    }
  });
  return { events, skipped };
}

/** Writes events as JSON lines; each ends with a line end. */
export function writeEventLog(events: readonly FleetEvent[]): string {
  return events.map((event) => `${encodeEvent(event)}\n`).join('');
}
