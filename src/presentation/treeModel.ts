import { validActions, type SessionAction } from '../core/actions.ts';
import { actorChain } from '../core/actorChain.ts';
import { groupContextValue, sessionContextValue } from './contributions.ts';
import { compareIds, familyOf, oldestFirst, type Family, type FamilyMark } from './family.ts';
import { groupIds, groupOf, type GroupId } from './phase.ts';
import { sessionAria, sessionDescription } from './sessionRow.ts';
import { sessionLook } from './sessionLook.ts';
import type { SessionView } from './sessionView.ts';
import type { Translate } from './translate.ts';
import { rowText } from './untrustedText.ts';

/** A heading of the tree. */
export interface GroupNode {
  readonly kind: 'group';
  readonly id: `group:${GroupId}`;
  readonly group: GroupId;
  readonly label: string;
  /** How many sessions are in this state, shown behind the label. */
  readonly description: string;
  readonly ariaLabel: string;
  readonly contextValue: string;
  readonly children: readonly SessionNode[];
}

/** A session in the tree. Its tooltip is made when it is asked for: see `sessionTooltip`. */
export interface SessionNode {
  readonly kind: 'session';
  readonly id: `session:${string}`;
  readonly sessionId: string;
  readonly label: string;
  readonly description: string;
  /** Codicon id. */
  readonly icon: string;
  /** Theme colour id. */
  readonly color?: string;
  readonly ariaLabel: string;
  readonly contextValue: string;
  readonly children: readonly SessionNode[];
}

export type FleetNode = GroupNode | SessionNode;

export interface TreeModel {
  readonly groups: readonly GroupNode[];
  /** Every node by its id. */
  readonly nodes: ReadonlyMap<string, FleetNode>;
  /** The id of each session node's parent node. */
  readonly parents: ReadonlyMap<string, string>;
}

export const emptyTree: TreeModel = { groups: [], nodes: new Map(), parents: new Map() };

/** The tree id of a session. */
export function sessionNodeId(sessionId: string): `session:${string}` {
  return `session:${sessionId}`;
}

/**
 * The tree of a fleet.
 *
 * Place: a session stands under the one that spawned it, wherever that is; one that was resumed, under its origin. Two exceptions, both so that nothing
 * important is hidden below a collapsed row:
 * - a session that needs a person stands by itself in "Needs you", with the name of its parent; the rows that it spawned
 *   come with it, and its parent says how many sub-agents need the person;
 * - a finished session with an active descendant stands in "Active", so that no running agent is listed under "Finished".
 *
 * Order: "Needs you" longest wait first; "Active" newest start first, which no signal can change; "Finished" newest end first;
 * children in the order in which they were spawned.
 *
 * The number of a group counts sessions by their own state, so that it agrees with the status bar.
 */
export function buildTree(t: Translate, views: readonly SessionView[], now: number): TreeModel {
  const family = familyOf(views);
  const lifted = new Set([...family.views.values()].filter((view) => groupOf(view) === 'attention').map((view) => view.session.id));
  const tops: Record<GroupId, SessionView[]> = { attention: [], active: [], finished: [] };
  for (const view of family.views.values()) {
    const { id } = view.session;
    if (lifted.has(id)) tops.attention.push(view);
    else if (!family.parents.has(id)) tops[hasActive(view, family, lifted) ? 'active' : 'finished'].push(view);
  }
  tops.attention.sort(longestWaitFirst);
  tops.active.sort((a, b) => oldestFirst(b, a));
  tops.finished.sort(newestEndFirst);

  const nodes = new Map<string, FleetNode>();
  const parents = new Map<string, string>();
  const place = (view: SessionView, parent: string): SessionNode => {
    const id = sessionNodeId(view.session.id);
    parents.set(id, parent);
    const own = family.children.get(view.session.id) ?? [];
    const children = own.filter((child) => !lifted.has(child.session.id)).map((child) => place(child, id));
    const node = sessionNode(t, view, now, { id, children, ...relatives(family, view, lifted) });
    nodes.set(id, node);
    return node;
  };
  const groups: GroupNode[] = [];
  for (const group of groupIds) {
    if (tops[group].length === 0) continue;
    const count = [...family.views.values()].filter((view) => groupOf(view) === group).length;
    const id = `group:${group}` as const;
    const node: GroupNode = {
      kind: 'group',
      id,
      group,
      label: groupLabel(t, group),
      description: String(count),
      ariaLabel: count === 1 ? t('{0}, 1 session', groupLabel(t, group)) : t('{0}, {1} sessions', groupLabel(t, group), count),
      contextValue: groupContextValue(group),
      children: tops[group].map((view) => place(view, id)),
    };
    nodes.set(id, node);
    groups.push(node);
  }
  return { groups, nodes, parents };
}

