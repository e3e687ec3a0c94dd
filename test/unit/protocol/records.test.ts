import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFleetError } from '../../../src/base/errors.ts';
import { decodeRecord, encodeRecord } from '../../../src/protocol/recordCodec.ts';
import { recordShapes, type FleetRecordName } from '../../../src/protocol/recordShapes.ts';
import { defaultRetryPolicy, fleetProtocolVersion, type FleetRun } from '../../../src/protocol/records.ts';
import { arbitraryRecord } from './arbitraryRecord.ts';
import { recordGolden } from './recordGolden.ts';

const names = Object.keys(recordShapes) as FleetRecordName[];
const rewrite = (type: FleetRecordName, text: string): string => encodeRecord(type, decodeRecord(type, JSON.parse(text)));

function refusal(type: FleetRecordName, value: unknown): { field: unknown; message: string } {
  try {
    decodeRecord(type, value);
  } catch (error) {
    assert.ok(isFleetError(error, 'BadRecord'), String(error));
    assert.equal(error.details['type'], type);
    return { field: error.details['field'], message: error.message };
  }
  return assert.fail('nothing was thrown');
}

describe('fleet records on the wire', () => {
  it('speak version 0.1.0', () => assert.equal(fleetProtocolVersion, '0.1.0'));

  for (const { type, read, written, field } of recordGolden) {
    const what = `${type}: ${read.length > 90 ? `${read.slice(0, 90)}…` : read}`;
    if (field === undefined) it(`are written like the reference: ${what}`, () => assert.equal(rewrite(type, read), written ?? read));
    else it(`are refused like the reference: ${what}`, () => assert.equal(refusal(type, JSON.parse(read)).field, field));
  }

  it('have an example that is accepted, for every type', () => {
    const accepted = new Set(recordGolden.flatMap(({ type, field }) => (field === undefined ? [type] : [])));
    assert.deepEqual([...accepted].sort(), [...names].sort());
  });

  for (const type of names) {
    it(`come back unchanged, whatever they say: ${type}`, () => {
      fc.assert(fc.property(arbitraryRecord(type), (value) => assert.deepEqual(decodeRecord(type, JSON.parse(encodeRecord(type, value))), value)));
    });

    it(`are written the same again after reading: ${type}`, () => {
      fc.assert(
        fc.property(arbitraryRecord(type), (value) => {
          const text = encodeRecord(type, value);
          assert.equal(rewrite(type, text), text);
        }),
      );
    });

    it(`are accepted or refused without another kind of error: ${type}`, () => {
      const damaged = fc.tuple(arbitraryRecord(type), fc.jsonValue(), fc.nat()).map(([value, other, index]) => damage(value, other, index));
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), damaged), (value) => {
          try {
            assert.equal(typeof encodeRecord(type, decodeRecord(type, value)), 'string');
          } catch (error) {
            assert.ok(isFleetError(error, 'BadRecord'), String(error));
          }
        }),
      );
    });
  }

  it('keep fields that they do not know, at every level and after all others', () => {
    const text =
      '{"id":"t","name":"n","instructions":"i","expected_artifacts":[],"scorer":{"kind":"manual","by":"me"},"retry_policy":{"max_attempts":3,"initial_backoff_seconds":5,"max_backoff_seconds":300,"backoff_multiplier":2,"jitter":0.5},"timeout_seconds":null,"metadata":{},"budget":{"b":1,"a":[2]},"__proto__":{"id":"x"}}';
    assert.equal(rewrite('taskSpec', text), text.replace('{"b":1,"a":[2]}', '{"a":[2],"b":1}'));
    const { budget } = decodeRecord('taskSpec', JSON.parse(text)).unknownFields ?? {};
    assert.deepEqual(budget, { a: [2], b: 1 });
  });

  it('an unknown field never takes the place of a known one', () => {
    const score = { value: 1, unknownFields: { value: 9, notes: 'x', later: true } };
    assert.equal(encodeRecord('score', score), '{"value":1.0,"later":true}');
    const scorer = { kind: 'manual' as const, unknownFields: { kind: 'exit_code' } };
    assert.equal(encodeRecord('scorerSpec', scorer), '{"kind":"manual"}');
  });

  it('fields of another variant are unknown, not misread', () => {
    const host = decodeRecord('hostSpec', { kind: 'local', port: 'not a number' });
    assert.deepEqual(host, { kind: 'local', unknownFields: { port: 'not a number' } });
  });

  it('say in one sentence which field is wrong and why', () => {
    assert.equal(
      refusal('run', { id: 'r', name: 'n', status: 'queued', created_at: 'x', worker_specs: [{ id: 'w', name: 'n', host: { kind: 'ssh', host: 'h', port: -1 } }] }).message,
      "The fleet run's field “worker_specs[0].host.port” must be a whole number from 0 to 65535.",
    );
    assert.equal(refusal('taskResult', 'par\u001b[31mtial').message, 'The task result is “partial”, which is none of pass, fail, skip, timeout.');
    assert.equal(refusal('receipt', []).message, 'The receipt must be a JSON object.');
    assert.equal(refusal('taskSpec', { id: 't', name: 'n', instructions: 'i', metadata: 3 }).message, "The task's field “metadata” must be an object.");
  });

  it('refuse what a 64-bit number would hold and a JavaScript number does not', () => {
    assert.equal(refusal('artifactRef', { kind: 'log', path: 'a', size_bytes: 2 ** 53 }).field, 'size_bytes');
  });

  it('refuse nesting that the reference refuses', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    assert.equal(refusal('taskSpec', { id: 't', name: 'n', instructions: 'i', metadata: { deep } }).field, 'metadata.deep');
    assert.equal(refusal('score', { value: 1, deep }).field, 'deep');
  });
});

