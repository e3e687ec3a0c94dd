import { deepStrictEqual } from 'node:assert/strict';
import type { SessionSummary } from '../../../src/core/ports.ts';
import { historyFailed, historyPicks, type FoundSession } from '../../../src/presentation/historyPicks.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { minute, now, signal, view } from './fixtures.ts';

const summary = (over: Partial<SessionSummary> = {}): SessionSummary => ({
  id: 'agent-a', name: 'login-flow', driver: 'codex', status: 'failed', cwd: '/work/app', createdAt: 0, completedAt: now - 3 * minute, lastActivityAt: now - 3 * minute, evicted: false, ...over,
});
const found = (over: Partial<SessionSummary> = {}, more: Partial<FoundSession> = {}): FoundSession => ({ summary: summary(over), driverLabel: 'Codex', ...more });
const base = { hasMore: false, problems: [], isEmpty: false, canSpawn: true, now };

describe('presentation/historyPicks', () => {
  it('tells of each session its state, agent, age, folder and first words', () => {
    deepStrictEqual(historyPicks(t, { ...base, found: [found({ prompt: 'Fix the $(bug)\nnow', evicted: true })] }), [
      {
        label: 'login-flow',
        description: 'failed · Codex · 3m ago · no longer in the list',
        detail: 'Fix the $\u2060(bug) now · /work/app',
        icon: 'error',
        color: 'testing.iconFailed',
        sessionId: 'agent-a',
        buttons: ['spawnAgain', 'copyId'],
      },
    ]);
  });

  it('tells what one does that is still in the list', () => {
    const [pick] = historyPicks(t, { ...base, found: [found({ status: 'running', lastActivityAt: now }, { view: view({ signal: signal('needs_permission', 'rm') }) })] });
    deepStrictEqual([pick?.icon, pick?.description, pick?.buttons], ['warning', 'needs permission · Codex · just now', ['copyId']]);
  });

  it('keeps the end of a long folder, and offers no start where none is allowed', () => {
    const [pick] = historyPicks(t, { ...base, canSpawn: false, found: [found({ cwd: `/${'x'.repeat(100)}/app`, prompt: 'go' })] });
    deepStrictEqual([pick?.detail?.startsWith('go · …'), pick?.detail?.endsWith('/app'), pick?.buttons], [true, true, ['copyId']]);
  });

  it('does not name the only folder of the workspace, unless there is nothing else to tell', () => {
    const details = [{ prompt: 'go' }, {}].map((over) => historyPicks(t, { ...base, found: [found(over, { isHere: true })] })[0]?.detail);
    deepStrictEqual(details, ['go', '/work/app']);
  });

  it('says when there are more, and what a filter may be', () => {
    const picks = historyPicks(t, { ...base, found: [found()], hasMore: true, problems: [{ problem: 'Bad.', hint: 'Good ones.' }] });
    deepStrictEqual(picks.map(({ label, detail, sessionId }) => [label, detail, sessionId]), [
      ['Bad.', 'Good ones.', undefined],
      ['login-flow', '/work/app', 'agent-a'],
      ['There are more: add a word or a filter.', undefined, undefined],
    ]);
  });

  it('explains the filters in an empty box and when nothing is found', () => {
    const help = ['Words', 'Filters', 'Times'];
    const labels = (input: Partial<Parameters<typeof historyPicks>[1]>) => historyPicks(t, { ...base, found: [], ...input }).map(({ label, sessionId }) => `${label}${sessionId ?? ''}`);
    deepStrictEqual(
      [labels({ isEmpty: true, found: [found()] }), labels({}), labels({ isEmpty: true }), labels({ problems: [{ problem: 'Bad.', hint: '' }], found: [found()] })],
      [['login-flowagent-a', ...help], ['Nothing was found.', ...help], ['No session was started here yet.', ...help], ['Bad.', 'login-flowagent-a']],
    );
  });

  it('says why a search failed', () => {
    deepStrictEqual(historyFailed(t, 'the disk is gone').map(({ label }) => label), ['The search failed: the disk is gone']);
  });
});
