import assert from 'node:assert/strict';
import type { Session } from '../../../../src/core/session.ts';
import { completionFrom, historyFrom, historyProblem, sessionFrom, sessionProblem } from '../../../../src/storage/projection/sessionBody.ts';
import { session } from './kit.ts';

/** A session with every optional field. */
const whole: Session = session('a', {
  kind: 'child_agent',
  parentId: 'p',
  restartOf: 'r',
  resumedFrom: 'q',
  model: 'm',
  worktree: '/w',
  host: 'h',
  channel: 'external',
  clientInstanceId: 'c',
  actorKey: 'k',
  parentActorKey: 'pk',
  signal: { activity: 'needs_answer', source: 'hook', at: 3, confirmed: true },
  progress: { count: 1, message: 'm', percent: 3.5, at: 4 },
  outcome: { type: 'failed', error: 'e', exitCode: 3 },
  peer: { name: 'n', address: 'unix:x', at: 5 },
  retireRequest: { at: 6, deadline: 7 },
  usage: { turns: 1, inputTokens: 2, outputTokens: 3, reasoningTokens: 1, toolCalls: 4, costMicroUsd: 5 },
  feedSeq: 3,
  elapsedMs: 12.5,
  stopRequest: { at: 8, reason: 'x' },
  runner: { pid: 1 },
  agent: { pid: 2, startTime: 's', bootId: 'b' },
  spoolSkipped: 2,
});

function split(full: Session): [string, string, Record<string, unknown>] {
  const { status, ...body } = full;
  return [full.id, status, body];
}

describe('sessionBody', () => {
  it('S1: reads back what was written, unknown fields included', () => {
    assert.deepEqual(sessionFrom(...split(whole)), whole);
    assert.equal(sessionProblem(whole), undefined);
    const later = { ...whole, invented: { deep: [1] } } as Session;
    assert.deepEqual(sessionFrom(...split(later)), later);
  });

  it('S4: a status that is not known is told as unknown', () => {
    const [id, , body] = split(whole);
    assert.equal(sessionFrom(id, 'zzz', body)?.status, 'unknown');
    assert.match(sessionProblem({ ...whole, status: 'zzz' as never }) ?? '', /zzz/);
  });

  it('S4: evidence that cannot be read is left out, the session stays', () => {
    const evidence = [
      'signal', 'progress', 'kind', 'resumedFrom', 'model', 'worktree', 'host', 'channel', 'clientInstanceId', 'actorKey',
      'parentActorKey', 'peer', 'retireRequest', 'usage', 'feedSeq', 'elapsedMs', 'spoolSkipped',
    ] as const;
    for (const field of evidence) {
      const [id, status, body] = split(whole);
      const { [field]: _, ...rest } = whole;
      assert.deepEqual(sessionFrom(id, status, { ...body, [field]: { wrong: true } }), field === 'usage' ? { ...rest, usage: { wrong: true } } : rest, field);
      assert.deepEqual(sessionFrom(id, status, { ...body, [field]: -1 }), rest, field);
    }
  });

  it('S4: anything else that is wrong makes it unreadable', () => {
    const [id, status, body] = split(whole);
    for (const wrong of [undefined, null, 3, [], {}, { ...body, id: 'other' }, { ...body, name: 1 }, { ...body, attempt: 0 }, { ...body, artifacts: {} }, { ...body, outcome: { type: 'x' } }]) {
      assert.equal(sessionFrom(id, status, wrong), undefined);
    }
    assert.match(sessionProblem({ ...whole, id: '../x' }) ?? '', /id/);
  });

  it('reads history and completions, or not at all', () => {
    const entry = { sessionId: 'a', seq: 1, at: 2, kind: 'signal', actor: 'agent', data: { n: 1 } } as const;
    assert.deepEqual(historyFrom(entry), entry);
    assert.equal(historyFrom({ ...entry, actor: 'ghost' }), undefined);
    assert.equal(historyProblem(entry), undefined);
    assert.match(historyProblem({ ...entry, seq: 0 }) ?? '', /seq/);
    assert.match(historyProblem({ ...entry, data: 1n }) ?? '', /JSON/);
    const completion = { seq: 1, sessionId: 'a', kind: 'agent', name: 'n', outcome: { type: 'retired' }, at: 3 } as const;
    assert.deepEqual(completionFrom(completion), completion);
    assert.equal(completionFrom({ ...completion, outcome: {} }), undefined);
  });
});
