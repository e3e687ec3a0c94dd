import type { JsonObject } from './json.ts';

/**
 * What a worker reports about a task (fleet protocol 0.1.0, worker event). On the wire the payload's fields stand
 * beside those of the envelope, and `extra` is left out when it is empty.
 */
export interface FleetEvent<Payload extends FleetEventPayload = FleetEventPayload> {
  /** Rises by one per worker, run and task. */
  readonly seq: number;
  readonly run_id: string;
  readonly worker_id: string;
  readonly task_id: string;
  /** RFC 3339 by convention; the protocol itself accepts any text. */
  readonly timestamp: string;
  readonly payload: Payload;
  /** The protocol's own place for extensions. */
  readonly extra: JsonObject;
  /** Fields that this version does not know. Kept, and written back after all others. */
  readonly unknownFields: JsonObject;
}

/** What happened, told apart by `state`. An absent field and `null` mean the same, unless its comment says otherwise. */
export type FleetEventPayload =
  | { readonly state: 'queued' }
  | { readonly state: 'leased'; readonly lease_expires_at?: string }
  | { readonly state: 'starting' }
  | { readonly state: 'running' }
  | { readonly state: 'model_wait'; readonly model?: string }
  | { readonly state: 'running_tool'; readonly tool: string; readonly call_id?: string }
  | { readonly state: 'heartbeat'; readonly cpu_percent?: number; readonly memory_mb?: number }
  | ({ readonly state: 'artifact' } & FleetArtifactRef)
  | { readonly state: 'completed'; readonly exit_code?: number; readonly summary?: string }
  /** `recoverable` is false when absent on the wire; null is refused. */
  | { readonly state: 'failed'; readonly reason: string; readonly recoverable: boolean }
  | { readonly state: 'cancelled'; readonly cancelled_by?: string }
  | { readonly state: 'interrupted'; readonly signal?: string }
  | { readonly state: 'stale'; readonly last_heartbeat_at?: string }
  /** `restart_count` is 0 when absent on the wire; null is refused. */
  | { readonly state: 'restarted'; readonly restart_count: number }
  | { readonly state: 'escalated'; readonly channel: string; readonly alert_id?: string };

export type FleetState = FleetEventPayload['state'];

/** A file that a task made or used. */
export interface FleetArtifactRef {
  /** Flat text: one of `knownArtifactKinds`, or the worker's own word, kept as it is. */
  readonly kind: string;
  readonly path: string;
  /** For example `sha256:77…`. */
  readonly checksum?: string;
  readonly mime_type?: string;
  /** Bytes; `null` when not known, and then written as null. */
  readonly size_bytes: number | null;
}

/** The kinds that the protocol names itself. */
export const knownArtifactKinds = ['log', 'patch', 'test_result', 'report', 'checkpoint', 'receipt'] as const;
