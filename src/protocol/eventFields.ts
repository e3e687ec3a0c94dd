import type { FleetEventPayload, FleetState } from './event.ts';

/** A type of the reference implementation. Numbers carry its range. */
export type FieldType = 'string' | 'boolean' | 'i32' | 'u32' | 'u64' | 'f32';

/** How one field is read and written. */
export interface FieldRule {
  readonly type: FieldType;
  /**
   * `required`: must be there. `optional`: left out when absent; null reads as absent. `nullable`: null when absent, always written.
   * `default`: `fallback` when absent, always written.
   */
  readonly presence: 'required' | 'optional' | 'nullable' | 'default';
  readonly fallback?: string | number | boolean;
}

type PayloadOf<State extends FleetState> = Extract<FleetEventPayload, { readonly state: State }>;

/** One rule for each field of each state: a field that is missing here does not compile. */
type PayloadFields = {
  readonly [State in FleetState]: { readonly [Field in Exclude<keyof PayloadOf<State>, 'state'>]-?: FieldRule };
};

const required = (type: FieldType): FieldRule => ({ type, presence: 'required' });
const optional = (type: FieldType): FieldRule => ({ type, presence: 'optional' });
const nullable = (type: FieldType): FieldRule => ({ type, presence: 'nullable' });
const withDefault = (type: FieldType, fallback: number | boolean): FieldRule => ({ type, presence: 'default', fallback });

/** Fields of the envelope before the payload, in the order of the wire. */
export const envelopeFields = {
  seq: required('u64'),
  run_id: required('string'),
  worker_id: required('string'),
  task_id: required('string'),
  timestamp: required('string'),
} as const;

/** Fields of each payload, in the order of the wire. */
export const payloadFields: PayloadFields = {
  queued: {},
  leased: { lease_expires_at: optional('string') },
  starting: {},
  running: {},
  model_wait: { model: optional('string') },
  running_tool: { tool: required('string'), call_id: optional('string') },
  heartbeat: { cpu_percent: optional('f32'), memory_mb: optional('u64') },
  artifact: {
    kind: required('string'),
    path: required('string'),
    checksum: optional('string'),
    mime_type: optional('string'),
    size_bytes: nullable('u64'),
  },
  completed: { exit_code: optional('i32'), summary: optional('string') },
  failed: { reason: required('string'), recoverable: withDefault('boolean', false) },
  cancelled: { cancelled_by: optional('string') },
  interrupted: { signal: optional('string') },
  stale: { last_heartbeat_at: optional('string') },
  restarted: { restart_count: withDefault('u32', 0) },
  escalated: { channel: required('string'), alert_id: optional('string') },
};

/** Whether `value` is a state of fleet protocol 0.1.0. */
export function isFleetState(value: unknown): value is FleetState {
  return typeof value === 'string' && Object.hasOwn(payloadFields, value);
}

/** The rules of a state as a list. */
export function rulesOf(state: FleetState): readonly (readonly [string, FieldRule])[] {
  return Object.entries(payloadFields[state]);
}
