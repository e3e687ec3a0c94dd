import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import { own, readFields, readTag, readUnknown, readValue, type Place } from './decodeFields.ts';
import type { FleetEvent, FleetEventPayload, FleetState } from './event.ts';
import { envelopeFields, knownFields, payloadFields } from './eventFields.ts';
import { isObject, maxJsonDepth, type JsonObject } from './json.ts';

const whole: Place = { path: '', depth: maxJsonDepth, fail: badEvent };

/**
 * Reads one worker event of fleet protocol 0.1.0 from parsed JSON. Accepts and refuses what the reference implementation does; fields that
 * it does not know are kept in `unknownFields`. Stricter in two points: numbers above 2^53 are refused where the reference takes 64 bits,
 * and so is a state by its number (`"state":0`), which nobody writes.
 * @throws FleetError `BadEvent` with details `{field, reason}`; `field` is empty when the value as a whole is wrong.
 */
export function decodeEvent(value: unknown): FleetEvent {
  if (!isObject(value)) throw badEvent('', 'must be a JSON object');
  const state = readTag(value, 'state', Object.keys(payloadFields), whole) as FleetState;
  // The tables of rules are checked against the types, so what follows them has their shape.
  const envelope = Object.fromEntries(readFields(value, envelopeFields, whole)) as Omit<FleetEvent, 'payload' | 'extra' | 'unknownFields'>;
  const payload = { state, ...Object.fromEntries(readFields(value, payloadFields[state], whole)) } as FleetEventPayload;
  return { ...envelope, payload, extra: extraOf(value), unknownFields: readUnknown(value, knownFields(state), whole) };
}

function extraOf(source: Readonly<Record<string, unknown>>): JsonObject {
  const extra = own(source, 'extra');
  if (extra === undefined) return {};
  if (!isObject(extra)) throw badEvent('extra', 'must be an object');
  return readValue(extra, 'json', { ...whole, path: 'extra', depth: maxJsonDepth - 1 }) as JsonObject;
}

function badEvent(field: string, reason: string): FleetError<'BadEvent'> {
  const what = field === '' ? 'A fleet event' : `The fleet event's field “${oneLine(field, 60)}”`;
  return new FleetError('BadEvent', `${what} ${reason}.`, { details: { field, reason } });
}
