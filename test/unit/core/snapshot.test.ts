import assert from 'node:assert/strict';
import { meerkatOutcome, meerkatSnapshot, snapshotOf } from '../../../src/core/snapshot.ts';
import type { Session, SessionOutcome } from '../../../src/core/session.ts';
import { allStatuses, type RegistryStatus } from '../../../src/core/transitions.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';

/** A small part of JSON schema: every field is required unless its name ends with `?`; no others are allowed. */
type Shape = 'string' | 'boolean' | 'natural' | 'null' | { readonly oneOf: readonly Shape[] } | { readonly const: unknown } | { readonly fields: Readonly<Record<string, Shape>> };

function fits(value: unknown, shape: Shape): boolean {
  if (shape === 'natural') return typeof value === 'number' && Number.isInteger(value) && value >= 0;
  if (shape === 'null') return value === null;
  if (typeof shape === 'string') return typeof value === shape;
  if ('oneOf' in shape) return shape.oneOf.some((one) => fits(value, one));
  if ('const' in shape) return value === shape.const;
  if (typeof value !== 'object' || value === null) return false;
  const given = new Map<string, unknown>(Object.entries(value));
  for (const [field, inner] of Object.entries(shape.fields)) {
    const name = field.replace('?', '');
    if (given.has(name) ? !fits(given.get(name), inner) : name === field) return false;
    given.delete(name);
  }
  return given.size === 0;
}

const nullable = (shape: Shape): Shape => ({ oneOf: [shape, 'null'] });
const tagged = (tag: string, fields: Record<string, Shape> = {}): Shape => ({ fields: { outcome_type: { const: tag }, ...fields } });
const oneOf = (...values: readonly RegistryStatus[]): Shape => ({ oneOf: values.map((value) => ({ const: value })) });

/** What serde reads (meerkat ops_lifecycle.rs). */
const outcomeShape: Shape = {
  oneOf: [
    tagged('completed', { id: 'string', content: 'string', is_error: 'boolean', duration_ms: 'natural', tokens_used: 'natural' }),
    tagged('failed', { error: 'string' }),
    tagged('aborted', { reason: nullable('string') }),
    tagged('cancelled', { reason: nullable('string') }),
    tagged('retired'),
    tagged('terminated', { reason: 'string' }),
  ],
};
const snapshotShape: Shape = {
  fields: {
    id: 'string',
    kind: { oneOf: [{ const: 'mob_member_child' }, { const: 'background_tool_op' }] },
    display_name: 'string',
    status: oneOf('absent', 'provisioning', 'running', 'retiring', 'completed', 'failed', 'aborted', 'cancelled', 'retired', 'terminated'),
    peer_ready: 'boolean',
    progress_count: 'natural',
    watcher_count: 'natural',
    terminal_outcome: nullable(outcomeShape),
    child_session_id: nullable('string'),
    'peer_handle?': { fields: { peer_name: 'string', trusted_peer: { fields: { name: 'string', peer_id: 'string', address: 'string' } } } },
    created_at_ms: 'natural',
    'started_at_ms?': 'natural',
    'completed_at_ms?': 'natural',
    'elapsed_ms?': 'natural',
  },
};

const outcomes: readonly SessionOutcome[] = [
  { type: 'completed', by: 'person', summary: '4 files' },
  { type: 'completed', by: 'exit' },
  { type: 'failed', error: 'exit 2', exitCode: 2 },
  { type: 'aborted', reason: 'gave up' },
  { type: 'cancelled', reason: 'user' },
  { type: 'cancelled' },
  { type: 'retired' },
  { type: 'terminated', reason: 'window closed' },
];

function endedSession(outcome: SessionOutcome): Session {
  return aSession({ status: outcome.type, outcome, startedAt: wallStart + 1, completedAt: wallStart + 900, elapsedMs: 811.6, usage: { inputTokens: 30, outputTokens: 12 } });
}

