import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFleetError } from '../../../src/base/errors.ts';
import { activeByActorKey, activeByClientInstance, activeByParent, activeByWorktree, byRecency, findByIdPrefix, selectSessions, withoutMark } from '../../../src/core/lookups.ts';
import type { Session } from '../../../src/core/session.ts';
import { aSession } from '../../fakes/sessions.ts';

const ids = (sessions: readonly Session[]): string[] => sessions.map((session) => session.id);
const named = (...names: string[]): Session[] => names.map((id) => aSession({ id }));

function failure(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    if (isFleetError(error)) return { code: error.code, ...error.details };
  }
  return undefined;
}

describe('core/lookups: order', () => {
  it('S14 newest last activity, then newest start, then id', () => {
    const sessions = [
      aSession({ id: 'd', lastActivityAt: 5, startedAt: 3 }),
      aSession({ id: 'c', lastActivityAt: 5, startedAt: 3 }),
      aSession({ id: 'b', lastActivityAt: 5, startedAt: 4 }),
      aSession({ id: 'a', lastActivityAt: 9, startedAt: 1 }),
    ];
    assert.deepEqual(ids([...sessions].sort(byRecency)), ['a', 'b', 'c', 'd']);
  });

  it('S14 what has not started counts from the order to start it, as in the registry', () => {
    const sessions = [aSession({ id: 'a', lastActivityAt: 5, createdAt: 1, startedAt: 2 }), aSession({ id: 'b', lastActivityAt: 5, createdAt: 3 })];
    assert.deepEqual(ids([...sessions].sort(byRecency)), ['b', 'a']);
  });

  it('S14 equal times give the same order, however the sessions come', () => {
    const session = fc.record({ id: fc.uuid(), lastActivityAt: fc.nat(2), startedAt: fc.nat(2) }).map(aSession);
    fc.assert(
      fc.property(fc.uniqueArray(session, { selector: ({ id }) => id }), fc.infiniteStream(fc.nat()), (sessions, dice) => {
        const shuffled = sessions.map((one) => ({ one, at: dice.next().value as number })).sort((a, b) => a.at - b.at).map(({ one }) => one);
        assert.deepEqual(ids(selectSessions(shuffled)), ids(selectSessions(sessions)));
      }),
    );
  });

  it('S14 a limit of 0 means all; a status or a parent narrows the list; nothing is sorted in place', () => {
    const sessions = [
      aSession({ id: 'a', lastActivityAt: 1 }),
      aSession({ id: 'b', lastActivityAt: 3, status: 'failed', parentId: 'a' }),
      aSession({ id: 'c', lastActivityAt: 2, status: 'completed', parentId: 'a' }),
    ];
    assert.deepEqual(ids(selectSessions(sessions, { limit: 0 })), ['b', 'c', 'a']);
    assert.deepEqual(ids(selectSessions(sessions, { limit: 2 })), ['b', 'c']);
    assert.deepEqual(ids(selectSessions(sessions, { status: ['completed', 'running'], limit: 1 })), ['c']);
    assert.deepEqual(ids(selectSessions(sessions, { parentId: 'a', status: ['failed'] })), ['b']);
    assert.deepEqual(ids(sessions), ['a', 'b', 'c']);
  });
});