/** The names from the root of the actor chain down to the session. */
export function chainNames(views: readonly SessionView[], sessionId: string): readonly string[] {
  const sessions = views.map((view) => view.session);
  return actorChain(sessions, sessionId).map((session) => rowText(session.name));
}

/** Why a session that names a parent has none in the tree. */
export function familyMark(views: readonly SessionView[], sessionId: string): FamilyMark | undefined {
  return familyOf(views).marks.get(sessionId);
}

/** The actions of a row, in the order of the table in `actions.ts`. */
export function rowActions(view: SessionView): ReadonlySet<SessionAction> {
  return validActions(view.session, {
    hasTerminal: view.hasTerminal,
    elsewhere: view.elsewhere,
    canChange: view.canChange,
    liveness: view.liveness,
    ...(view.provesPrompts === undefined ? {} : { provesPrompts: view.provesPrompts }),
  });
}

interface Relatives {
  readonly mark?: FamilyMark;
  /** Name of the parent, when the row does not stand under it. */
  readonly under?: string;
  /** Children that were moved to "Needs you". */
  readonly needyChildren: number;
}

function relatives(family: Family, view: SessionView, lifted: ReadonlySet<string>): Relatives {
  const { id } = view.session;
  const mark = family.marks.get(id);
  const parent = lifted.has(id) ? family.parents.get(id) : undefined;
  const parentName = parent === undefined ? undefined : family.views.get(parent)?.session.name;
  return {
    ...(mark === undefined ? {} : { mark }),
    ...(parentName === undefined ? {} : { under: parentName }),
    needyChildren: (family.children.get(id) ?? []).filter((child) => lifted.has(child.session.id)).length,
  };
}

function sessionNode(
  t: Translate,
  view: SessionView,
  now: number,
  place: Relatives & { readonly id: `session:${string}`; readonly children: readonly SessionNode[] },
): SessionNode {
  const look = sessionLook(t, view, now);
  return {
    kind: 'session',
    id: place.id,
    sessionId: view.session.id,
    label: rowText(view.session.name),
    description: sessionDescription(t, view, look, now, place),
    icon: look.icon,
    ...(look.color === undefined ? {} : { color: look.color }),
    ariaLabel: sessionAria(t, view, look, now, place),
    contextValue: sessionContextValue(rowActions(view)),
    children: place.children,
  };
}

/** Whether a session, or one that stands below it, is active and not in "Needs you". */
function hasActive(view: SessionView, family: Family, lifted: ReadonlySet<string>): boolean {
  if (groupOf(view) === 'active') return true;
  return (family.children.get(view.session.id) ?? []).some((child) => !lifted.has(child.session.id) && hasActive(child, family, lifted));
}

/** The heading of a group. */
export function groupLabel(t: Translate, group: GroupId): string {
  switch (group) {
    case 'attention': return t('Needs you');
    case 'active': return t('Active');
    case 'finished': return t('Finished');
  }
}

function longestWaitFirst(a: SessionView, b: SessionView): number {
  return (a.session.signal?.at ?? 0) - (b.session.signal?.at ?? 0) || compareIds(a, b);
}

function newestEndFirst(a: SessionView, b: SessionView): number {
  return endOf(b) - endOf(a) || compareIds(a, b);
}

function endOf(view: SessionView): number {
  return view.session.completedAt ?? view.session.lastActivityAt;
}
