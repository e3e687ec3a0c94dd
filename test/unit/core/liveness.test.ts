import assert from 'node:assert/strict';
import { isStale, staleAfterMs } from '../../../src/core/liveness.ts';
import type { ActivityKind, Session, SessionStatus } from '../../../src/core/session.ts';

const start = 1_000_000;
const session = (activity: ActivityKind | undefined, status: SessionStatus = 'running'): Session => ({
  id: 'agent-a', name: 'a', driver: 'demo', spec: { policy: 'ask', cwd: '/w' }, attempt: 1, status, lastRunnerSeq: 0, historySeq: 0,
  artifacts: [], skipped: 0, createdAt: start, lastActivityAt: start,
  ...(activity === undefined ? {} : { signal: { activity, source: 'hook', at: start } }),
});
const late = start + staleAfterMs + 1;

describe('core/liveness: stale (V3, V8)', () => {
  it('V3: is stale when a busy, live agent gave no sign for too long', () => {
    assert.equal(isStale(session('working'), 'alive', undefined, late), true);
    assert.equal(isStale(session(undefined), 'alive', undefined, late), true);
    assert.equal(isStale(session('working'), 'alive', undefined, late - 2), false);
  });

  it('counts output as a sign', () => {
    assert.equal(isStale(session('running_tool'), 'alive', late - 1000, late), false);
  });

  it('V8: never calls an agent stale that rests or waits for a person', () => {
    for (const activity of ['idle', 'needs_permission', 'needs_answer', 'blocked'] as const) assert.equal(isStale(session(activity), 'alive', undefined, late), false);
  });

  it('says nothing about the dead, the unknown and the ended', () => {
    assert.equal(isStale(session('working'), 'dead', undefined, late), false);
    assert.equal(isStale(session('working'), 'unknown', undefined, late), false);
    assert.equal(isStale(session('working', 'completed'), 'alive', undefined, late), false);
  });
});
