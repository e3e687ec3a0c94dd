import { deepStrictEqual } from 'node:assert/strict';
import type { HistoryEntry } from '../../../src/core/ports.ts';
import { inspectDocument, inspectUri, maxHistoryLines } from '../../../src/presentation/inspectDocument.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { ended, now, signal, view } from './fixtures.ts';

const formatTime = (at: number): string => `T${at}`;
const entry = (seq: number, over: Partial<HistoryEntry> = {}): HistoryEntry => ({ sessionId: 'agent-a', seq, at: seq, kind: 'prompt', actor: 'user', data: { text: 'go on', result: 'typed' }, ...over });

describe('presentation/inspectDocument', () => {
  it('holds all that is known', () => {
    const document = inspectDocument(t, {
      view: view({
        agent: { pid: 4711, startTime: '99', bootId: 'b1' },
        runner: { pid: 4700 },
        signal: signal('needs_permission', 'echo $(date)', { event: 'PermissionRequest' }),
        spec: { policy: 'ask', cwd: '/work/app', prompt: 'Fix it.\n\u001b[31mNow\u001b[0m' },
        artifacts: [{ path: '/work/app/a.patch', kind: 'patch', at: 7 }],
        progress: { count: 2, percent: 50, message: 'half', at: 1 },
        skipped: 1,
        restartOf: 'agent-z',
        resumedFrom: 'agent-y',
        attempt: 2,
        kind: 'child_agent',
        peer: { name: 'docs', address: 'tcp://here', at: 1 },
        model: 'opus',
        host: 'build-1',
        worktree: '/work/app',
        usage: { turns: 3, inputTokens: 1200, outputTokens: 300, reasoningTokens: 20, toolCalls: 1, costMicroUsd: 12_300 },
        feedSeq: 7,
        elapsedMs: 2 * 60_000,
        retryAt: now + 4000,
      }),
      chain: ['root', 'login-flow'],
      history: [entry(1, { kind: 'registered', actor: 'user', data: { driver: 'claude', nested: { deep: [1, null, { x: { y: 1 } }] } } }), entry(2)],
      now,
      formatTime,
    });
    deepStrictEqual(document.split('\n'), [
      'login-flow · Claude Code · needs permission',
      '',
      'State',
      '    Status:         running',
      '    Now:            wants to run `echo $(date)`',
      '    Signal:         needs_permission: echo $(date)',
      '    Told by:        hook PermissionRequest',
      `    Told at:        T${now - 4000} (4s ago)`,
      '    Process is:     alive',
      '    Progress:       50% done · half · 2 reports',
      '    Outcome:        —',
      '    Created:        T5760000 (4m ago)',
      '    Started:        —',
      '    Last activity:  T6000000 (just now)',
      '    Ended:          —',
      '    Duration:       4m',
      '    Retry:          tries again in 4s',
      '',
      'Process',
      '    Session:        agent-a',
      '    Agent:          pid 4711 · start time 99 · boot b1',
      '    Runner:         pid 4700',
      '    Conversation:   —',
      '    Terminal:       in this window',
      '    Load:           —',
      '    Host:           build-1',
      '    Peer:           docs (tcp://here)',
      '',
      'Task',
      '    Driver:         Claude Code (claude)',
      '    Kind:           autonomous',
      '    Model:          opus',
      '    Usage:          3 turns · 1.2k tokens in · 300 tokens out · 20 of them for reasoning · 1 tool call · $0.0123',
      '    Folder:         /work/app',
      '    Worktree:       /work/app',
      '    Permissions:    Ask first. The agent asks before it changes files or runs commands.',
      '    Attempt:        2',
      '    Restart of:     agent-z',
      '    Resumed from:   agent-y',
      '    Actor chain:    you › root › login-flow',
      '',
      'Record',
      '    Elapsed:        2m from the order to start to the end',
      '    Feed number:    7',
      '    Skipped inputs: 1',
      '',
      'Prompt',
      '    Fix it.',
      '    Now',
      '',
      'Artifacts',
      '    patch  /work/app/a.patch  T7',
      '',
      'History',
      '    T1  you registered: driver=claude, nested=(deep=(1, …))',
      '    T2  you prompt: text=go on, result=typed',
      '',
    ]);
  });

  it('keeps every line of the state in its place when the session ends', () => {
    const labels = (over: Parameters<typeof view>[0]) =>
      inspectDocument(t, { view: view(over), chain: [], history: [], now, formatTime }).split('\n').filter((line) => line.startsWith('    ')).map((line) => line.slice(0, 16));
    deepStrictEqual(labels({}).slice(0, 24), labels({ ...ended('failed'), outcome: { type: 'failed', error: 'exited with code 3', exitCode: 3 }, startedAt: 1 }).slice(0, 24));
  });

  it('shows the exit code and the error, the newest history, and what it left out', () => {
    const document = inspectDocument(t, {
      view: view({ ...ended('failed'), outcome: { type: 'failed', error: 'exited with code 3', exitCode: 3 } }),
      chain: ['a'],
      mark: 'orphan',
      history: Array.from({ length: maxHistoryLines + 2 }, (_, index) => entry(index + 1)),
      now,
      formatTime,
    });
    const lines = document.split('\n');
    const history = lines.slice(lines.indexOf('History') + 1, -1);
    deepStrictEqual(
      [lines.find((line) => line.includes('Outcome')), lines.find((line) => line.includes('chain')), history.length, history[0], history.at(-1)],
      [
        '    Outcome:        failed: exit code 3 · exited with code 3',
        '    Actor chain:    you › a (its parent is not known any more)',
        maxHistoryLines + 1,
        '    … 2 earlier entries',
        '    T202  you prompt: text=go on, result=typed',
      ],
    );
  });

  it('has a URI whose path is safe and whose query is the session', () => {
    deepStrictEqual(inspectUri(view({ name: '../a/b:c' })), { scheme: 'agent-fleet', path: '/..-a-b-c.txt', query: 'agent-a' });
  });

  it('says of a session that it left the list, or came from elsewhere', () => {
    const document = inspectDocument(t, { view: view({ ...ended('failed'), channel: 'external' }), chain: [], history: [], now, formatTime, evicted: true });
    deepStrictEqual(document.split('\n').filter((line) => /Status:|Driver:/.test(line)).map((line) => line.trim().replace(/ +/g, ' ')), ['Status: failed, no longer in the list', 'Driver: Claude Code (claude) · external']);
  });
});
