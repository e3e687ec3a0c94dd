import { decodeEvent } from './decodeEvent.ts';
import type { FleetEvent } from './event.ts';
import { isObject } from './json.ts';

/** What stands in for the parts of the envelope that a hand-made line leaves out. */
export interface EnvelopeDefaults {
  /** Taken for `run_id`, `worker_id` and `task_id`. */
  readonly sessionId: string;
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * Reads a line that may lack the envelope: `{"state":"running_tool","tool":"npm test"}` is enough. A field that is there counts, and is checked.
 * @throws FleetError `BadEvent`, as `decodeEvent` does.
 */
export function completeEvent(value: unknown, defaults: EnvelopeDefaults): FleetEvent {
  if (!isObject(value)) return decodeEvent(value);
  const { sessionId, seq, at } = defaults;
  const envelope = { seq, run_id: sessionId, worker_id: sessionId, task_id: sessionId, timestamp: new Date(at).toISOString() };
  return decodeEvent({ ...envelope, ...value });
}
