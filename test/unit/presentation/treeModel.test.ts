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
          contextValue: 'session;reveal;interrupt;complete;cancel;inspect;openArtifact;',
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

  it('keeps ids when name and state change', () => {
    const ids = (views: readonly SessionView[]) => [...buildTree(t, views, now).nodes.keys()];
    deepStrictEqual(ids([member('a', { name: 'renamed', signal: signal('idle') })]), ids([member('a')]));
  });

  it('manages two hundred sessions, one below the other', () => {
    const views = Array.from({ length: 200 }, (_, index) => member(`s${index}`, index === 0 ? { createdAt: 0 } : { parentId: `s${index - 1}`, createdAt: index }));
    deepStrictEqual([buildTree(t, views, now).nodes.size, chainNames(views, 's199').length], [201, 200]);
  });
});
