import { deepStrictEqual } from 'node:assert/strict';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { countSessions, statusLine } from '../../../src/presentation/statusLine.ts';
import { ended, member, signal } from './fixtures.ts';

const persisted = { persisted: true } as const;
const needy = member('n', { signal: signal('needs_permission', 'npm publish') });
const failed = member('f', ended('failed'));

describe('presentation/statusLine', () => {
  it('says who runs and who needs you', () => {
    deepStrictEqual(statusLine(t, { views: [member('a'), member('b'), needy], health: persisted, failedUnseen: 0 }), {
      visible: true,
      text: '$(rocket) 2 running · $(bell) 1 needs you',
      tooltip: '**Agent Fleet**\n\n1 session needs you\n\n2 running\n\n0 finished\n\nClick to show the fleet\\.',
      ariaLabel: 'Agent Fleet: 2 running, 1 needs you',
      badge: { value: 1, tooltip: '1 session needs you' },
    });
  });

  it('is hidden without sessions and with finished ones that were seen', () => {
    deepStrictEqual([[], [failed]].map((views) => statusLine(t, { views, health: persisted, failedUnseen: 0 }).visible), [false, false]);
  });

  it('marks a failure that was not seen, and no failure that was cleared', () => {
    const unseen = statusLine(t, { views: [failed], health: persisted, failedUnseen: 1 });
    const cleared = statusLine(t, { views: [], health: persisted, failedUnseen: 1 });
    deepStrictEqual([unseen.text, unseen.background, cleared.visible], ['$(error) 1 failed', 'statusBarItem.errorBackground', false]);
  });

  it('warns when changes are not saved', () => {
    const line = statusLine(t, { views: [member('a')], health: { persisted: false, reason: 'disk [full]' }, failedUnseen: 0 });
    deepStrictEqual([line.text, line.background, line.tooltip.includes('Changes are not saved\\: disk \\[full\\]')], [
      '$(rocket) 1 running · $(warning) not saved', 'statusBarItem.warningBackground', true,
    ]);
  });

  it('counts each session once', () => {
    deepStrictEqual(countSessions([member('a'), member('s', {}, { stale: true }), needy, failed, member('c', ended('completed'))]), {
      attention: 1, active: 2, finished: 2, stale: 1, failed: 1,
    });
  });
});
