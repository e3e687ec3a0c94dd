import { parseEventLog, type EventLog } from '../../src/protocol/jsonLines.ts';

export type { EventLog };

/** The product's own reader, by the name that the tests of the demo agent use. */
export function readEventLog(text: string): EventLog {
  return parseEventLog(text);
}
