import assert from 'node:assert/strict';
import type { AgentFact } from '../../../src/core/driver.ts';
import type { RunnerEventBody } from '../../../src/core/runnerEvents.ts';
import { activeStatuses, isActive, type Session, type SessionOutcome, type SessionStatus } from '../../../src/core/session.ts';
import { move, reduceRunnerEvent, reduceTitle } from '../../../src/core/sessionReducer.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { ScriptedDriver } from '../../fakes/drivers.ts';
import { aSession, event, exited, started, wallStart } from '../../fakes/sessions.ts';

const driver = new ScriptedDriver();
const hook = (...facts: readonly unknown[]): RunnerEventBody => ({ kind: 'hook', name: 'Hook', payload: facts });
const step = (session: Session, body: RunnerEventBody, seq = 1) => reduceRunnerEvent(session, event(seq, body), driver);
const reduce = (session: Session, body: RunnerEventBody, seq = 1): Session => step(session, body, seq).session;

const samples: Record<RunnerEventBody['kind'], RunnerEventBody> = {
  started,
  spawnFailed: { kind: 'spawnFailed', code: 'ENOENT', message: 'claude was not found' },
  hook: hook({ type: 'activity', activity: 'working' }),
  fleetEvent: { kind: 'fleetEvent', value: { no: 'event' } },
  skipped: { kind: 'skipped', what: 'hook', reason: 'not JSON' },
  stopping: { kind: 'stopping', signal: 'SIGINT' },
  survivors: { kind: 'survivors', pids: [12] },
  exited: exited(0),
};
const kinds = Object.keys(samples) as RunnerEventBody['kind'][];

/** What each event makes of each active status. */
const becomes: Record<RunnerEventBody['kind'], Record<'provisioning' | 'running' | 'retiring', SessionStatus>> = {
  started: { provisioning: 'running', running: 'running', retiring: 'retiring' },
  spawnFailed: { provisioning: 'failed', running: 'failed', retiring: 'failed' },
  // Whoever speaks, runs: also when the line that said so was lost.
  hook: { provisioning: 'running', running: 'running', retiring: 'retiring' },
  fleetEvent: { provisioning: 'provisioning', running: 'running', retiring: 'retiring' },
  skipped: { provisioning: 'provisioning', running: 'running', retiring: 'retiring' },
  stopping: { provisioning: 'provisioning', running: 'running', retiring: 'retiring' },
  survivors: { provisioning: 'provisioning', running: 'running', retiring: 'retiring' },
  exited: { provisioning: 'completed', running: 'completed', retiring: 'retired' },
};

