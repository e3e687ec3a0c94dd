import type { FleetArtifactRef, FleetEventPayload, FleetState } from './event.ts';
import { nullable, optional, required, withDefault, type Fields, type FieldsOf } from './wireTypes.ts';

type PayloadOf<State extends FleetState> = Extract<FleetEventPayload, { readonly state: State }>;

type PayloadFields = { readonly [State in FleetState]: FieldsOf<PayloadOf<State>, 'state'> };

/** Fields of the envelope before the payload, in the order of the wire. */
export const envelopeFields = {
  seq: required('u64'),
  run_id: required('string'),
  worker_id: required('string'),
  task_id: required('string'),
  timestamp: required('string'),
} as const;

/** Fields of an artifact reference, in the order of the wire. */
export const artifactRefFields: FieldsOf<FleetArtifactRef> = {
  kind: required('string'),
  path: required('string'),
  checksum: optional('string'),
  mime_type: optional('string'),
  size_bytes: nullable('u64'),
};

/** Fields of each payload, in the order of the wire. */
export const payloadFields: PayloadFields = {
  queued: {},
  leased: { lease_expires_at: optional('string') },
  starting: {},
  running: {},
  model_wait: { model: optional('string') },
  running_tool: { tool: required('string'), call_id: optional('string') },
  heartbeat: { cpu_percent: optional('f32'), memory_mb: optional('u64') },
  artifact: artifactRefFields,
  completed: { exit_code: optional('i32'), summary: optional('string') },
  failed: { reason: required('string'), recoverable: withDefault('boolean', false) },
  cancelled: { cancelled_by: optional('string') },
  interrupted: { signal: optional('string') },
  stale: { last_heartbeat_at: optional('string') },
  restarted: { restart_count: withDefault('u32', 0) },
  escalated: { channel: required('string'), alert_id: optional('string') },
};

/** Names of the fields that an event in this state may have; all others are unknown to fleet protocol 0.1.0. */
export function knownFields(state: FleetState): ReadonlySet<string> {
  const fields: Fields = payloadFields[state];
  return new Set(['state', 'extra', ...Object.keys(envelopeFields), ...Object.keys(fields)]);
}
