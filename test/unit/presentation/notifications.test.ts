import { deepStrictEqual } from 'node:assert/strict';
import { dueNotifications, type NotificationInput } from '../../../src/presentation/notifications.ts';
import type { SessionView } from '../../../src/presentation/sessionView.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { ended, member, now, signal } from './fixtures.ts';

function due(before: readonly SessionView[], after: readonly SessionView[], over: Partial<NotificationInput> = {}): string[] {
  return dueNotifications(t, { before, after, setting: 'all', byPerson: new Set(), now, ...over }).map(
    ({ kind, severity, message, sessionIds }) => `${kind} ${severity} [${sessionIds.join()}] ${message}`,
  );
}

const asks = (id: string) => member(id, { signal: signal('needs_answer', 'Which one?') });
const completed = (id: string) => member(id, { ...ended('completed'), outcome: { type: 'completed', by: 'exit' } });
const failed = (id: string) => member(id, { ...ended('failed'), outcome: { type: 'failed', error: 'x', exitCode: 3 } });

describe('presentation/notifications', () => {
  it('announces one session that needs you, with what it asks', () => {
    deepStrictEqual(due([member('a')], [asks('a')]), ['needsYou warning [a] a asks “Which one?”']);
  });

  it('joins several into one', () => {
    deepStrictEqual(due([member('a'), member('b')], [asks('a'), asks('b')]), ['needsYou warning [a,b] 2 sessions need you: a, b']);
  });

  it('does not announce twice what is still open, nor what was over before', () => {
    deepStrictEqual(due([asks('a'), failed('b'), completed('c')], [asks('a'), failed('b'), completed('c')]), []);
  });

  it('L16: a failure that is tried again by itself is not announced, nor one whose next attempt is there; one that is given up is, once', () => {
    const retried = member('a', { ...failed('a').session, retryAt: now + 5000 });
    const next = member('a2', { restartOf: 'a', attempt: 2 });
    const givenUp = member('a2', { ...failed('a2').session, restartOf: 'a', attempt: 2, escalatedAt: now });
    deepStrictEqual(
      [due([member('a')], [retried]), due([retried], [failed('a'), next]), due([failed('a'), next], [failed('a'), givenUp]), due([failed('a'), givenUp], [failed('a'), givenUp])],
      [[], [], ['failed error [a2] a2: failed: exit code 3 · not tried again after 2 attempts'], []],
    );
  });

  it('announces failures and completions apart', () => {
    deepStrictEqual(due([member('a'), member('b'), member('c')], [failed('a'), completed('b'), member('c')]), [
      'failed error [a] a: failed: exit code 3',
      'finished info [b] b completed.',
    ]);
  });

  it('gives one message for five that end together, and says that nothing runs any more', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    deepStrictEqual(due(ids.map((id) => member(id)), ids.map(completed)), [
      'finished info [a,b,c,d,e,f] 6 sessions completed: a, b, c, d, e, …. No agent is running any more.',
    ]);
  });

  it('never announces what the person did', () => {
    const byHand = member('a', { ...ended('completed'), outcome: { type: 'completed', by: 'person' } });
    const cancelled = member('b', { ...ended('cancelled'), outcome: { type: 'cancelled' } });
    deepStrictEqual([due([member('a'), member('b')], [byHand, cancelled]), due([member('c')], [failed('c')], { byPerson: new Set(['c']) })], [[], []]);
  });

  it('obeys the setting', () => {
    const before = [member('a'), member('b')];
    const after = [asks('a'), completed('b')];
    deepStrictEqual((['off', 'important', 'all'] as const).map((setting) => due(before, after, { setting }).length), [0, 1, 2]);
  });
});