describe('session reducer', () => {
  for (const kind of kinds) {
    for (const status of activeStatuses) {
      it(`${kind} in ${status}: ${becomes[kind][status]}, numbered and noted`, () => {
        const { session, notes } = step(aSession({ status }), samples[kind], 4);
        assert.equal(session.status, becomes[kind][status]);
        assert.equal(session.lastRunnerSeq, 4);
        assert.equal(session.lastActivityAt, wallStart + 4000);
        assert.deepEqual(notes.map((note) => [note.kind, note.at]), [[kind, wallStart + 4000]]);
        assert.equal(session.completedAt, isActive(session.status) ? undefined : wallStart + 4000);
      });
    }

    for (const status of allStatuses.filter((status) => !isActive(status))) {
      it(`L3: ${kind} after ${status} is noted as late and changes nothing else`, () => {
        const before = aSession({ status, completedAt: wallStart });
        const { session, notes, promptTaken } = step(before, samples[kind], 4);
        assert.deepEqual(session, { ...before, lastRunnerSeq: 4 });
        assert.equal(notes.length, 1);
        assert.equal((notes[0]?.data as { late?: boolean }).late, true);
        assert.equal(promptTaken, false);
      });
    }

    it(`a repeated ${kind} gives the same object and no note`, () => {
      const before = aSession({ lastRunnerSeq: 4 });
      for (const seq of [1, 4]) {
        const { session, notes } = step(before, samples[kind], seq);
        assert.equal(session, before);
        assert.deepEqual(notes, []);
      }
    });
  }

  it('started says who runs and since when', () => {
    const session = reduce(aSession({ status: 'provisioning' }), started);
    assert.deepEqual([session.runner?.pid, session.agent?.pid, session.startedAt], [10, 11, wallStart + 1000]);
    assert.deepEqual(session.signal, { activity: 'starting', source: 'process', event: 'started', at: wallStart + 1000 });
  });

  it('a start that fails says why, on one line of bearable length', () => {
    const message = `no\n\u001b[31msuch ${'x'.repeat(1000)}`;
    const { session, notes } = step(aSession({ status: 'provisioning' }), { kind: 'spawnFailed', code: 'ENOENT', message });
    assert.ok(session.outcome?.type === 'failed' && session.outcome.error.startsWith('no such xxx') && session.outcome.error.length <= 300);
    assert.ok(JSON.stringify(notes).length < 500);
  });

  describe('L8: the exit decides', () => {
    const asked = { stopRequest: { at: wallStart, reason: 'enough' } };
    const cases: readonly [what: string, patch: Partial<Session>, body: RunnerEventBody, status: SessionStatus, outcome: SessionOutcome][] = [
      ['0', {}, exited(0), 'completed', { type: 'completed', by: 'exit' }],
      ['3', {}, exited(3), 'failed', { type: 'failed', error: 'exited with code 3', exitCode: 3 }],
      ['-1', {}, exited(-1), 'failed', { type: 'failed', error: 'exited with code -1', exitCode: -1 }],
      ['a signal', {}, exited(null, { signal: 'SIGSEGV' }), 'failed', { type: 'failed', error: 'ended by signal SIGSEGV' }],
      ['nothing known', {}, exited(null), 'failed', { type: 'failed', error: 'exit code unknown' }],
      ['0 after our stop', asked, exited(0), 'cancelled', { type: 'cancelled', reason: 'enough' }],
      ['3 after our stop', asked, exited(3), 'cancelled', { type: 'cancelled', reason: 'enough' }],
      ['a signal after our stop without a reason', { stopRequest: { at: 1 } }, exited(null, { signal: 'SIGKILL' }), 'cancelled', { type: 'cancelled' }],
      ['our ladder, nobody remembers asking', {}, exited(130, { cause: 'stopped' }), 'cancelled', { type: 'cancelled' }],
      ['a closed terminal', {}, exited(0, { cause: 'hangup' }), 'terminated', { type: 'terminated', reason: 'its terminal was closed' }],
      ['a closed terminal after our stop', asked, exited(0, { cause: 'hangup' }), 'cancelled', { type: 'cancelled', reason: 'enough' }],
      ['0 while retiring', { status: 'retiring' }, exited(0), 'retired', { type: 'retired' }],
      ['3 while retiring', { status: 'retiring' }, exited(3), 'retired', { type: 'retired' }],
      ['our stop while retiring', { status: 'retiring', ...asked }, exited(0), 'cancelled', { type: 'cancelled', reason: 'enough' }],
      ['3 with no word of a start', { status: 'provisioning' }, exited(3), 'failed', { type: 'failed', error: 'exited with code 3', exitCode: 3 }],
      ['hangup with no word of a start', { status: 'provisioning' }, exited(null, { cause: 'hangup' }), 'terminated', { type: 'terminated', reason: 'its terminal was closed' }],
    ];
    for (const [what, patch, body, status, outcome] of cases) {
      it(`${what}: ${status}`, () => {
        const session = reduce(aSession(patch), body);
        assert.equal(session.status, status);
        assert.deepEqual(session.outcome, outcome);
      });
    }

    it('what the agent says it did never decides', () => {
      const said = reduce(aSession(), hook({ type: 'activity', activity: 'idle', detail: 'done, all good' }, { type: 'progress', percent: 100 }));
      assert.equal(said.status, 'running');
      assert.equal(reduce(said, exited(3), 2).status, 'failed');
    });

    it('L4: an end in the same millisecond as the start', () => {
      const session = reduce(reduce(aSession({ status: 'provisioning', createdAt: wallStart + 9e6 }), started), exited(0), 2);
      assert.equal(session.status, 'completed');
      assert.ok((session.completedAt ?? 0) >= session.createdAt);
    });
  });

  it('L3: nothing after the end regresses it, artifacts and prompts included', () => {
    const ended = reduce(aSession(), exited(0));
    const late = step(ended, hook({ type: 'artifact', path: 'a', kind: 'x' }, { type: 'promptTaken' }, { type: 'activity', activity: 'working' }), 2);
    assert.deepEqual(late.session, { ...ended, lastRunnerSeq: 2 });
    assert.equal(late.promptTaken, false);
  });

  describe('hostile agents', () => {
    it('a driver that throws is counted; the events behind it still count', () => {
      const broken = new ScriptedDriver();
      broken.readFault = new Error('choked');
      const first = reduceRunnerEvent(aSession(), event(1, hook()), broken);
      assert.deepEqual([first.session.skipped, first.session.lastRunnerSeq, first.session.status], [1, 1, 'running']);
      assert.equal(reduceRunnerEvent(first.session, event(2, exited(0)), broken).session.status, 'completed');
    });

    for (const payload of [3, 'x', true, {}, [null], [{ type: 'activity', activity: 'working', detail: 5 }], [{ type: 'artifact', path: {}, kind: 1 }], [{ type: 'conversation', id: 7 }]]) {
      it(`a payload that a careless driver passes on is counted, not fatal: ${JSON.stringify(payload)}`, () => {
        const { session, notes } = step(aSession(), { kind: 'hook', name: 'Hook', payload });
        assert.deepEqual([session.skipped, session.lastRunnerSeq], [1, 1]);
        assert.equal(notes.length, 1);
      });
    }

    it('an event file line that is no fleet event is counted', () => {
      for (const value of [null, 3, 'x', [], {}]) assert.equal(reduce(aSession(), { kind: 'fleetEvent', value }).skipped, 1);
    });

    it('a title that a driver chokes on says nothing', () => {
      const broken = new ScriptedDriver();
      broken.readFault = new Error('choked');
      const before = aSession();
      assert.equal(reduceTitle(before, 'x', 1, broken).session, before);
    });

    it('without a driver, hooks say nothing and harm nothing', () => {
      const { session } = reduceRunnerEvent(aSession(), event(1, hook({ type: 'activity', activity: 'idle' })), undefined);
      assert.deepEqual([session.signal, session.skipped], [undefined, 0]);
    });

    it('words of any length are cut, in the session and in its history', () => {
      const long = 'y'.repeat(100_000);
      const facts: AgentFact[] = [
        { type: 'activity', activity: 'needs_permission', detail: `\u001b[2J${long}\n${long}` },
        { type: 'progress', message: long },
        { type: 'artifact', path: 'a', kind: long },
        { type: 'artifact', path: long, kind: 'x' },
        { type: 'conversation', id: long },
      ];
      const { session, notes } = step(aSession(), { kind: 'hook', name: long, payload: facts });
      assert.ok(JSON.stringify(session).length < 2500);
      assert.ok(JSON.stringify(notes).length < 2500);
      assert.doesNotMatch(JSON.stringify([session, notes]), /\\u001b/);
      assert.equal(session.signal?.detail?.length, 300);
    });
  });

  describe('facts', () => {
    it('artifacts: inside the folder, each path once, the newest 500', () => {
      const one = reduce(aSession(), hook({ type: 'artifact', path: 'a.md', kind: 'report' }, { type: 'artifact', path: '/work/docs/b.md', kind: 'patch' }));
      assert.deepEqual(one.artifacts.map(({ path, kind }) => [path, kind]), [['/work/docs/a.md', 'report'], ['/work/docs/b.md', 'patch']]);
      const again = reduce(one, hook({ type: 'artifact', path: './a.md', kind: 'log' }), 2);
      assert.deepEqual(again.artifacts.map(({ path, kind }) => [path, kind]), [['/work/docs/b.md', 'patch'], ['/work/docs/a.md', 'log']]);
      const many = reduce(again, hook(...Array.from({ length: 600 }, (_, n) => ({ type: 'artifact', path: `f${n}`, kind: 'x' }))), 3);
      assert.deepEqual([many.artifacts.length, many.artifacts.at(-1)?.path], [500, '/work/docs/f599']);
    });

    it('artifacts outside the folder are refused and counted', () => {
      const paths = ['../../etc/passwd', '/etc/passwd', '', '.', 'a\0b', '/work/docs2/x'];
      const session = reduce(aSession(), hook(...paths.map((path) => ({ type: 'artifact', path, kind: 'report' }))));
      assert.deepEqual([session.artifacts, session.skipped], [[], paths.length]);
    });

    it('L11: progress is counted, its newest message and percent are kept, percent is clamped', () => {
      let session = reduce(aSession(), hook({ type: 'progress', message: 'first', percent: 10 }));
      session = reduce(session, hook({ type: 'progress', message: 'second' }), 2);
      assert.deepEqual(session.progress, { count: 2, message: 'second', percent: 10, at: wallStart + 2000 });
      const clamped = [[-5, 0], [0, 0], [100, 100], [101, 100], [Infinity, 100], [-Infinity, 0]] as const;
      for (const [given, kept] of clamped) assert.equal(reduce(aSession(), hook({ type: 'progress', percent: given })).progress?.percent, kept);
      assert.deepEqual(reduce(aSession(), hook({ type: 'progress', percent: NaN, message: '\u0007' })).progress, { count: 1, at: wallStart + 1000 });
    });

    it('a conversation id is taken whole or not at all', () => {
      assert.equal(reduce(aSession(), hook({ type: 'conversation', id: 'c-1' })).conversationId, 'c-1');
      for (const id of ['', 'x'.repeat(129), 'a\u001b[0m', 'a\nb']) {
        const session = reduce(aSession({ conversationId: 'mine' }), hook({ type: 'conversation', id }));
        assert.deepEqual([session.conversationId, session.skipped], ['mine', 1]);
      }
    });

    it('an event that means nothing leaves no note', () => {
      const { session, notes } = step(aSession(), hook());
      assert.deepEqual([notes, session.signal, session.lastRunnerSeq], [[], undefined, 1]);
    });
  });

  describe('titles', () => {
    const title = JSON.stringify([{ type: 'activity', activity: 'idle' }, { type: 'promptTaken' }]);
    for (const status of allStatuses) {
      const counts = isActive(status);
      it(`${counts ? 'count' : 'do not count'} in ${status}`, () => {
        const before = aSession({ status });
        const { session, notes, promptTaken } = reduceTitle(before, title, 7, driver);
        assert.equal(session.signal?.source, counts ? 'title' : undefined);
        assert.deepEqual([notes.length, promptTaken, session === before], counts ? [1, true, false] : [0, false, true]);
      });
    }

    it('that came before the start is known stand when it is', () => {
      const early = reduceTitle(aSession({ status: 'provisioning' }), title, 7, driver).session;
      const { session } = reduceRunnerEvent(early, { seq: 1, at: 9, kind: 'started', runner: { pid: 1 }, agent: { pid: 2 } }, driver);
      assert.deepEqual([session.status, session.signal?.activity, session.signal?.source], ['running', 'idle', 'title']);
    });

    it('that repeat what is shown change nothing', () => {
      const before = aSession({ signal: { activity: 'idle', source: 'title', at: 1 } });
      const { session, notes } = reduceTitle(before, title, 7, driver);
      assert.deepEqual([session === before, notes], [true, []]);
    });
  });

  it('move: an end is never before the beginning, and an earlier event does not turn back the last activity', () => {
    const session = move(aSession({ createdAt: 100, lastActivityAt: 200 }), 'complete_operation', 50);
    assert.deepEqual([session.completedAt, session.lastActivityAt], [100, 200]);
  });
});
