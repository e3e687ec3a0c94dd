import { artifactRefFields } from './eventFields.ts';
import type * as wire from './records.ts';
import { defaultRetryPolicy, fleetRunStatuses, fleetTaskResults, fleetWorkerStatuses } from './records.ts';
import {
  listOf,
  mapOf,
  nullable,
  optional,
  required,
  withDefault,
  type FieldsOf,
  type RecordShape,
  type TaggedShape,
  type WireType,
  type WordType,
} from './wireTypes.ts';

/** The types of fleet protocol 0.1.0 by name, the worker event apart (see `decodeEvent`). */
export interface FleetRecords {
  readonly run: wire.FleetRun;
  readonly runStatus: wire.FleetRunStatus;
  readonly taskSpec: wire.FleetTaskSpec;
  readonly artifactRef: wire.FleetArtifactRecord;
  /** Flat text; a word that the protocol does not name is kept as it is. */
  readonly artifactKind: string;
  readonly scorerSpec: wire.FleetScorerSpec;
  readonly workerSpec: wire.FleetWorkerSpec;
  readonly hostSpec: wire.FleetHostSpec;
  readonly workerStatus: wire.FleetWorkerStatus;
  readonly inboxEntry: wire.FleetInboxEntry;
  readonly retryPolicy: wire.FleetRetryPolicy;
  readonly alertPolicy: wire.FleetAlertPolicy;
  readonly alertChannel: wire.FleetAlertChannel;
  readonly receipt: wire.FleetReceipt;
  readonly taskResult: wire.FleetTaskResult;
  readonly score: wire.FleetScore;
}

export type FleetRecordName = keyof FleetRecords;

const record = <T>(fields: FieldsOf<T>): RecordShape => ({ kind: 'record', fields });
const words = (...known: readonly string[]): WordType => ({ kind: 'word', words: known });

type Tagged = { readonly kind: string };
type Variants<T extends Tagged> = { readonly [Kind in T['kind']]: FieldsOf<Extract<T, { readonly kind: Kind }>, 'kind'> };
const tagged = <T extends Tagged>(variants: Variants<T>): TaggedShape => ({ kind: 'tagged', tag: 'kind', variants });

const artifactRef = record<wire.FleetArtifactRecord>(artifactRefFields);

const scorerSpec = tagged<wire.FleetScorerSpec>({
  exit_code: {},
  file_exists: { path: required('string') },
  regex_match: { path: required('string'), pattern: required('string') },
  json_path: { path: required('string'), expression: required('string') },
  manual: {},
});

const hostSpec = tagged<wire.FleetHostSpec>({
  local: {},
  ssh: { host: required('string'), port: optional('u16'), user: optional('string'), identity: optional('string') },
  docker: { image: required('string'), args: listOf('string') },
});

const retryPolicy = record<wire.FleetRetryPolicy>({
  max_attempts: withDefault('u32', defaultRetryPolicy.max_attempts),
  initial_backoff_seconds: withDefault('u64', defaultRetryPolicy.initial_backoff_seconds),
  max_backoff_seconds: withDefault('u64', defaultRetryPolicy.max_backoff_seconds),
  backoff_multiplier: withDefault('u32', defaultRetryPolicy.backoff_multiplier),
});

const alertChannel = tagged<wire.FleetAlertChannel>({
  slack: { webhook_url: required('string') },
  webhook: { url: required('string'), secret: nullable('string') },
  pager_duty: { routing_key: required('string'), severity: required('string') },
});

const alertPolicy = record<wire.FleetAlertPolicy>({
  channels: listOf(alertChannel),
  after_attempts: nullable('u32'),
  after_minutes_stale: nullable('u64'),
});

const taskSpec = record<wire.FleetTaskSpec>({
  id: required('string'),
  name: required('string'),
  description: optional('string'),
  instructions: required('string'),
  expected_artifacts: listOf('string'),
  scorer: optional(scorerSpec),
  retry_policy: optional(retryPolicy),
  alert_policy: optional(alertPolicy),
  timeout_seconds: nullable('u64'),
  metadata: mapOf('json'),
});

const workerSpec = record<wire.FleetWorkerSpec>({
  id: required('string'),
  name: required('string'),
  host: required(hostSpec),
  labels: mapOf('string'),
  capabilities: listOf('string'),
  max_concurrent_tasks: optional('u64'),
});

const run = record<wire.FleetRun>({
  id: required('string'),
  name: required('string'),
  status: required(words(...fleetRunStatuses)),
  task_specs: listOf(taskSpec),
  worker_specs: listOf(workerSpec),
  labels: mapOf('string'),
  created_at: required('string'),
  updated_at: optional('string'),
  completed_at: optional('string'),
});

const inboxEntry = record<wire.FleetInboxEntry>({
  run_id: required('string'),
  task_id: required('string'),
  priority: required('i32'),
  enqueued_at: required('string'),
  lease_deadline: nullable('string'),
  attempts: withDefault('u32', 0),
});

const score = record<wire.FleetScore>({ value: required('f64'), max: optional('f64'), notes: optional('string') });

const receipt = record<wire.FleetReceipt>({
  run_id: required('string'),
  task_id: required('string'),
  worker_id: required('string'),
  completed_at: required('string'),
  result: required(words(...fleetTaskResults)),
  artifacts: listOf(artifactRef),
  score: nullable(score),
});

/** How each type is read and written; fields in the order of the wire. */
export const recordShapes: { readonly [Name in FleetRecordName]: WireType } = {
  run,
  runStatus: words(...fleetRunStatuses),
  taskSpec,
  artifactRef,
  artifactKind: 'string',
  scorerSpec,
  workerSpec,
  hostSpec,
  workerStatus: words(...fleetWorkerStatuses),
  inboxEntry,
  retryPolicy,
  alertPolicy,
  alertChannel,
  receipt,
  taskResult: words(...fleetTaskResults),
  score,
};
