import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { RunnerEvent, RunnerEventBody } from '../../../src/core/runnerEvents.ts';
import { isTerminal, type Session } from '../../../src/core/session.ts';
import { reduceRunnerEvent, reduceTitle } from '../../../src/core/sessionReducer.ts';
import { ScriptedDriver } from '../../fakes/drivers.ts';
import { aSession, event, exited, started } from '../../fakes/sessions.ts';
import { FakeWindow } from '../../fakes/window.ts';

const driver = new ScriptedDriver();
const activity = fc.constantFrom('starting', 'working', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked');
const fact = fc.oneof(
  fc.record({ type: fc.constant('activity'), activity, weak: fc.constant(true) }, { requiredKeys: ['type', 'activity'] }),
  fc.record({ type: fc.constant('artifact'), path: fc.constantFrom('a', 'b', '../c'), kind: fc.constant('report') }),
  fc.record({ type: fc.constant('progress'), percent: fc.integer({ min: -10, max: 110 }) }),
  fc.record({ type: fc.constant('promptTaken') }),
  fc.record({ type: fc.constant('conversation'), id: fc.constantFrom('c1', 'c2') }),
);
const body: fc.Arbitrary<RunnerEventBody> = fc.oneof(
  fc.constantFrom<RunnerEventBody>(
    started,
    { kind: 'spawnFailed', code: 'ENOENT', message: 'x' },
    { kind: 'skipped', what: 'hook', reason: 'x' },
    { kind: 'stopping', signal: 'SIGINT' },
    { kind: 'survivors', pids: [1] },
    exited(0),
    exited(1),
    exited(null, { cause: 'hangup' }),
    exited(2, { cause: 'stopped' }),
    { kind: 'hook', name: 'bad', payload: 3 },
    { kind: 'fleetEvent', value: null },
  ),
  { weight: 3, arbitrary: fc.array(fact, { maxLength: 3 }).map((payload): RunnerEventBody => ({ kind: 'hook', name: 'Hook', payload })) },
);
/** What a runner says, numbered with gaps: lines of the spool may be lost. */
const story = fc.array(fc.record({ body, gap: fc.nat(2) }), { maxLength: 25 }).map((parts) => {
  let seq = 0;
  return parts.map((part) => event((seq += 1 + part.gap), part.body));
});
const start = fc.constantFrom<Session>(
  aSession({ status: 'provisioning' }),
  aSession(),
  aSession({ status: 'retiring' }),
  aSession({ stopRequest: { at: 1 } }),
  aSession({ status: 'provisioning', stopRequest: { at: 1, reason: 'enough' } }),
);

function play(session: Session, events: readonly RunnerEvent[]): Session {
  return events.reduce((now, one) => reduceRunnerEvent(now, one, driver).session, session);
}

describe('session reducer, whatever comes', () => {
  it('a runner that sends again what was not acknowledged ends in the same session as one that sends each event once', () => {
    fc.assert(
      fc.property(start, story, fc.array(fc.tuple(fc.nat(30), fc.nat(30))), (session, events, sends) => {
        // Each send begins at or before the first event that is not acknowledged, and may be cut short.
        let acknowledged = 0;
        let now = session;
        for (const [back, length] of [...sends, [0, events.length] as const]) {
          const from = Math.max(0, acknowledged - back);
          const batch = events.slice(from, from + length);
          now = play(now, batch);
          acknowledged = Math.max(acknowledged, from + batch.length);
        }
        assert.deepEqual(now, play(session, events));
      }),
      { numRuns: 500 },
    );
  });

  it('the order within a batch does not matter: the fleet sorts it', async () => {
    await fc.assert(
      fc.asyncProperty(story.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }))), async ([events, shuffled]) => {
        const ends: Session[] = [];
        for (const batch of [events, shuffled]) {
          const window = await FakeWindow.open([aSession()]);
          await window.fleet.applyRunnerEvents(aSession().id, batch);
          ends.push(window.fleet.get(aSession().id));
          window.dispose();
        }
        assert.deepEqual(ends[1], ends[0]);
      }),
      { numRuns: 100 },
    );
  });

  it('L3: in any order at most one terminal status is ever seen, its outcome stands, and numbers never go back', () => {
    fc.assert(
      fc.property(start, fc.array(fc.tuple(body, fc.nat(30)), { maxLength: 40 }), (session, parts) => {
        let now = session;
        let ended: Session | undefined;
        for (const [what, seq] of parts) {
          const next = reduceRunnerEvent(now, event(seq, what), driver).session;
          assert.ok(next.lastRunnerSeq >= now.lastRunnerSeq && next.lastActivityAt >= now.lastActivityAt);
          if (ended !== undefined) assert.deepEqual({ ...next, lastRunnerSeq: 0 }, { ...ended, lastRunnerSeq: 0 });
          else if (isTerminal(next.status)) ended = next;
          assert.equal(isTerminal(next.status), next.outcome !== undefined);
          assert.equal(isTerminal(next.status), next.completedAt !== undefined);
          now = next;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('signals alone, from hooks and titles, lost, doubled or swapped, never change the status of a running session; the next true one is shown', () => {
    const sign = fc.record({ activity, fromTitle: fc.boolean() });
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 30 }), activity, (signs, truth) => {
        let now = aSession();
        signs.forEach(({ activity: said, fromTitle }, index) => {
          const facts = [{ type: 'activity', activity: said }];
          now = fromTitle
            ? reduceTitle(now, JSON.stringify(facts), index * 500, driver).session
            : reduceRunnerEvent(now, { kind: 'hook', name: 'Hook', payload: facts, seq: index + 1, at: index * 500 }, driver).session;
          assert.equal(now.status, 'running');
        });
        const told = reduceRunnerEvent(now, event(99, { kind: 'hook', name: 'Hook', payload: [{ type: 'activity', activity: truth }] }), driver).session;
        assert.deepEqual([told.status, told.signal?.activity], ['running', truth]);
      }),
    );
  });
});
