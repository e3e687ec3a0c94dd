import assert from 'node:assert/strict';
import { exportLedger, exportSession } from '../../../src/core/ledgerExport.ts';
import type { HistoryEntry } from '../../../src/core/ports.ts';
import type { Session, SessionOutcome } from '../../../src/core/session.ts';
import { encodeEvent } from '../../../src/protocol/encodeEvent.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';

type Line = readonly [second: number, kind: string, data: unknown];

function recorded(patch: Partial<Session>, lines: readonly Line[]): { session: Session; history: readonly HistoryEntry[] } {
  const session = aSession({ id: 'agent-1', ...patch });
  const history = lines.map(([second, kind, data], index): HistoryEntry => ({ sessionId: session.id, seq: index + 1, at: wallStart + second * 1000, kind, actor: 'runner', data }));
  return { session, history };
}

/** The events without their envelope, with the second at which they are. */
function told(patch: Partial<Session>, lines: readonly Line[]): readonly unknown[] {
  return exportSession(recorded(patch, lines), { runId: 'fleet' }).map((event) => {
    const { state, ...rest } = event.payload;
    const second = (Date.parse(event.timestamp) - wallStart) / 1000;
    return [second, state, { ...rest, ...(Object.keys(event.extra).length === 0 ? {} : { extra: event.extra }) }];
  });
}

const registered: Line = [0, 'registered', { driver: 'scripted', policy: 'ask' }];
const head = [
  [0, 'queued', { extra: { driver: 'scripted', name: 'docs' } }],
  [0, 'starting', {}],
];
const activity = (word: string, detail?: string) => ({ type: 'activity', activity: word, ...(detail === undefined ? {} : { detail }) });

