import type { FleetNode, TreeModel } from './treeModel.ts';

/** What to repaint. */
export type TreeDiff =
  /** Nothing that shows has changed. */
  | { readonly type: 'none' }
  /** Rows that stay where they are: repaint these nodes of the new model, and with each what is below it. */
  | { readonly type: 'nodes'; readonly nodes: readonly FleetNode[] }
  /** The whole tree. */
  | { readonly type: 'all' };

/**
 * What must be repainted to get from one model to the next. When a row moved to another parent, or a group came
 * or went, it is the whole tree: the editor refuses an id that it meets under its new parent before it has
 * forgotten the old one. Ids keep expansion, selection and focus in any case.
 */
export function diffTree(before: TreeModel, after: TreeModel): TreeDiff {
  if (ids(before.groups) !== ids(after.groups)) return { type: 'all' };
  for (const [id, parent] of after.parents) {
    const old = before.parents.get(id);
    if (old !== undefined && old !== parent) return { type: 'all' };
  }
  const changed = new Set<string>();
  for (const [id, node] of after.nodes) {
    const old = before.nodes.get(id);
    if (old !== undefined && (face(old) !== face(node) || ids(old.children) !== ids(node.children))) changed.add(id);
  }
  if (changed.size === 0) return { type: 'none' };
  const nodes = [...changed].filter((id) => !hasChangedAncestor(id, after, changed)).flatMap((id) => after.nodes.get(id) ?? []);
  return { type: 'nodes', nodes };
}

/** Repainting a row repaints what is below it. */
function hasChangedAncestor(id: string, model: TreeModel, changed: ReadonlySet<string>): boolean {
  for (let at = model.parents.get(id); at !== undefined; at = model.parents.get(at)) {
    if (changed.has(at)) return true;
  }
  return false;
}

function ids(nodes: readonly FleetNode[]): string {
  return nodes.map((node) => node.id).join('\n');
}

/** Everything of a row that shows, without its children but with whether it has any. */
function face(node: FleetNode): string {
  const { children, ...rest } = node;
  return JSON.stringify([rest, children.length > 0]);
}