describe('snapshot', () => {
  it('L14 all that is known, in our words', () => {
    const peer = { name: 'reviewer', address: 'unix:/a', at: wallStart + 2 };
    const outcome = { type: 'retired' } as const;
    const session = { ...endedSession(outcome), kind: 'child_agent' as const, peer, conversationId: 'c1', progress: { count: 3, at: wallStart } };
    assert.deepEqual(snapshotOf(session, 2), {
      id: session.id,
      kind: 'child_agent',
      displayName: 'docs',
      status: 'retired',
      peerReady: true,
      progressCount: 3,
      watcherCount: 2,
      terminalOutcome: outcome,
      childSessionId: 'c1',
      peerHandle: peer,
      createdAtMs: wallStart,
      startedAtMs: wallStart + 1,
      completedAtMs: wallStart + 900,
      elapsedMs: 812,
    });
  });

  it('L14 a young session has the least', () => {
    const session = aSession({ status: 'provisioning' });
    assert.deepEqual(snapshotOf(session), {
      id: session.id,
      kind: 'agent',
      displayName: 'docs',
      status: 'provisioning',
      peerReady: false,
      progressCount: 0,
      watcherCount: 0,
      createdAtMs: wallStart,
    });
  });

  it('L14 elapsed, outcome and end are absent while a session is active, whatever its row says', () => {
    const row = endedSession({ type: 'retired' });
    for (const status of ['provisioning', 'running', 'retiring'] as const) {
      const snapshot = snapshotOf({ ...row, status });
      for (const field of ['elapsedMs', 'terminalOutcome', 'completedAtMs']) assert.ok(!(field in snapshot), field);
    }
  });

  it('S7 elapsed is never negative and never made from the wall clock', () => {
    const row = endedSession({ type: 'retired' });
    assert.equal(snapshotOf({ ...row, elapsedMs: -5 }).elapsedMs, 0);
    const { elapsedMs: _, ...restarted } = row;
    assert.ok(!('elapsedMs' in snapshotOf(restarted)));
  });

  it('L14 outcomes are exactly those of meerkat', () => {
    const { id } = aSession();
    assert.deepEqual(outcomes.map((outcome) => JSON.stringify(meerkatOutcome(endedSession(outcome), outcome))), [
      `{"outcome_type":"completed","id":"${id}","content":"4 files","is_error":false,"duration_ms":812,"tokens_used":42}`,
      `{"outcome_type":"completed","id":"${id}","content":"","is_error":false,"duration_ms":812,"tokens_used":42}`,
      '{"outcome_type":"failed","error":"exit 2"}',
      '{"outcome_type":"aborted","reason":"gave up"}',
      '{"outcome_type":"cancelled","reason":"user"}',
      '{"outcome_type":"cancelled","reason":null}',
      '{"outcome_type":"retired"}',
      '{"outcome_type":"terminated","reason":"window closed"}',
    ]);
  });

  it('L14 the duration falls back on the wall clock, and is not negative when that was set back', () => {
    const { elapsedMs: _, usage: _usage, ...row } = endedSession({ type: 'completed', by: 'exit' });
    const durations = [row, { ...row, completedAt: wallStart - 9 }].map((session) => meerkatOutcome(session, { type: 'completed', by: 'exit' }));
    assert.deepEqual(durations.map((one) => 'duration_ms' in one && [one.duration_ms, one.tokens_used]), [[900, 0], [0, 0]]);
  });

  for (const status of allStatuses) {
    it(`L14 the schema fits a session that is ${status}, with the least and with all`, () => {
      const least = aSession({ status });
      const all = { ...least, kind: 'child_agent' as const, peer: { name: 'p', address: 'a', at: 1 }, conversationId: 'c', startedAt: 1, completedAt: 2, elapsedMs: 1.5, progress: { count: 1, at: 1 } };
      const outcome = outcomes.find((one) => one.type === status);
      for (const session of [least, all, ...(outcome === undefined ? [] : [{ ...all, outcome }])]) {
        const json: unknown = JSON.parse(JSON.stringify(meerkatSnapshot(session, 4)));
        assert.ok(fits(json, snapshotShape), JSON.stringify(json));
      }
    });
  }

  it('L14 the schema is no empty promise', () => {
    const json = meerkatSnapshot(endedSession({ type: 'retired' }));
    for (const wrong of [{ ...json, extra: 1 }, { ...json, elapsed_ms: 1.5 }, { ...json, terminal_outcome: { outcome_type: 'retired', reason: 'x' } }, { ...json, status: 'unknown' }]) {
      assert.ok(!fits(wrong, snapshotShape));
    }
    const { child_session_id: _, ...missing } = json;
    assert.ok(!fits(missing, snapshotShape));
  });

  it('L14 kinds, peer and unreadable status as meerkat knows them', () => {
    const child = meerkatSnapshot(aSession({ kind: 'child_agent', peer: { name: 'p', address: 'a', at: 1 } }));
    assert.equal(child.kind, 'mob_member_child');
    assert.deepEqual(child.peer_handle, { peer_name: 'p', trusted_peer: { name: 'p', peer_id: child.id, address: 'a' } });
    assert.equal(meerkatSnapshot(aSession({ kind: 'background_tool' })).kind, 'background_tool_op');
    assert.equal(meerkatSnapshot(aSession()).kind, 'background_tool_op');
    assert.equal(meerkatSnapshot(aSession({ status: 'unknown' })).status, 'absent');
  });
});
