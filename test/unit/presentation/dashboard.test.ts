import { deepStrictEqual, equal } from 'node:assert/strict';
import { costText, dashboardDocument, dashboardRows, tokenCount } from '../../../src/presentation/dashboard.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { session } from './fixtures.ts';

const claude = session({
  id: 'agent-k3v7q2mdz5xa4b6tnhye',
  model: 'claude-sonnet-4-5-20250929',
  lastActivityAt: 9,
  usage: { turns: 3, inputTokens: 12_345, outputTokens: 999, reasoningTokens: 500, costMicroUsd: 12_345 },
});
const child = session({ id: 'agent-m4aaaaaaaaaaaaaaaaaa', kind: 'child_agent', status: 'failed', lastActivityAt: 8 });
const tool = session({ id: 'tool', kind: 'background_tool', status: 'cancelled', channel: 'external', lastActivityAt: 7, usage: { outputTokens: 1_000_000, costMicroUsd: 0 } });

describe('presentation/dashboard', () => {
  it('U8 tokens in short form: 1000 is 1.0k', () => {
    deepStrictEqual([0, 999, 1000, 1049, 999_949, 999_950, 1_000_000, 12_345_678].map(tokenCount), ['0', '999', '1.0k', '1.0k', '999.9k', '1.0M', '1.0M', '12.3M']);
  });

  it('U8 cost in dollars with four places: not known is —, nothing is $0.0000, and little is not nothing', () => {
    deepStrictEqual([undefined, 0, 12_345, 12_350, 1, 49, 50, 99_999_999, 1_500_000].map(costText), [
      '—', '$0.0000', '$0.0123', '$0.0124', '<$0.0001', '<$0.0001', '$0.0001', '$100.0000', '$1.5000',
    ]);
  });

  it('U8 one row per session: id, name, kind, status, channel, model, turns, tokens, cost', () => {
    deepStrictEqual(dashboardRows(t, [tool, child, claude]), [
      { id8: 'k3v7q2md', name: 'login-flow', kind: 'interactive', status: 'running', channel: 'terminal', model: 'claude-sonnet-4-5-2…', turns: '3', tokens: '12.3k/999', cost: '$0.0123' },
      { id8: 'm4aaaaaa', name: 'login-flow', kind: 'autonomous', status: 'failed', channel: 'terminal', model: '—', turns: '—', tokens: '—', cost: '—' },
      { id8: 'tool', name: 'login-flow', kind: 'background tool', status: 'cancelled', channel: 'external', model: '—', turns: '—', tokens: '—/1.0M', cost: '$0.0000' },
    ]);
  });

  it('U8 by status and up to a limit; 0 is no limit', () => {
    const ids = (options: Parameters<typeof dashboardRows>[2]): string[] => dashboardRows(t, [tool, child, claude], options).map((row) => row.id8);
    deepStrictEqual(ids({ status: ['failed', 'cancelled'] }), ['m4aaaaaa', 'tool']);
    deepStrictEqual(ids({ status: ['failed', 'cancelled'], limit: 1 }), ['m4aaaaaa']);
    deepStrictEqual(ids({ limit: 0 }).length, 3);
  });

  it('U8 the table is aligned as it stands, and says when it is not all', () => {
    equal(dashboardDocument(t, [child, claude, tool], { limit: 2 }), [
      'Sessions of Agent Fleet',
      '',
      '2 of 3 sessions',
      '',
      'ID        Name        Kind         Status   Channel   Model                 Turns  Tokens in/out     Cost',
      'k3v7q2md  login-flow  interactive  running  terminal  claude-sonnet-4-5-2…      3      12.3k/999  $0.0123',
      'm4aaaaaa  login-flow  autonomous   failed   terminal  —                         —              —        —',
      '',
    ].join('\n'));
  });

  it('U8 says so when there is nothing', () => {
    equal(dashboardDocument(t, []), 'Sessions of Agent Fleet\n\nNo session was started here yet.\n');
    equal(dashboardDocument(t, [child], { status: ['running'] }), 'Sessions of Agent Fleet\n\nNo session has this status.\n');
  });

  it('U8 what works stands first, in an order that does not change with what it does', () => {
    const ids = (...moments: readonly [first: number, second: number]): string[] =>
      dashboardRows(t, [child, session({ id: 'one', startedAt: 1, lastActivityAt: moments[0] }), session({ id: 'two', startedAt: 2, lastActivityAt: moments[1] })]).map((row) => row.id8);
    deepStrictEqual([ids(1, 2), ids(20, 10)], [['two', 'one', 'm4aaaaaa'], ['two', 'one', 'm4aaaaaa']]);
  });

  it('U8 what an agent says stays in its line and is only text', () => {
    const lines = dashboardDocument(t, [session({ id: 'a', name: 'x\ny', model: 'm\u001b[31m\nn' })]).split('\n');
    deepStrictEqual([lines.length, /x y .* m n/.test(lines[3] ?? ''), lines.join('').includes('\u001b')], [5, true, false]);
  });
});
