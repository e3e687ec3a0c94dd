import fc from 'fast-check';
import type { FleetEvent, FleetEventPayload } from '../../../src/protocol/event.ts';
import type { JsonObject } from '../../../src/protocol/json.ts';

const text = fc.string({ unit: 'binary', maxLength: 30 });
const u64 = fc.maxSafeNat();
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
/** What a 32-bit float is after its shortest text was read again. */
const f32 = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => {
  for (let digits = 1; digits <= 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short === 0 ? 0 : short;
  }
  return value;
});

const payload: fc.Arbitrary<FleetEventPayload> = fc
  .oneof(
    ...(['queued', 'starting', 'running'] as const).map((state) => fc.constant({ state })),
    fc.record({ state: fc.constant('leased' as const), lease_expires_at: text }, { requiredKeys: ['state'] }),
    fc.record({ state: fc.constant('model_wait' as const), model: text }, { requiredKeys: ['state'] }),
    fc.record({ state: fc.constant('running_tool' as const), tool: text, call_id: text }, { requiredKeys: ['state', 'tool'] }),
    fc.record({ state: fc.constant('heartbeat' as const), cpu_percent: f32, memory_mb: u64 }, { requiredKeys: ['state'] }),
    fc.record(
      { state: fc.constant('artifact' as const), kind: text, path: text, checksum: text, mime_type: text, size_bytes: fc.option(u64) },
      { requiredKeys: ['state', 'kind', 'path', 'size_bytes'] },
    ),
    fc.record({ state: fc.constant('completed' as const), exit_code: i32, summary: text }, { requiredKeys: ['state'] }),
    fc.record({ state: fc.constant('failed' as const), reason: text, recoverable: fc.boolean() }),
    fc.record({ state: fc.constant('cancelled' as const), cancelled_by: text }, { requiredKeys: ['state'] }),
    fc.record({ state: fc.constant('interrupted' as const), signal: text }, { requiredKeys: ['state'] }),
    fc.record({ state: fc.constant('stale' as const), last_heartbeat_at: text }, { requiredKeys: ['state'] }),
    fc.record({ state: fc.constant('restarted' as const), restart_count: u32 }),
    fc.record({ state: fc.constant('escalated' as const), channel: text, alert_id: text }, { requiredKeys: ['state', 'channel'] }),
  )
  .map((fields) => ({ ...fields }));

/** JSON as it is after a round trip: no -0, plain objects. */
const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'binary' })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject[string]);
const extra: fc.Arbitrary<JsonObject> = fc.dictionary(text, json, { maxKeys: 4, noNullPrototype: true });
const unknownFields: fc.Arbitrary<JsonObject> = fc
  .dictionary(text, json, { maxKeys: 2, noNullPrototype: true })
  .map((fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [`x-${name}`, value])));

/** Any event that can be said on the wire. */
export const arbitraryEvent: fc.Arbitrary<FleetEvent> = fc.record(
  { seq: u64, run_id: text, worker_id: text, task_id: text, timestamp: text, payload, extra, unknownFields },
  { noNullPrototype: true },
);