describe('export of a session as fleet events', () => {
  it('gives every event its envelope', () => {
    const [first, second] = exportSession(recorded({ spec: { policy: 'ask', cwd: '/work/docs', prompt: 'write' } }, [registered]), { runId: 'my fleet' });
    assert.equal(
      encodeEvent(first ?? assert.fail('no event')),
      '{"seq":1,"run_id":"my fleet","worker_id":"scripted","task_id":"agent-1","timestamp":"2023-11-14T22:13:20.000Z","state":"queued","extra":{"driver":"scripted","name":"docs","prompt":"write"}}',
    );
    assert.equal(second?.seq, 2);
  });

  it('tells a whole life', () => {
    const lines: readonly Line[] = [
      registered,
      [1, 'started', { runner: { pid: 1 }, agent: { pid: 2 } }],
      [2, 'hook', { event: 'UserPromptSubmit', facts: [{ type: 'promptTaken' }, activity('working')] }],
      [3, 'hook', { event: 'PreToolUse', facts: [activity('running_tool', 'npm test')] }],
      [4, 'hook', { event: 'PermissionRequest', facts: [activity('needs_permission', 'write notes.md')] }],
      [5, 'fleetEvent', { event: 'model_wait', facts: [activity('model_wait', 'small-1'), { type: 'progress', message: 'two of five', percent: 40 }] }],
      [6, 'fleetEvent', { event: 'artifact', facts: [{ type: 'artifact', path: 'out/a.md', kind: 'report' }] }],
      [7, 'signal', { activity: 'idle', source: 'title', at: 7 }],
      [8, 'prompt', { text: 'and the tests', result: 'submitted' }],
      [9, 'exited', { code: 0, signal: null, cause: 'agent' }],
    ];
    const patch: Partial<Session> = {
      status: 'completed',
      outcome: { type: 'completed', by: 'exit' },
      completedAt: wallStart + 9000,
      artifacts: [{ path: '/work/docs/out/a.md', kind: 'report', at: wallStart + 6000 }],
    };
    assert.deepEqual(told(patch, lines), [
      ...head,
      [1, 'running', {}],
      [2, 'running', { extra: { prompt_taken: true } }],
      [3, 'running_tool', { tool: 'npm test' }],
      [4, 'running', { extra: { activity: 'needs_permission', detail: 'write notes.md' } }],
      [5, 'model_wait', { extra: { detail: 'small-1', message: 'two of five', percent: 40 } }],
      [6, 'artifact', { kind: 'report', path: 'out/a.md', size_bytes: null }],
      [7, 'running', { extra: { activity: 'idle' } }],
      [8, 'running', { extra: { activity: 'idle', prompt: 'and the tests' } }],
      [9, 'completed', { exit_code: 0 }],
    ]);
  });

  const ends: readonly [SessionOutcome, Partial<Session>, unknown][] = [
    [{ type: 'completed', by: 'person', summary: 'good' }, {}, ['completed', { summary: 'good', extra: { by: 'person' } }]],
    [{ type: 'failed', error: 'exited with code 3', exitCode: 3 }, {}, ['failed', { reason: 'exited with code 3', recoverable: true, extra: { exit_code: 3 } }]],
    [{ type: 'failed', error: 'not found' }, {}, ['failed', { reason: 'not found', recoverable: false }]],
    [{ type: 'cancelled', reason: 'enough' }, { stopRequest: { at: 1 } }, ['cancelled', { cancelled_by: 'user', extra: { reason: 'enough' } }]],
    [{ type: 'cancelled' }, {}, ['cancelled', {}]],
    [{ type: 'aborted', reason: 'no room' }, {}, ['cancelled', { extra: { outcome: 'aborted', reason: 'no room' } }]],
    [{ type: 'terminated', reason: 'its terminal was closed' }, {}, ['interrupted', { extra: { outcome: 'terminated', reason: 'its terminal was closed' } }]],
    [{ type: 'retired' }, {}, ['completed', { extra: { outcome: 'retired' } }]],
  ];
  for (const [outcome, patch, expected] of ends) {
    it(`tells how it ended: ${JSON.stringify(outcome)}`, () => {
      const last = told({ ...patch, status: outcome.type, outcome, completedAt: wallStart + 5000 }, [registered]).at(-1) as readonly unknown[];
      assert.deepEqual(last.slice(1), expected);
      assert.equal(last[0], 5);
    });
  }

  it('says again what the agent does when it tells of something else', () => {
    const lines: readonly Line[] = [registered, [1, 'hook', { facts: [activity('running_tool', 'make')] }], [2, 'fleetEvent', { facts: [{ type: 'progress', percent: 5 }] }]];
    assert.deepEqual(told({}, lines).at(-1), [2, 'running_tool', { tool: 'make', extra: { percent: 5 } }]);
  });

  it('tells of artifacts whose history was lost, before the end', () => {
    const patch: Partial<Session> = {
      status: 'completed',
      outcome: { type: 'completed', by: 'exit' },
      completedAt: wallStart + 2000,
      artifacts: [{ path: '/work/docs/a', kind: 'log', at: wallStart + 3000 }],
    };
    assert.deepEqual(told(patch, [registered]).slice(2).map((event) => (event as readonly unknown[])[1]), ['artifact', 'completed']);
  });

  it('leaves out what is nobody else’s business or was never accepted', () => {
    const lines: readonly Line[] = [
      registered,
      [1, 'stopping', { signal: 'SIGTERM' }],
      [1, 'skipped', { reason: 'x' }],
      [1, 'promptRefused', { reason: 'busy' }],
      [1, 'hook', { event: 'x', facts: [{ type: 'artifact', path: '/etc/passwd', kind: 'log' }, { type: 'conversation', id: 'c' }, activity('constructor')] }],
      [1, 'hook', { late: true, event: 'x' }],
      [1, 'hook', null],
      [1, 'hook', { facts: [null, 3, { type: 'activity' }] }],
      [1, 'prompt', {}],
    ];
    assert.deepEqual(told({}, lines), head);
  });

  it('tells of a session without any history', () => {
    assert.deepEqual(told({}, []), head);
    assert.equal(told({ status: 'unknown' }, []).length, 2);
  });

  it('does not fail on times that no date can say', () => {
    const [first] = exportSession({ session: aSession({ createdAt: Infinity }), history: [] }, { runId: 'f' });
    assert.equal(first?.timestamp, '+275760-09-13T00:00:00.000Z');
  });

  it('counts each session by itself', () => {
    const events = [...exportLedger([recorded({ id: 'agent-1' }, [registered]), recorded({ id: 'agent-2' }, [registered])], { runId: 'f' })];
    assert.deepEqual(events.map(({ task_id, seq }) => [task_id, seq]), [['agent-1', 1], ['agent-1', 2], ['agent-2', 1], ['agent-2', 2]]);
  });
});
