import fc from 'fast-check';
import type { RunnerEvent, RunnerEventBody } from '../../../src/core/runnerEvents.ts';

const identity = fc.record({ pid: fc.integer({ min: 1, max: 4_000_000 }), startTime: fc.string(), bootId: fc.string() }, { requiredKeys: ['pid'] });
const json = fc.jsonValue();

/** Any body that a runner may report. */
export const arbitraryBody: fc.Arbitrary<RunnerEventBody> = fc.oneof(
  fc.record({ kind: fc.constant('started' as const), runner: identity, agent: identity }) as fc.Arbitrary<RunnerEventBody>,
  fc.record({ kind: fc.constant('spawnFailed' as const), code: fc.string(), message: fc.string({ unit: 'binary' }) }),
  fc.record({ kind: fc.constant('hook' as const), name: fc.string(), payload: json }),
  fc.record({ kind: fc.constant('fleetEvent' as const), value: json }),
  fc.record({ kind: fc.constant('skipped' as const), what: fc.constantFrom('hook' as const, 'fleetEvent' as const), reason: fc.string() }),
  fc.record({ kind: fc.constant('stopping' as const), signal: fc.string() }),
  fc.record({ kind: fc.constant('survivors' as const), pids: fc.array(fc.integer({ min: 1, max: 4_000_000 })) }),
  fc.record({
    kind: fc.constant('exited' as const),
    code: fc.option(fc.integer({ min: 0, max: 255 })),
    signal: fc.option(fc.constant('SIGKILL')),
    cause: fc.constantFrom('agent' as const, 'stopped' as const, 'hangup' as const),
  }),
);

/** A history of events, numbers rising with gaps. */
export const arbitraryEvents: fc.Arbitrary<RunnerEvent[]> = fc
  .array(fc.tuple(arbitraryBody, fc.integer({ min: 1, max: 5 }), fc.nat()), { maxLength: 30 })
  .map((items) => {
    let seq = 0;
    return items.map(([body, step, at]) => ({ ...body, seq: (seq += step), at }));
  });

/** What JSON makes of a value: `-0` becomes `0`, and so on. */
export function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
