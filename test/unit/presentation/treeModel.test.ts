import { deepStrictEqual } from 'node:assert/strict';
import type { SessionView } from '../../../src/presentation/sessionView.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { buildTree, chainNames, familyMark, type SessionNode } from '../../../src/presentation/treeModel.ts';
import { ended, member, minute, now, signal } from './fixtures.ts';

/** The tree as indented lines. */
function outline(views: readonly SessionView[]): string[] {
  const lines = (nodes: readonly SessionNode[], depth: number): string[] =>
    nodes.flatMap((node) => [`${'  '.repeat(depth)}${node.label}`, ...lines(node.children, depth + 1)]);
  return buildTree(t, views, now).groups.flatMap((group) => [`${group.label} ${group.description}`, ...lines(group.children, 1)]);
}

const permission = (agoMs: number) => ({ signal: signal('needs_permission', 'npm publish', { at: now - agoMs }) });

describe('presentation/treeModel', () => {
  it('shows nothing for an empty fleet', () => {
    deepStrictEqual(outline([]), []);
  });

  it('groups and orders: longest wait, newest start, newest end', () => {
    deepStrictEqual(
      outline([
        member('old', { createdAt: 1 }),
        member('new', { createdAt: 2, lastActivityAt: 0 }),
        member('short', permission(minute)),
        member('long', permission(3 * minute)),
        member('first', ended('completed', 10)),
        member('last', ended('failed', 20)),
        member('broken', { status: 'unknown', lastActivityAt: 5 }),
      ]),
      ['Needs you 2', '  long', '  short', 'Active 2', '  new', '  old', 'Finished 3', '  last', '  first', '  broken'],
    );
  });

  it('puts children under their parent, oldest first, wherever the parent is', () => {
    deepStrictEqual(
      outline([
        member('root', { createdAt: 1 }),
        member('b', { parentId: 'root', createdAt: 3 }),
        member('a', { parentId: 'root', createdAt: 2, ...ended('completed') }),
        member('leaf', { parentId: 'b', createdAt: 4 }),
      ]),
      ['Active 3', '  root', '    a', '    b', '      leaf'],
    );
  });

  it('lists a finished parent with an active child under Active, counts staying true', () => {
    deepStrictEqual(outline([member('root', ended('completed')), member('child', { parentId: 'root' }), member('other', ended('failed'))]), [
      'Active 1', '  root', '    child', 'Finished 2', '  other',
    ]);
  });

  it('lifts a child that needs a person out of its parent, with what it spawned', () => {
    const views = [
      member('root', { createdAt: 1 }),
      member('mid', { parentId: 'root', createdAt: 2, ...permission(minute) }),
      member('leaf', { parentId: 'mid', createdAt: 3 }),
      member('deep', { parentId: 'leaf', createdAt: 4, ...permission(2 * minute) }),
    ];
    const tree = buildTree(t, views, now);
    const descriptions = ['root', 'mid', 'leaf'].map((id) => tree.nodes.get(`session:${id}`)?.description);
    deepStrictEqual([outline(views), descriptions], [
      ['Needs you 2', '  deep', '  mid', '    leaf', 'Active 2', '  root'],
      [
        'no signal · 1 sub-agent needs you · Claude Code · 1h 39m',
        'wants to run `npm publish` · under root · Claude Code · 1h 39m',
        'no signal · 1 sub-agent needs you · Claude Code · 1h 39m',
      ],
    ]);
  });

  it('moves an orphan to the root with a mark', () => {
    const views = [member('lost', { parentId: 'nobody' })];
    deepStrictEqual([outline(views), familyMark(views, 'lost'), buildTree(t, views, now).nodes.get('session:lost')?.description], [
      ['Active 1', '  lost'], 'orphan', 'no signal · parent not known · Claude Code · 4m',
    ]);
  });

  it('cuts a loop at its oldest member', () => {
    const views = [
      member('a', { parentId: 'b', createdAt: 2 }),
      member('b', { parentId: 'a', createdAt: 1 }),
      member('self', { parentId: 'self', createdAt: 0 }),
      member('tail', { parentId: 'a', createdAt: 3 }),
    ];
    deepStrictEqual([outline(views), familyMark(views, 'b'), familyMark(views, 'self'), chainNames(views, 'tail')], [
      ['Active 4', '  b', '    a', '      tail', '  self'], 'loop', 'loop', ['b', 'a', 'tail'],
    ]);
  });

  it('L15: puts a resumed session under its origin, also when somebody spawned both; the actor chain names who spawned it', () => {
    const views = [
      member('root', { createdAt: 1 }),
      member('first', { parentId: 'root', createdAt: 2, ...ended('failed') }),
      member('second', { parentId: 'root', resumedFrom: 'first', createdAt: 3 }),
      member('third', { resumedFrom: 'second', createdAt: 4 }),
      member('stray', { resumedFrom: 'cleared', createdAt: 0 }),
      member('again', { restartOf: 'first', attempt: 2, createdAt: 5 }),
    ];
    deepStrictEqual(outline(views), ['Active 5', '  again', '  root', '    first', '      second', '        third', '  stray']);
    deepStrictEqual([chainNames(views, 'second'), chainNames(views, 'third'), familyMark(views, 'stray')], [['root', 'second'], ['third'], undefined]);
    deepStrictEqual(buildTree(t, views, now).nodes.get('session:third')?.description, 'no signal · resumed · Claude Code · 1h 39m');
  });

  it('U3: children stand under the agent that they name by its key; a loop over origin and parent is cut', () => {
    const views = [member('mother', { actorKey: 'k', createdAt: 1 }), member('child', { parentActorKey: 'k', createdAt: 2 }), member('a', { resumedFrom: 'b', createdAt: 3 }), member('b', { parentId: 'a', createdAt: 4 })];
    deepStrictEqual([outline(views), familyMark(views, 'a')], [['Active 4', '  a', '    b', '  mother', '    child'], 'loop']);
  });

  it('L16: says when a failed session is tried again, and when it is not any more', () => {
    const text = (over: Partial<SessionView['session']>) => buildTree(t, [member('x', { ...ended('failed'), outcome: { type: 'failed', error: 'e', exitCode: 3 }, ...over })], now).nodes.get('session:x')?.description;
    deepStrictEqual([text({ retryAt: now + 4000 }), text({ retryAt: now + 3 * minute }), text({ retryAt: now - 1 }), text({ escalatedAt: 1, attempt: 3 }), text({ escalatedAt: 1 })], [
      'failed: exit code 3 · tries again in <1m · Claude Code · 4m',
      'failed: exit code 3 · tries again in 3m · Claude Code · 4m',
      'failed: exit code 3 · tries again now · Claude Code · 4m',
      'failed: exit code 3 · attempt 3 · not tried again after 3 attempts · Claude Code · 4m',
      'failed: exit code 3 · not tried again · Claude Code · 4m',
    ]);
  });

  it('says everything of a row in its label, description, aria text and context value', () => {
    const [group] = buildTree(t, [member('login-flow', { ...permission(4000), attempt: 2, spec: { policy: 'bypass', cwd: '/w' }, artifacts: [{ path: '/w/a', kind: 'log', at: 1 }] })], now).groups;
    deepStrictEqual(group, {
      kind: 'group',
      id: 'group:attention',
      group: 'attention',
      label: 'Needs you',
      description: '1',
      ariaLabel: 'Needs you, 1 session',
      contextValue: 'group;attention;',
      children: [
        {
          kind: 'session',
          id: 'session:login-flow',
          sessionId: 'login-flow',
          label: 'login-flow',
          description: 'wants to run `npm publish` · no permission checks · attempt 2 · Claude Code · 4m',
          icon: 'warning',
          color: 'list.warningForeground',
          ariaLabel: 'login-flow, needs permission, wants to run npm publish, no permission checks, attempt 2, Claude Code, running for 4 minutes',
          contextValue: 'session;reveal;interrupt;complete;cancel;retire;inspect;openArtifact;',
          children: [],
        },
      ],
    });
  });

  it('tells progress and a waiting prompt, and the span of an ended session to the second', () => {
    const tree = buildTree(t, [
      member('busy', { signal: signal('working'), progress: { count: 2, percent: 39.6, at: 1 }, promptToType: 'go' }),
      member('spike', { ...ended('cancelled'), createdAt: now - 30_000, outcome: { type: 'cancelled' } }),
    ], now);
    deepStrictEqual(['busy', 'spike'].map((id) => tree.nodes.get(`session:${id}`)?.description), [
      'working · 40% done · 1 prompt queued · Claude Code · 4m',
      'cancelled by you · Claude Code · 30s',
    ]);
  });

  it('marks what somebody else runs', () => {
    deepStrictEqual(buildTree(t, [member('helper', { channel: 'external', signal: signal('working') })], now).nodes.get('session:helper')?.description, 'working · external · Claude Code · 4m');
  });

  it('keeps ids when name and state change', () => {
    const ids = (views: readonly SessionView[]) => [...buildTree(t, views, now).nodes.keys()];
    deepStrictEqual(ids([member('a', { name: 'renamed', signal: signal('idle') })]), ids([member('a')]));
  });

  it('manages two hundred sessions, one below the other', () => {
    const views = Array.from({ length: 200 }, (_, index) => member(`s${index}`, index === 0 ? { createdAt: 0 } : { parentId: `s${index - 1}`, createdAt: index }));
    deepStrictEqual([buildTree(t, views, now).nodes.size, chainNames(views, 's199').length], [201, 200]);
  });
});
