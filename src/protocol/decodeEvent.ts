import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import type { FleetEvent, FleetEventPayload, FleetState } from './event.ts';
import { envelopeFields, isFleetState, payloadFields, rulesOf, type FieldRule, type FieldType } from './eventFields.ts';
import { isJsonValue, isObject, maxJsonDepth, type JsonObject, type JsonValue } from './json.ts';

type Source = Readonly<Record<string, unknown>>;

/**
 * Reads one worker event of fleet protocol 0.1.0 from parsed JSON. Accepts and refuses what the reference implementation does; fields that
 * it does not know are kept in `unknownFields`. Numbers above 2^53 are refused where the reference takes 64 bits.
 * @throws FleetError `BadEvent` with details `{field, reason}`; `field` is empty when the value as a whole is wrong.
 */
export function decodeEvent(value: unknown): FleetEvent {
  if (!isObject(value)) throw badEvent('', 'must be a JSON object');
  const state = stateOf(value);
  return {
    seq: readRequired<number>(value, 'seq', envelopeFields.seq),
    run_id: readRequired<string>(value, 'run_id', envelopeFields.run_id),
    worker_id: readRequired<string>(value, 'worker_id', envelopeFields.worker_id),
    task_id: readRequired<string>(value, 'task_id', envelopeFields.task_id),
    timestamp: readRequired<string>(value, 'timestamp', envelopeFields.timestamp),
    payload: payloadOf(value, state),
    extra: extraOf(value),
    unknownFields: unknownOf(value, state),
  };
}

function stateOf(source: Source): FleetState {
  const state = own(source, 'state');
  if (state === undefined) throw badEvent('state', 'is missing');
  if (typeof state !== 'string') throw badEvent('state', 'must be text');
  if (isFleetState(state)) return state;
  throw badEvent('state', `is “${oneLine(state, 40)}”, which is none of ${Object.keys(payloadFields).join(', ')}`);
}

function payloadOf(source: Source, state: FleetState): FleetEventPayload {
  const fields = rulesOf(state).flatMap(([name, rule]) => {
    const value = readField(source, name, rule);
    return value === undefined ? [] : [[name, value] as const];
  });
  // The table of rules is checked against the payload types, so what follows it has their shape.
  return { state, ...Object.fromEntries(fields) } as FleetEventPayload;
}

function extraOf(source: Source): JsonObject {
  const extra = own(source, 'extra');
  if (extra === undefined) return {};
  if (!isObject(extra)) throw badEvent('extra', 'must be an object');
  if (!isJsonValue(extra, maxJsonDepth - 1)) throw badEvent('extra', 'is nested too deeply or holds what JSON cannot say');
  return extra;
}

function unknownOf(source: Source, state: FleetState): JsonObject {
  const known = new Set(['state', 'extra', ...Object.keys(envelopeFields), ...Object.keys(payloadFields[state])]);
  const unknown: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(source)) {
    if (known.has(name) || value === undefined) continue;
    if (!isJsonValue(value, maxJsonDepth - 1)) throw badEvent(name, 'is nested too deeply or holds what JSON cannot say');
    unknown.push([name, value]);
  }
  return Object.fromEntries(unknown);
}

function readRequired<T extends string | number>(source: Source, name: string, rule: FieldRule): T {
  return readField(source, name, rule) as T;
}

/** The field's value, or `undefined` when an optional one is absent. */
function readField(source: Source, name: string, rule: FieldRule): string | number | boolean | null | undefined {
  const value = own(source, name);
  if (value === undefined) {
    if (rule.presence === 'required') throw badEvent(name, 'is missing');
    return rule.presence === 'nullable' ? null : rule.fallback;
  }
  if (value === null && rule.presence === 'optional') return undefined;
  if (value === null && rule.presence === 'nullable') return null;
  const wrong = complaint(value, rule.type);
  if (wrong !== undefined) throw badEvent(name, wrong);
  return value as string | number | boolean;
}

const ranges = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
  u64: [0, Number.MAX_SAFE_INTEGER],
} as const;

function complaint(value: unknown, type: FieldType): string | undefined {
  if (type === 'string') return typeof value === 'string' ? undefined : 'must be text';
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (typeof value !== 'number') return 'must be a number';
  if (type === 'f32') return Number.isFinite(value) ? undefined : 'must be a finite number';
  const [low, high] = ranges[type];
  return Number.isInteger(value) && value >= low && value <= high ? undefined : `must be a whole number from ${low} to ${high}`;
}

/** A field of the object itself: names such as `constructor` must not find what every object inherits. */
function own(source: Source, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

function badEvent(field: string, reason: string): FleetError<'BadEvent'> {
  const what = field === '' ? 'A fleet event' : `The fleet event's field “${oneLine(field, 60)}”`;
  return new FleetError('BadEvent', `${what} ${reason}.`, { details: { field, reason } });
}
