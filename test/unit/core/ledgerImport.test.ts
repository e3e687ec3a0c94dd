import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exportSession, type RecordedSession } from '../../../src/core/ledgerExport.ts';
import { importLedger, type ImportedSession, type ImportOptions } from '../../../src/core/ledgerImport.ts';
import type { HistoryEntry } from '../../../src/core/ports.ts';
import type { Session, SessionOutcome } from '../../../src/core/session.ts';
import { completeEvent } from '../../../src/protocol/completeEvent.ts';
import { encodeEvent } from '../../../src/protocol/encodeEvent.ts';
import type { FleetEvent } from '../../../src/protocol/event.ts';
import { timestampText } from '../../../src/protocol/timestamp.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';
import { arbitraryEvent } from '../protocol/arbitraryEvent.ts';

const start = Date.UTC(2026, 4, 4, 8, 0, 0);

function options(patch: Partial<ImportOptions> = {}): ImportOptions {
  let made = 0;
  return { newSessionId: () => `agent-${(made += 1)}`, cwd: '/work', now: 5, active: 'keep', ...patch };
}

/** Events of one worker at a task, a second apart. */
const events = (...values: readonly object[]): readonly FleetEvent[] =>
  values.map((value, index) => completeEvent({ run_id: 'run-1', worker_id: 'w-1', task_id: 'docs', ...value }, { sessionId: '', seq: index + 1, at: start + index * 1000 }));

function imported(...values: readonly object[]): ImportedSession {
  const [only, ...others] = importLedger(events(...values), options());
  assert.deepEqual(others, []);
  return only ?? assert.fail('nothing was imported');
}

const sessionOf = (...values: readonly object[]): Session => imported(...values).session;

