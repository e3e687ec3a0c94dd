import { isFleetError } from '../base/errors.ts';
import { decodeEvent } from './decodeEvent.ts';
import type { FleetEvent } from './event.ts';
import { isObject } from './json.ts';

/**
 * Records of a fleet's ledger: JSON lines that a field `record` tells apart. They are not part of fleet protocol 0.1.0.
 *
 * Known: the names below; that `event_appended` holds one worker event, and `task_attempt_finalized` the event that ends an attempt
 * together with its receipt in one line, so that a crash cannot part them.
 * Not known: the names of the fields. So the event is looked for where serde can have put it: beside `record`, or as one of its fields.
 * All other records are told by name and not read.
 */
export const ledgerRecordNames = [
  'replay_epoch',
  'run_created',
  'run_status_changed',
  'task_enqueued',
  'task_leased',
  'task_completed_or_failed',
  'task_lifecycle_checkpoint',
  'task_attempt_finalized',
  'event_appended',
  'event_sequence_checkpoint',
  'heartbeat',
  'receipt_recorded',
  'alert_sent',
] as const;

type Source = Readonly<Record<string, unknown>>;

/** The name of a ledger record. `undefined` when the value is none: an event may have an unknown field of that name. */
export function ledgerRecordName(value: Source): string | undefined {
  const record = Object.hasOwn(value, 'record') ? value['record'] : undefined;
  if (typeof record !== 'string') return undefined;
  const isKnown = (ledgerRecordNames as readonly string[]).includes(record);
  return isKnown || !Object.hasOwn(value, 'state') ? record : undefined;
}

/**
 * The event inside a ledger record, or `undefined` when its kind need not hold one.
 * @throws FleetError `BadEvent` when an appended event cannot be read.
 */
export function eventOfLedgerRecord(name: string, value: Source): FleetEvent | undefined {
  if (name !== 'event_appended' && name !== 'task_attempt_finalized') return undefined;
  const { record: _record, ...beside } = value;
  const candidates = Object.values(beside).filter((field) => isObject(field) && Object.hasOwn(field, 'state'));
  const inside = candidates.map(eventOf).find((event) => event !== undefined) ?? eventOf(beside);
  if (inside !== undefined || name !== 'event_appended') return inside;
  return decodeEvent(candidates[0] ?? beside);
}

function eventOf(value: unknown): FleetEvent | undefined {
  try {
    return decodeEvent(value);
  } catch (error) {
    if (isFleetError(error, 'BadEvent')) return undefined;
    throw error;
  }
}
