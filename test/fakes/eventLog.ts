import { messageOf } from '../../src/base/errors.ts';
import { decodeEvent } from '../../src/protocol/decodeEvent.ts';
import type { FleetEvent } from '../../src/protocol/event.ts';

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