describe("the protocol's own tests", () => {
  it('fleet run round trip', () => {
    const run: FleetRun = {
      id: 'run-001',
      name: 'dogfood smoke',
      status: 'running',
      task_specs: [
        {
          id: 'task-1',
          name: 'lint',
          instructions: 'run cargo clippy',
          expected_artifacts: ['log'],
          scorer: { kind: 'exit_code' },
          retry_policy: defaultRetryPolicy,
          timeout_seconds: 300,
          metadata: {},
        },
      ],
      worker_specs: [],
      labels: {},
      created_at: '2026-06-12T17:00:00Z',
    };
    assert.deepEqual(decodeRecord('run', JSON.parse(encodeRecord('run', run))), run);
  });

  it('alert policy round trip', () => {
    const policy = { channels: [{ kind: 'slack' as const, webhook_url: 'https://hooks.slack.com/test' }], after_attempts: 2, after_minutes_stale: 10 };
    const text = encodeRecord('alertPolicy', policy);
    assert.match(text, /"kind":"slack"/);
    assert.equal(decodeRecord('alertPolicy', JSON.parse(text)).after_attempts, 2);
  });

  it('artifact of another kind round trip; the kind is flat text', () => {
    const artifact = { kind: 'coverage.xml', path: '/tmp/coverage.xml', checksum: 'sha256:abc', mime_type: 'application/xml', size_bytes: 1024 };
    assert.deepEqual(decodeRecord('artifactRef', JSON.parse(encodeRecord('artifactRef', artifact))), artifact);
    assert.equal(encodeRecord('artifactKind', 'test_result'), '"test_result"');
    assert.equal(decodeRecord('artifactKind', 'coverage.xml'), 'coverage.xml');
  });

  it('retry policy: missing fields use defaults that are not zero', () => {
    assert.deepEqual(decodeRecord('retryPolicy', {}), defaultRetryPolicy);
    assert.deepEqual(decodeRecord('retryPolicy', { max_attempts: 5 }), { ...defaultRetryPolicy, max_attempts: 5 });
  });

  it('receipt round trip', () => {
    const receipt = {
      run_id: 'run-003',
      task_id: 'task-1',
      worker_id: 'worker-b',
      completed_at: '2026-06-12T17:03:00Z',
      result: 'pass' as const,
      artifacts: [],
      score: { value: 0.95, max: 1 },
    };
    assert.deepEqual(decodeRecord('receipt', JSON.parse(encodeRecord('receipt', receipt))), receipt);
  });
});

/** Puts `other` in the place of one of the value's fields. */
function damage(value: unknown, other: unknown, index: number): unknown {
  if (typeof value !== 'object' || value === null) return other;
  const keys = Object.keys(value);
  const key = keys[index % keys.length];
  return key === undefined ? other : { ...value, [key]: other };
}
