import { deepStrictEqual } from 'node:assert/strict';
import { driverPicks, policyPicks, sessionPicks, type DriverAvailability, type Pick } from '../../../src/presentation/quickPicks.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { ended, member, now, signal } from './fixtures.ts';

const driver = (id: string, label: string, installed: boolean): DriverAvailability => ({
  info: { id, label, binaries: [id], installHint: `Install it with npm install ${id}.` },
  installed,
  ...(installed ? { executable: `/bin/${id}` } : {}),
});

function lines(picks: readonly Pick<unknown>[]): string[] {
  return picks.map((pick) => (pick.kind === 'separator' ? `-- ${pick.label}` : [pick.icon, pick.label, pick.description, pick.detail].map((part) => part ?? '').join(' | ')));
}

describe('presentation/quickPicks', () => {
  it('lists the default agent first, then the installed ones, then the others with how to install them', () => {
    deepStrictEqual(lines(driverPicks(t, [driver('codex', 'Codex', true), driver('pi', 'pi', false), driver('claude', 'Claude Code', true), driver('gemini', 'Gemini CLI', true)], 'codex')), [
      'rocket | Codex | default | /bin/codex',
      'rocket | Claude Code |  | /bin/claude',
      'rocket | Gemini CLI |  | /bin/gemini',
      '-- Not installed',
      'circle-slash | pi | not installed | Install it with npm install pi.',
    ]);
  });

  it('offers only the sessions for which an action is valid', () => {
    const views = [member('a', { signal: signal('working') }), member('q', { signal: signal('needs_answer', 'Which?') }), member('z', ended('failed'))];
    deepStrictEqual((['prompt', 'cancel', 'restart', 'openArtifact'] as const).map((action) => lines(sessionPicks(t, views, action, now))), [
      ['-- Active', 'sync | a | Claude Code · 4m | working'],
      ['-- Needs you', 'question | q | Claude Code · 4m | asks “Which?”', '-- Active', 'sync | a | Claude Code · 4m | working'],
      ['-- Finished', 'error | z | Claude Code · 4m | failed'],
      [],
    ]);
  });

  it('puts the default policy first and never offers bypass as one', () => {
    deepStrictEqual(
      [policyPicks(t, 'deny'), policyPicks(t, 'bypass')].map((picks) => lines(picks).map((line) => line.split(' | ').slice(0, 3).join(' | '))),
      [
        [' | Read only | default', ' | Ask first | ', ' | Allow edits | ', 'warning | No permission checks | '],
        [' | Ask first | ', ' | Allow edits | ', ' | Read only | ', 'warning | No permission checks | '],
      ],
    );
  });
});