describe('core/lookups: active sessions', () => {
  const old = { lastActivityAt: 1 };
  const sessions = [
    aSession({ id: 'old', ...old, worktree: '/w/a', actorKey: 'k', clientInstanceId: 'c', parentId: 'p' }),
    aSession({ id: 'new', worktree: '/w/a', actorKey: 'k', clientInstanceId: 'c', parentId: 'p', status: 'retiring' }),
    aSession({ id: 'ended', worktree: '/w/a', actorKey: 'k', clientInstanceId: 'c', parentId: 'p', status: 'completed' }),
    aSession({ id: 'broken', worktree: '/w/a', actorKey: 'k', clientInstanceId: 'c', parentId: 'p', status: 'unknown' }),
    aSession({ id: 'elsewhere', ...old, lastActivityAt: 0, worktree: '/w/b', actorKey: 'k' }),
    aSession({ id: 'none', ...old, lastActivityAt: -1, spec: { policy: 'ask', cwd: '/w/a' }, actorKey: 'k' }),
  ];

  it('S13 by worktree: active ones only, newest first; a session that holds no worktree is no writer', () => {
    assert.deepEqual(ids(activeByWorktree(sessions, '/w/a')), ['new', 'old']);
    assert.deepEqual(ids(activeByWorktree(sessions, '/w')), []);
  });

  it('S13 by actor key, with a root only those that work there', () => {
    assert.deepEqual(ids(activeByActorKey(sessions, 'k')), ['new', 'old', 'elsewhere', 'none']);
    assert.deepEqual(ids(activeByActorKey(sessions, 'k', '/w/b')), ['elsewhere']);
    assert.deepEqual(ids(activeByActorKey(sessions, 'k', '/w/a')), ['new', 'old', 'none']);
    assert.deepEqual(ids(activeByActorKey(sessions, 'K')), []);
  });

  it('S13 by client instance and by parent', () => {
    assert.deepEqual(ids(activeByClientInstance(sessions, 'c')), ['new', 'old']);
    assert.deepEqual(ids(activeByParent(sessions, 'p')), ['new', 'old']);
  });
});

describe('core/lookups: beginning of an id', () => {
  const sessions = named('agent-k3v7q2mdz5', 'agent-k3v7zzzzzz', 'agent-m4aaaaaaaa', 'agent-agentaaaaa', 'imported_1', 'ab');

  it('L15 finds the one session, with and without agent-, also an ended one', () => {
    for (const prefix of ['k3v7q', 'agent-k3v7q', ' k3v7q ', 'agent-k3v7q2mdz5', 'k3v7q2mdz5']) assert.equal(findByIdPrefix(sessions, prefix).id, 'agent-k3v7q2mdz5');
    assert.equal(findByIdPrefix(sessions, 'impo').id, 'imported_1');
    assert.equal(findByIdPrefix([aSession({ id: 'agent-xxxx1', status: 'failed' })], 'xxxx').id, 'agent-xxxx1');
  });

  it('L15 agent- itself says nothing about an id', () => {
    assert.equal(findByIdPrefix(sessions, 'agent').id, 'agent-agentaaaaa');
    for (const prefix of ['agent-', 'agent-k3v']) assert.deepEqual(failure(() => findByIdPrefix(sessions, prefix)), { code: 'BadPrefix', prefix });
  });

  it('L15 several: AmbiguousId with their number', () => {
    assert.deepEqual(failure(() => findByIdPrefix(sessions, 'k3v7')), { code: 'AmbiguousId', prefix: 'k3v7', n: 2 });
  });

  it('L15 a whole id is never ambiguous and never too short', () => {
    assert.equal(findByIdPrefix([...sessions, aSession({ id: 'agent-k3v7' })], 'k3v7').id, 'agent-k3v7');
    assert.equal(findByIdPrefix(sessions, 'ab').id, 'ab');
  });

  it('L15 none, too short, and what cannot be an id', () => {
    assert.deepEqual(failure(() => findByIdPrefix(sessions, 'zzzz')), { code: 'NotFound', prefix: 'zzzz' });
    for (const prefix of ['', 'k3v', '../../x', 'k3v7 q', 'k3v7\u001b[0m', '%%%%']) assert.deepEqual(failure(() => findByIdPrefix(sessions, prefix)), { code: 'BadPrefix', prefix });
  });

  it('L15 every beginning of an id of four characters or more finds it, or says how many there are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^[ab]{6}$/), { minLength: 1 }), fc.nat(), fc.integer({ min: 4, max: 6 }), (names, which, length) => {
        const all = named(...names.map((name) => `agent-${name}`));
        const prefix = (names[which % names.length] ?? '').slice(0, length);
        const expected = names.filter((name) => name.startsWith(prefix));
        if (expected.length === 1) assert.equal(withoutMark(findByIdPrefix(all, prefix).id), expected[0]);
        else assert.deepEqual(failure(() => findByIdPrefix(all, prefix)), { code: 'AmbiguousId', prefix, n: expected.length });
      }),
    );
  });
});
