import { deepStrictEqual } from 'node:assert/strict';
import type { ActivityKind, Session } from '../../../src/core/session.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { sessionLook, statusLook } from '../../../src/presentation/sessionLook.ts';
import type { SessionView } from '../../../src/presentation/sessionView.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { minute, now, signal, view } from './fixtures.ts';

function brief(over: Partial<Session>, around: Partial<Omit<SessionView, 'session'>> = {}): string {
  const look = sessionLook(t, view(over, around), now);
  return `${look.icon} | ${look.color ?? '-'} | ${look.word} | ${look.sentence}`;
}

const activities: readonly ActivityKind[] = ['starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked'];
const endings: readonly Partial<Session>[] = [
  { status: 'completed', outcome: { type: 'completed', by: 'exit' } },
  { status: 'failed', outcome: { type: 'failed', error: 'exited with code 3', exitCode: 3 } },
  { status: 'aborted', outcome: { type: 'aborted', reason: 'the window closed' } },
  { status: 'cancelled', outcome: { type: 'cancelled' } },
  { status: 'retired', outcome: { type: 'retired' } },
  { status: 'terminated', outcome: { type: 'terminated', reason: 'its terminal was closed' } },
  { status: 'unknown' },
];

describe('presentation/sessionLook', () => {
  it('A9: says of an imported session without an end that its end is not known, not that its record is damaged', () => {
    deepStrictEqual(brief({ status: 'unknown', channel: 'external' }), 'bracket-error | testing.iconErrored | unknown | how it ended is not known');
  });

  it('has a look for each status of which nothing else is known', () => {
    deepStrictEqual(allStatuses.map((status) => statusLook(t, status).word), [
      'starting', 'not verified', 'retiring', 'completed', 'failed', 'aborted', 'cancelled', 'retired', 'terminated', 'unreadable',
    ]);
  });

  it('shows each activity of a running session', () => {
    deepStrictEqual(activities.map((activity) => brief({ signal: signal(activity, 'npm test') })), [
      'loading~spin | - | starting | starting',
      'sync | charts.blue | working | working',
      'cloud | charts.blue | waiting for the model | waits for the model',
      'tools | charts.blue | running a tool | runs `npm test`',
      'warning | list.warningForeground | needs permission | wants to run `npm test`',
      'question | list.warningForeground | needs an answer | asks “npm test”',
      'circle-outline | - | idle | idle',
      'lock | list.warningForeground | blocked | cannot go on: npm test',
    ]);
  });

  it('has a sentence when the agent gave no detail', () => {
    deepStrictEqual(
      (['running_tool', 'needs_permission', 'needs_answer', 'blocked'] as const).map((activity) => sessionLook(t, view({ signal: signal(activity, ' ') }), now).sentence),
      ['runs a tool', 'asks for permission', 'asks a question', 'cannot go on'],
    );
  });

  it('shows what is known of liveness and of our own wish', () => {
    deepStrictEqual(
      [
        brief({}),
        brief({ signal: signal('idle', undefined, { at: now - 3 * minute }) }),
        brief({ signal: signal('working'), lastActivityAt: now - 6 * minute }, { stale: true }),
        brief({ signal: signal('working') }, { liveness: 'unknown' }),
        brief({ signal: signal('working') }, { liveness: 'dead' }),
        brief({ signal: signal('needs_answer', 'Which?') }, { liveness: 'unknown' }),
        brief({ signal: signal('needs_answer', 'Which?'), stopRequest: { at: now } }),
        brief({ status: 'retiring', signal: signal('working') }),
        brief({ status: 'provisioning' }, { liveness: 'unknown' }),
      ],
      [
        'eye-closed | disabledForeground | no signal | no signal',
        'circle-outline | - | idle | idle for 3m',
        'watch | list.warningForeground | stale | no signal for 6m',
        'unverified | disabledForeground | not verified | can’t tell whether it still runs',
        'plug | disabledForeground | process gone | its process is gone',
        'question | list.warningForeground | needs an answer | asks “Which?”',
        'debug-stop | - | ending | is being ended',
        'sign-out | - | retiring | ends after this turn',
        'loading~spin | - | starting | starting',
      ],
    );
  });

  it('shows how a session ended', () => {
    deepStrictEqual(endings.map((over) => brief(over)), [
      'check | testing.iconPassed | completed | completed',
      'error | testing.iconFailed | failed | failed: exit code 3',
      'stop-circle | testing.iconErrored | aborted | did not start: the window closed',
      'circle-slash | testing.iconSkipped | cancelled | cancelled by you',
      'archive | disabledForeground | retired | retired after its last turn',
      'debug-disconnect | disabledForeground | terminated | terminated: its terminal was closed',
      'bracket-error | testing.iconErrored | unreadable | its record cannot be read',
    ]);
  });

  it('tells a reason, a summary and a person', () => {
    deepStrictEqual(
      [
        brief({ status: 'completed', outcome: { type: 'completed', by: 'person', summary: 'done' } }),
        brief({ status: 'completed', outcome: { type: 'completed', by: 'exit', summary: '3 files' } }),
        brief({ status: 'failed', outcome: { type: 'failed', error: 'claude was not found' } }),
        brief({ status: 'cancelled', outcome: { type: 'cancelled', reason: 'wrong branch' } }),
      ].map((line) => line.split(' | ')[3]),
      ['marked as completed by you: done', 'completed: 3 files', 'failed: claude was not found', 'cancelled: wrong branch'],
    );
  });

  it('gives every phase an icon and a word of its own, so that colour is never needed', () => {
    const looks = [
      ...activities.map((activity) => view({ signal: signal(activity) })),
      ...endings.map((over) => view(over)),
      view({}),
      view({}, { stale: true }),
      view({}, { liveness: 'unknown' }),
      view({}, { liveness: 'dead' }),
      view({ stopRequest: { at: now } }),
      view({ status: 'retiring' }),
    ].map((each) => sessionLook(t, each, now));
    deepStrictEqual([new Set(looks.map((look) => look.icon)).size, new Set(looks.map((look) => look.word)).size], [looks.length, looks.length]);
  });
});
