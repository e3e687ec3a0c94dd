import type { FleetArtifactRef } from './event.ts';
import type { JsonObject, JsonValue } from './json.ts';

/**
 * The lasting records of fleet protocol 0.1.0, with the field names of the wire. Optional fields are left out when absent; those that
 * may be `null` are always written. `unknownFields` holds what this version does not know; it is written back after all others.
 */
export const fleetProtocolVersion = '0.1.0';

/** Anything that can carry fields of a later version. */
interface Extensible {
  readonly unknownFields?: JsonObject;
}

export const fleetRunStatuses = ['pending', 'queued', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;
export type FleetRunStatus = (typeof fleetRunStatuses)[number];

export const fleetWorkerStatuses = ['unknown', 'online', 'busy', 'offline', 'unhealthy', 'draining', 'retired'] as const;
export type FleetWorkerStatus = (typeof fleetWorkerStatuses)[number];

export const fleetTaskResults = ['pass', 'fail', 'skip', 'timeout'] as const;
export type FleetTaskResult = (typeof fleetTaskResults)[number];

/** A run of many tasks by many workers. */
export interface FleetRun extends Extensible {
  readonly id: string;
  readonly name: string;
  readonly status: FleetRunStatus;
  readonly task_specs: readonly FleetTaskSpec[];
  readonly worker_specs: readonly FleetWorkerSpec[];
  readonly labels: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly updated_at?: string;
  readonly completed_at?: string;
}

/** One unit of work. */
export interface FleetTaskSpec extends Extensible {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly instructions: string;
  /** Kinds, flat: see `knownArtifactKinds`; any other word is kept as it is. */
  readonly expected_artifacts: readonly string[];
  readonly scorer?: FleetScorerSpec;
  readonly retry_policy?: FleetRetryPolicy;
  readonly alert_policy?: FleetAlertPolicy;
  readonly timeout_seconds: number | null;
  readonly metadata: Readonly<Record<string, JsonValue>>;
}

/** The rule that decides whether a task's result is good. */
export type FleetScorerSpec = Extensible &
  (
    | { readonly kind: 'exit_code' }
    | { readonly kind: 'file_exists'; readonly path: string }
    | { readonly kind: 'regex_match'; readonly path: string; readonly pattern: string }
    | { readonly kind: 'json_path'; readonly path: string; readonly expression: string }
    | { readonly kind: 'manual' }
  );

export interface FleetWorkerSpec extends Extensible {
  readonly id: string;
  readonly name: string;
  readonly host: FleetHostSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
  readonly max_concurrent_tasks?: number;
}

/** Where a worker runs. */
export type FleetHostSpec = Extensible &
  (
    | { readonly kind: 'local' }
    | { readonly kind: 'ssh'; readonly host: string; readonly port?: number; readonly user?: string; readonly identity?: string }
    | { readonly kind: 'docker'; readonly image: string; readonly args: readonly string[] }
  );

/** A task that waits for a worker. */
export interface FleetInboxEntry extends Extensible {
  readonly run_id: string;
  readonly task_id: string;
  readonly priority: number;
  readonly enqueued_at: string;
  readonly lease_deadline: string | null;
  readonly attempts: number;
}

export interface FleetRetryPolicy extends Extensible {
  readonly max_attempts: number;
  readonly initial_backoff_seconds: number;
  readonly max_backoff_seconds: number;
  readonly backoff_multiplier: number;
}

/** What a field of a retry policy is when it is left out. */
export const defaultRetryPolicy = {
  max_attempts: 3,
  initial_backoff_seconds: 5,
  max_backoff_seconds: 300,
  backoff_multiplier: 2,
} as const satisfies FleetRetryPolicy;

/** When whom to alert. */
export interface FleetAlertPolicy extends Extensible {
  readonly channels: readonly FleetAlertChannel[];
  readonly after_attempts: number | null;
  readonly after_minutes_stale: number | null;
}

/** Holds addresses and keys: never shown or logged as it is. */
export type FleetAlertChannel = Extensible &
  (
    | { readonly kind: 'slack'; readonly webhook_url: string }
    | { readonly kind: 'webhook'; readonly url: string; readonly secret: string | null }
    | { readonly kind: 'pager_duty'; readonly routing_key: string; readonly severity: string }
  );

/** The verdict about one attempt at a task. */
export interface FleetReceipt extends Extensible {
  readonly run_id: string;
  readonly task_id: string;
  readonly worker_id: string;
  readonly completed_at: string;
  readonly result: FleetTaskResult;
  readonly artifacts: readonly FleetArtifactRecord[];
  readonly score: FleetScore | null;
}

/** An artifact reference that stands alone: in an event its fields stand beside those of the event. */
export interface FleetArtifactRecord extends FleetArtifactRef, Extensible {}

export interface FleetScore extends Extensible {
  readonly value: number;
  readonly max?: number;
  readonly notes?: string;
}