describe('import of fleet events', () => {
  it('makes a session of what a worker did', () => {
    const { session, history, origin } = imported(
      { state: 'queued', extra: { name: 'Docs', driver: 'claude', prompt: 'write' } },
      { state: 'leased', lease_expires_at: 'x' },
      { state: 'starting' },
      { state: 'model_wait', model: 'small-1' },
      { state: 'running_tool', tool: 'npm test', extra: { percent: 40, message: 'half' } },
      { state: 'artifact', kind: 'report', path: 'out/a.md' },
      { state: 'completed', exit_code: 0, summary: 'all\ngreen' },
    );
    assert.deepEqual(session, {
      id: 'agent-1',
      name: 'Docs',
      driver: 'claude',
      spec: { policy: 'ask', cwd: '/work', prompt: 'write' },
      attempt: 1,
      channel: 'external',
      status: 'completed',
      model: 'small-1',
      signal: { activity: 'running_tool', detail: 'npm test', source: 'channel', event: 'running_tool', at: start + 4000 },
      progress: { count: 1, message: 'half', percent: 40, at: start + 4000 },
      outcome: { type: 'completed', by: 'exit', summary: 'all green' },
      lastRunnerSeq: 0,
      artifacts: [{ path: '/work/out/a.md', kind: 'report', at: start + 5000 }],
      historySeq: 7,
      skipped: 0,
      createdAt: start,
      startedAt: start + 3000,
      completedAt: start + 6000,
      lastActivityAt: start + 6000,
    });
    assert.deepEqual(origin, { run_id: 'run-1', worker_id: 'w-1', task_id: 'docs' });
    assert.deepEqual(history.map((entry) => entry.seq), [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(history[4], {
      sessionId: 'agent-1',
      seq: 5,
      at: start + 4000,
      kind: 'fleetEvent',
      actor: 'agent',
      data: { event: 'running_tool', payload: { state: 'running_tool', tool: 'npm test' }, extra: { percent: 40, message: 'half' } },
    });
  });

  it('takes task and worker for name and driver where nothing else is said', () => {
    const { name, driver } = sessionOf({ state: 'queued', extra: { name: 7 } });
    assert.deepEqual({ name, driver }, { name: 'docs', driver: 'w-1' });
    const nameless = sessionOf({ state: 'queued', task_id: ' ', worker_id: '\u001b' });
    assert.deepEqual([nameless.name, nameless.driver], ['task', 'external']);
  });

  const statuses: readonly [string, readonly string[]][] = [
    ['provisioning', ['queued']],
    ['provisioning', ['queued', 'leased', 'starting']],
    ['running', ['running']],
    ['running', ['heartbeat']],
    ['running', ['running', 'queued', 'leased']],
    ['running', ['running', 'stale', 'starting']],
    ['unknown', ['running', 'stale']],
    ['unknown', ['escalated']],
    ['running', ['running', 'escalated']],
  ];
  for (const [status, states] of statuses) {
    it(`${states.join(', ')}: ${status}`, () => assert.equal(sessionOf(...states.map((state) => ({ state, channel: 'c' }))).status, status));
  }

  const ends: readonly [object, SessionOutcome][] = [
    [{ state: 'completed' }, { type: 'completed', by: 'exit' }],
    [{ state: 'completed', extra: { by: 'person' } }, { type: 'completed', by: 'person' }],
    [{ state: 'completed', extra: { outcome: 'retired' } }, { type: 'retired' }],
    [{ state: 'failed', reason: 'no disk' }, { type: 'failed', error: 'no disk' }],
    [{ state: 'failed', reason: '', extra: { exit_code: 3 } }, { type: 'failed', error: 'no reason given', exitCode: 3 }],
    [{ state: 'cancelled', cancelled_by: 'operator' }, { type: 'cancelled', reason: 'by operator' }],
    [{ state: 'cancelled', extra: { reason: 'enough' } }, { type: 'cancelled', reason: 'enough' }],
    [{ state: 'cancelled', extra: { outcome: 'aborted' } }, { type: 'aborted', reason: 'no reason given' }],
    [{ state: 'interrupted', signal: 'SIGINT' }, { type: 'cancelled', reason: 'interrupted: SIGINT' }],
    [{ state: 'interrupted' }, { type: 'cancelled', reason: 'interrupted' }],
    [{ state: 'interrupted', extra: { outcome: 'terminated', reason: 'gone' } }, { type: 'terminated', reason: 'gone' }],
    [{ state: 'completed', extra: { outcome: 'failed' } }, { type: 'completed', by: 'exit' }],
  ];
  for (const [value, outcome] of ends) {
    it(`${JSON.stringify(value)} ends it as ${outcome.type}`, () => {
      const session = sessionOf({ state: 'running' }, value);
      assert.deepEqual([session.status, session.outcome, session.completedAt], [outcome.type, outcome, start + 1000]);
    });
  }

  it('an end is final: what comes later is kept and changes nothing', () => {
    const { session, history } = imported({ state: 'running' }, { state: 'failed', reason: 'x' }, { state: 'running_tool', tool: 'late' }, { state: 'completed' });
    assert.equal(session.status, 'failed');
    assert.equal(session.lastActivityAt, start + 1000);
    assert.equal(session.signal?.activity, 'working');
    assert.equal(session.historySeq, 4);
    assert.deepEqual(history.map((entry) => (entry.data as { late?: true }).late), [undefined, undefined, true, true]);
  });

  it('goes by number, not by place, and takes what comes twice once', () => {
    const [first, second, third] = events({ state: 'queued' }, { state: 'running' }, { state: 'completed' });
    assert.ok(first && second && third);
    const [only] = importLedger([third, second, first, third, second], options());
    assert.equal(only?.session.status, 'completed');
    assert.deepEqual(only?.history.map((entry) => (entry.data as { event: string }).event), ['queued', 'running', 'completed']);
  });

  it('makes one session for each run, worker and task', () => {
    const ids = ['a', 'b'].flatMap((run_id) => ['a', 'b'].flatMap((worker_id) => ['a', 'b'].map((task_id) => ({ run_id, worker_id, task_id }))));
    const sessions = importLedger(events(...ids.map((id) => ({ ...id, state: 'running' })), { state: 'running' }), options());
    assert.deepEqual(sessions.map(({ origin }) => origin), [...ids, { run_id: 'run-1', worker_id: 'w-1', task_id: 'docs' }]);
    assert.equal(new Set(sessions.map(({ session }) => session.id)).size, 9);
  });

  it('reads both spellings of time, and takes the former event’s where there is none', () => {
    const times = (...spelled: readonly string[]): readonly number[] => imported(...spelled.map((timestamp) => ({ state: 'running', timestamp }))).history.map((entry) => entry.at);
    assert.deepEqual(times('2026-05-04T08:00:01Z', '2026-05-04 08:00:02', 'soon', '2026-05-04T10:00:03+02:00'), [start + 1000, start + 2000, start + 2000, start + 3000]);
    assert.deepEqual(times('', '2026-05-04 08:00:02'), [start + 2000, start + 2000]);
    assert.deepEqual(times('?', '?'), [5, 5]);
  });

  it('counts attempts', () => assert.equal(sessionOf({ state: 'running' }, { state: 'restarted', restart_count: 2 }).attempt, 3));

  it('lists no artifact outside of the folder', () => {
    const session = sessionOf({ state: 'artifact', kind: 'log', path: '../../etc/passwd' }, { state: 'artifact', kind: 'log', path: '/etc/passwd' }, { state: 'artifact', kind: 'log', path: 'a' });
    assert.deepEqual(session.artifacts.map(({ path }) => path), ['/work/a']);
    assert.equal(session.skipped, 2);
  });

  it('believes nothing to be alive when it is told so', () => {
    const statusOf = (...values: readonly object[]) => importLedger(events(...values), options({ active: 'unknown' }))[0]?.session.status;
    assert.equal(statusOf({ state: 'running' }), 'unknown');
    assert.equal(statusOf({ state: 'queued' }), 'unknown');
    assert.equal(statusOf({ state: 'failed', reason: 'x' }), 'failed');
  });

  it('makes nothing of nothing', () => assert.deepEqual(importLedger([], options()), []));
});

describe('export and import', () => {
  /** Event lines without what an import cannot keep: the ids. */
  const linesOf = (recorded: RecordedSession): readonly string[] =>
    exportSession(recorded, { runId: 'f' }).map((event) => encodeEvent({ ...event, worker_id: '', task_id: '' }));
  const again = (recorded: RecordedSession): ImportedSession => {
    const [only, ...others] = importLedger(exportSession(recorded, { runId: 'f' }), options({ cwd: recorded.session.spec.cwd }));
    assert.deepEqual(others, []);
    return only ?? assert.fail('nothing was imported');
  };

  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.constantFrom('npm test', 'a\nb', ''));
  const word = fc.constantFrom('starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked', 'other');
  const path = fc.constantFrom('/work/docs/a', '/work/docs/b/c', 'a', '../x', '/etc/passwd');
  const fact = fc.oneof(
    fc.record({ type: fc.constant('activity'), activity: word, detail: text }, { requiredKeys: ['type', 'activity'] }),
    fc.record({ type: fc.constant('progress'), message: text, percent: fc.double() }, { requiredKeys: ['type'] }),
    fc.record({ type: fc.constant('artifact'), path, kind: text }),
    fc.constant({ type: 'promptTaken' }),
  );
  const data = fc.oneof(
    fc.record({ event: text, facts: fc.array(fact, { maxLength: 3 }) }),
    fc.record({ text, result: text }),
    fc.record({ activity: word, detail: text }, { requiredKeys: ['activity'] }),
    fc.jsonValue(),
  );
  const at = fc.integer({ min: wallStart, max: wallStart + 1e6 });
  const history = fc
    .array(fc.record({ kind: fc.constantFrom('registered', 'started', 'hook', 'fleetEvent', 'signal', 'prompt', 'exited', 'stopping'), data, at }), { maxLength: 12 })
    .map((entries) => entries.map((entry, index): HistoryEntry => ({ ...entry, sessionId: 's', seq: index + 1, actor: 'agent' })));
  const outcome: fc.Arbitrary<SessionOutcome | undefined> = fc.option(
    fc.oneof(
      fc.record({ type: fc.constant('completed' as const), by: fc.constantFrom('exit' as const, 'person' as const), summary: text }, { requiredKeys: ['type', 'by'] }),
      fc.record({ type: fc.constant('failed' as const), error: text, exitCode: fc.integer() }, { requiredKeys: ['type', 'error'] }),
      fc.record({ type: fc.constant('cancelled' as const), reason: text }, { requiredKeys: ['type'] }),
      fc.record({ type: fc.constantFrom('aborted' as const, 'terminated' as const), reason: text }),
      fc.constant({ type: 'retired' as const }),
    ),
    { nil: undefined },
  );
  const recorded: fc.Arbitrary<RecordedSession> = fc
    .record({ history, outcome, at, name: text, driver: text, prompt: text, artifacts: fc.array(fc.record({ path, kind: text, at }), { maxLength: 3 }) })
    .map(({ history: entries, outcome: end, at: completedAt, name, driver, prompt, artifacts }) => ({
      history: entries,
      session: aSession({ name, driver, artifacts, spec: { policy: 'ask', cwd: '/work/docs', prompt }, ...(end === undefined ? {} : { status: end.type, outcome: end, completedAt }) }),
    }));

  it('of our own sessions gives the same event lines, up to ids', () => {
    fc.assert(fc.property(recorded, (each) => assert.deepEqual(linesOf(again(each)), linesOf(each))), { numRuns: 300 });
  });

  it('of our own sessions gives the same end', () => {
    fc.assert(
      fc.property(recorded, (each) => {
        const { session } = again(each);
        assert.equal(session.outcome?.type, each.session.outcome?.type);
        assert.equal(session.status, each.session.outcome?.type ?? session.status);
      }),
    );
  });

  it('of events of others gives them back, with a name on the first', () => {
    const lives = fc
      .array(arbitraryEvent, { minLength: 1, maxLength: 8 })
      .map((all) => all.map((event, index): FleetEvent => ({ ...event, run_id: 'r', worker_id: 'w', task_id: 't', seq: index + 1, timestamp: timestampText(start + index) })));
    fc.assert(
      fc.property(lives, (all) => {
        const [only] = importLedger(all, options());
        assert.ok(only);
        const back = exportSession(only, { runId: 'r' });
        const expected = all.map((event, index) => {
          const extra = index === 0 ? { driver: only.session.driver, name: only.session.name, ...event.extra } : event.extra;
          return { ...event, extra, worker_id: only.session.driver, task_id: only.session.id };
        });
        assert.deepEqual(back.map(encodeEvent), expected.map(encodeEvent));
      }),
    );
  });

  it('of any events never fails, and history survives the registry', () => {
    fc.assert(
      fc.property(fc.array(arbitraryEvent, { maxLength: 8 }), (all) => {
        for (const each of importLedger(all, options())) {
          const stored = JSON.parse(JSON.stringify(each.history)) as readonly HistoryEntry[];
          assert.deepEqual(linesOf({ ...each, history: stored }), linesOf(each));
        }
      }),
    );
  });
});
