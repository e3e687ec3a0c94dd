import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CompletionFeed, entryOf, numbered } from '../../../src/core/completionFeed.ts';
import { byCompletion, defaultMaxAgeMs, defaultMaxFinished, evictable, evictionPlan, type RetentionLimits } from '../../../src/core/retention.ts';
import { isActive, type Session, type SessionStatus } from '../../../src/core/session.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { SessionWatchers } from '../../../src/core/watchers.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';

const day = 24 * 60 * 60_000;
const now = wallStart + 30 * day;
const limits: RetentionLimits = { maxFinished: defaultMaxFinished, maxAgeMs: defaultMaxAgeMs, now };

function ended(seq: number, patch: Partial<Session> = {}): Session {
  return aSession({ id: `agent-${seq}`, status: 'completed', outcome: { type: 'completed', by: 'exit' }, feedSeq: seq, completedAt: now - 1000, ...patch });
}

function ids(sessions: readonly Session[]): string[] {
  return sessions.map((session) => session.id);
}

describe('retention', () => {
  it('S8 300 terminals: 256 stay, the oldest by completion go', () => {
    const all = Array.from({ length: 300 }, (_, index) => ended(index + 1, { createdAt: wallStart - index }));
    const gone = evictable([...all].reverse(), limits);
    assert.deepEqual(ids(gone), ids(all.slice(0, 44)));
  });

  it('S8 an 8-day-old terminal goes, an 8-day-old active stays', () => {
    const old = { completedAt: now - 8 * day, createdAt: now - 9 * day };
    const sessions = [ended(1, old), aSession({ id: 'agent-a', createdAt: now - 8 * day }), aSession({ id: 'agent-b', ...old, status: 'retiring' })];
    assert.deepEqual(ids(evictable(sessions, limits)), ['agent-1']);
  });

  for (const [ageMs, goes] of [[7 * day - 1, false], [7 * day, true], [7 * day + 1, true]] as const) {
    it(`S8 ended ${ageMs} ms ago: ${goes ? 'goes' : 'stays'}`, () => {
      assert.equal(evictable([ended(1, { completedAt: now - ageMs })], limits).length, goes ? 1 : 0);
    });
  }

  it('S8 without a time of its end the start counts, then the creation', () => {
    const { completedAt: _, ...row } = ended(1);
    assert.equal(evictable([{ ...row, startedAt: now - day, createdAt: now - 8 * day }], limits).length, 0);
    assert.equal(evictable([{ ...row, createdAt: now - 8 * day }], limits).length, 1);
  });

  it('S8 an end in the future (the clock was set back) is not old', () => {
    assert.deepEqual(evictable([ended(1, { completedAt: now + 9 * day })], limits), []);
  });

  for (const status of allStatuses) {
    const stays = status === 'unknown' || isActive(status);
    it(`S8 by count, ${status}: ${stays ? 'never' : 'goes'}`, () => {
      const one: Session = aSession({ id: 'agent-0', status, completedAt: now - 5000 });
      assert.deepEqual(ids(evictable([one, ended(1)], { ...limits, maxFinished: 1 })), stays ? [] : ['agent-0']);
    });
  }

  it('S8 rows that cannot be read take no place of others, and go by age only if their end is known', () => {
    const unknown = aSession({ id: 'agent-u', status: 'unknown', createdAt: now - 99 * day });
    assert.deepEqual(evictable([unknown, ended(1)], { ...limits, maxFinished: 1 }), []);
    assert.deepEqual(ids(evictable([{ ...unknown, completedAt: now - 8 * day }], limits)), ['agent-u']);
  });

  it('S8 0 means no limit', () => {
    const sessions = [ended(1, { completedAt: 0 }), ended(2)];
    assert.deepEqual(evictable(sessions, { maxFinished: 0, maxAgeMs: 0, now }), []);
    assert.deepEqual(ids(evictable(sessions, { maxFinished: 1, maxAgeMs: 0, now })), ['agent-1']);
    assert.deepEqual(ids(evictable(sessions, { maxFinished: 0, maxAgeMs: day, now })), ['agent-1']);
  });

  it('S8 a completed session whose agent is still to be ended stays; one that was cancelled goes', () => {
    const stop = { stopRequest: { at: 1 }, completedAt: now - 8 * day };
    const sessions = [ended(1, stop), ended(2, { ...stop, status: 'cancelled', outcome: { type: 'cancelled' } })];
    assert.deepEqual(ids(evictable(sessions, { ...limits, maxFinished: 1 })), ['agent-2']);
  });

  it('S8 what somebody else runs is not ours to end: it goes, whatever was asked for', () => {
    assert.deepEqual(ids(evictable([ended(1, { stopRequest: { at: 1 }, channel: 'external', completedAt: now - 8 * day })], limits)), ['agent-1']);
  });

  it('S8 order of completion: the number, then the time, then the id; rows without a number are older', () => {
    const { feedSeq: _1, ...old } = ended(9, { completedAt: now });
    const { feedSeq: _2, ...older } = ended(8, { completedAt: now - 9 });
    const same = { ...older, id: 'agent-7' };
    const sessions = [ended(2, { completedAt: 5 }), old, ended(1, { completedAt: 9 }), older, same];
    assert.deepEqual(ids(sessions.sort(byCompletion)), ['agent-7', 'agent-8', 'agent-9', 'agent-1', 'agent-2']);
  });

  it('S9 max 1, three terminated in one step: three watchers get the outcome with its reason, the feed all three names, then two go', async () => {
    const feed = new CompletionFeed({ lastSeq: 0, store: { completions: () => Promise.resolve([]) } });
    const watchers = new SessionWatchers();
    const active = [3, 1, 2].map((n) => aSession({ id: `agent-${n}`, name: `n${n}`, createdAt: wallStart + n }));
    const watches = active.map((session) => watchers.watch(session));
    const outcome = { type: 'terminated', reason: 'all of them' } as const;
    const after = numbered(active.map((session) => ({ ...session, status: 'terminated' as const, outcome, completedAt: now })), feed.next(active.length));
    const plan = evictionPlan(after, after, { ...limits, maxFinished: 1 });
    assert.deepEqual(plan.settle.map((end) => end.session.id), ['agent-1', 'agent-2', 'agent-3']);
    assert.deepEqual(ids(plan.evict), ['agent-1', 'agent-2']);
    for (const end of plan.settle) {
      feed.add(entryOf(end.session));
      watchers.settle(end.session.id, end.outcome);
    }
    for (const session of plan.evict) watchers.drop(session.id);
    assert.deepEqual(await Promise.all(watches.map((watch) => watch.outcome)), [outcome, outcome, outcome]);
    assert.deepEqual((await feed.listSince(0)).entries.map((entry) => entry.name), ['n1', 'n2', 'n3']);
  });

  it('S8 whatever the fleet: active ones stay, the kept ones are the newest, input order does not matter', () => {
    const row = fc.record({ status: fc.constantFrom<SessionStatus>(...allStatuses), seq: fc.nat(20), at: fc.nat(20), stop: fc.boolean() });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.nat(5), fc.nat(25), (rows, maxFinished, maxAgeMs) => {
        const fleet = rows.map(({ status, seq, at, stop }, index) =>
          aSession({ id: `agent-${index}`, status, completedAt: at, ...(seq === 0 ? {} : { feedSeq: seq }), ...(stop ? { stopRequest: { at: 1 } } : {}) }),
        );
        const given = { maxFinished, maxAgeMs, now: 20 };
        const gone = evictable(fleet, given);
        assert.deepEqual(ids(evictable([...fleet].reverse(), given)), ids(gone));
        assert.ok(gone.every((session) => !isActive(session.status)));
        const kept = fleet.filter((session) => !gone.includes(session) && !isActive(session.status) && session.status !== 'unknown' && session.stopRequest === undefined);
        if (maxFinished > 0) assert.ok(kept.length <= maxFinished);
        if (maxAgeMs > 0) assert.ok(kept.every((session) => (session.completedAt ?? 0) > 20 - maxAgeMs));
        assert.deepEqual(evictable(fleet.filter((session) => !gone.includes(session)), given), [], 'a second pass finds nothing');
      }),
    );
  });
});
