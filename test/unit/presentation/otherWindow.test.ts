import { deepStrictEqual, doesNotMatch, match } from 'node:assert/strict';
import { inspectDocument } from '../../../src/presentation/inspectDocument.ts';
import { dueNotifications } from '../../../src/presentation/notifications.ts';
import { sessionAria, sessionDescription } from '../../../src/presentation/sessionRow.ts';
import { sessionLook } from '../../../src/presentation/sessionLook.ts';
import { sessionTooltip } from '../../../src/presentation/tooltip.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { rowActions } from '../../../src/presentation/treeModel.ts';
import type { SessionView } from '../../../src/presentation/sessionView.ts';
import { ended, now, signal, view } from './fixtures.ts';

const elsewhere = { hasTerminal: false, elsewhere: true } as const;
const relatives = { needyChildren: 0 };

function words(one: SessionView): readonly [row: string, spoken: string] {
  const look = sessionLook(t, one, now);
  return [sessionDescription(t, one, look, now, relatives), sessionAria(t, one, look, now, relatives)];
}

function terminalLine(one: SessionView): string | undefined {
  const document = inspectDocument(t, { view: one, chain: [], history: [], now, formatTime: String });
  return document.split('\n').find((line) => line.includes('Terminal:'))?.trim().replace(/\s+/g, ' ');
}

describe('presentation: U11, a session whose terminal is in another window', () => {
  it('says so in the row and to a screen reader', () => {
    deepStrictEqual(words(view({}, elsewhere)), [
      'no signal · terminal in another window · Claude Code · 4m',
      'login-flow, no signal, terminal in another window, Claude Code, running for 4 minutes',
    ]);
  });

  it('says so before all that may be cut off', () => {
    const [row] = words(view({ progress: { percent: 30, count: 1, at: now } }, elsewhere));
    match(row, /^no signal · terminal in another window · 30% done · /);
  });

  it('leaves it to that window to announce it', () => {
    const announced = (over: Partial<SessionView>): number =>
      dueNotifications(t, { before: [view({}, over)], after: [view({ signal: signal('needs_permission', 'rm') }, over)], setting: 'all', byPerson: new Set(), now }).length;
    deepStrictEqual([announced({}), announced(elsewhere)], [1, 0]);
  });

  it('says nothing of it when the terminal is here, closed, or of an ended session', () => {
    for (const one of [view(), view({}, { hasTerminal: false }), view(ended('completed'), elsewhere)]) {
      for (const text of words(one)) doesNotMatch(text, /another window/);
    }
  });

  it('says so in the tooltip', () => {
    match(sessionTooltip(t, view({}, elsewhere), now, { chain: [] }), /Terminal\\: in another window/);
    doesNotMatch(sessionTooltip(t, view(), now, { chain: [] }), /Terminal/);
  });

  it('says in the document where the terminal is, in a line that is always there', () => {
    deepStrictEqual(
      [view(), view({}, elsewhere), view({}, { hasTerminal: false }), view(ended('completed'), { hasTerminal: false })].map(terminalLine),
      ['Terminal: in this window', 'Terminal: in another window', 'Terminal: in no open window: “Terminal: Attach to Session…” may bring it back', 'Terminal: —'],
    );
  });

  it('can be prompted and ended from here; without an owner it has no cancel', () => {
    const offered = (canChange: boolean): readonly boolean[] => {
      const actions = rowActions(view({}, { ...elsewhere, canChange }));
      return (['prompt', 'interrupt', 'cancel', 'reveal', 'inspect'] as const).map((action) => actions.has(action));
    };
    deepStrictEqual([offered(true), offered(false)], [[true, true, true, false, true], [false, false, false, false, true]]);
  });
});
