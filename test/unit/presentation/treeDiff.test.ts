import { deepStrictEqual } from 'node:assert/strict';
import type { SessionView } from '../../../src/presentation/sessionView.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';
import { diffTree } from '../../../src/presentation/treeDiff.ts';
import { buildTree } from '../../../src/presentation/treeModel.ts';
import { ended, member, minute, now, signal } from './fixtures.ts';

function diff(before: readonly SessionView[], after: readonly SessionView[], later = now): string[] {
  const result = diffTree(buildTree(t, before, now), buildTree(t, after, later));
  return result.type === 'nodes' ? result.nodes.map((node) => node.id) : [result.type];
}

describe('presentation/treeDiff', () => {
  const a = member('a', { createdAt: 0 });
  const b = member('b', { parentId: 'a', createdAt: 2 });

  it('repaints nothing when nothing shows', () => {
    deepStrictEqual(diff([a, b], [member('a', { createdAt: 0, lastActivityAt: 7 }), b], now + 1), ['none']);
  });

  it('repaints one row when only that row changed', () => {
    deepStrictEqual(diff([a, b], [a, member('b', { parentId: 'a', createdAt: 2, signal: signal('working') })]), ['session:b']);
  });

  it('repaints the rows whose minute changed, the child with its parent', () => {
    deepStrictEqual(diff([a, b, member('z', ended('failed'))], [a, b, member('z', ended('failed'))], now + minute), ['session:a']);
  });

  it('repaints the parent that got a child', () => {
    deepStrictEqual(diff([a, b], [a, b, member('c', { parentId: 'b', createdAt: 3, ...ended('completed') })]), ['session:b']);
  });

  it('repaints a group that lost a row', () => {
    const x = member('x', { createdAt: 3 });
    deepStrictEqual(diff([a, x], [a]), ['group:active']);
  });

  it('repaints everything when a row moved to another parent or a group came or went', () => {
    const done = member('done', ended('failed'));
    const x = member('x', { createdAt: 3 });
    deepStrictEqual(
      [
        diff([a, x, done], [a, member('x', { createdAt: 3, ...ended('completed') }), done]),
        diff([a], [a, member('y', { signal: signal('needs_answer') })]),
        diff([a], []),
      ],
      [['all'], ['all'], ['all']],
    );
  });
});
