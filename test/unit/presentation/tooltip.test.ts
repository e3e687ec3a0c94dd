import { deepStrictEqual } from 'node:assert/strict';
import { evidenceParts } from '../../../src/presentation/evidence.ts';
import { sessionTooltip } from '../../../src/presentation/tooltip.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { ended, now, signal, view } from './fixtures.ts';

const agent = { pid: 4711, startTime: '99', bootId: 'boot' };

describe('presentation/tooltip', () => {
  it('says why, how it is known, how long ago, and which process', () => {
    deepStrictEqual(
      [
        evidenceParts(t, view({ agent, signal: signal('needs_permission', 'npm publish', { event: 'PermissionRequest' }) }), now),
        evidenceParts(t, view({ agent, signal: signal('idle', undefined, { source: 'title' }) }, { liveness: 'unknown' }), now),
        evidenceParts(t, view({}), now),
        evidenceParts(t, view({ agent }, { liveness: 'unknown' }), now),
        evidenceParts(t, view({ ...ended('failed', now - 60_000), outcome: { type: 'failed', error: 'x', exitCode: 3 } }), now),
      ],
      [
        ['wants to run `npm publish`', 'hook PermissionRequest', '4s ago', 'pid 4711 alive'],
        ['can’t tell whether it still runs', 'terminal title', '4s ago', 'pid 4711 not verified'],
        ['no signal', 'process not known'],
        ['can’t tell whether it still runs', 'no signal', 'pid 4711 not verified'],
        ['failed: exit code 3', '1m ago'],
      ],
    );
  });

  it('L16: says to the second when a failed session is tried again', () => {
    const text = sessionTooltip(t, view({ ...ended('failed'), retryAt: now + 4000 }), now, { chain: [] });
    deepStrictEqual(text.split('\n\n').find((line) => line.startsWith('Retry')), 'Retry\\: tries again in 4s');
  });

  it('is Markdown in which nothing of an agent is active', () => {
    const tooltip = sessionTooltip(
      t,
      view(
        {
          agent,
          name: 'x [a](command:b)',
          signal: signal('running_tool', 'curl https://evil.example <img>'),
          spec: { policy: 'ask', cwd: '/work/my_app', prompt: '# Fix\nthe **login**' },
          attempt: 2,
          progress: { count: 1, message: 'half', at: 1 },
        },
        { heartbeat: { at: 1, processes: 3, cpuPercent: 12.4, rssBytes: 340_000_000 } },
      ),
      now,
      { chain: ['root', 'x'] },
    );
    deepStrictEqual(tooltip.replaceAll('\u2060', '').split('\n\n'), [
      '**x \\[a\\]\\(command\\:b\\)** · Claude Code · 4m',
      'running a tool\\: runs \\`curl https\\:\\/\\/evil\\.example \\<img\\>\\` · hook · 4s ago · pid 4711 alive',
      'Prompt\\: \\# Fix the \\*\\*login\\*\\*',
      'Folder\\: \\/work\\/my\\_app',
      'Permissions\\: Ask first',
      'Spawned by\\: root › x',
      'Attempt\\: 2',
      'Progress\\: half',
      'Load\\: 12\\% CPU · 340 MB · 3 processes',
    ]);
  });
});
