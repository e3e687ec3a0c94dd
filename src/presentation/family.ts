import { actorForest } from '../core/actorChain.ts';
import type { Session } from '../core/session.ts';
import type { SessionView } from './sessionView.ts';

/** Why a session that names a parent stands on its own. */
export type FamilyMark = 'orphan' | 'loop';

/** Who stands under whom, made safe: every session has one place, and walking up always ends. */
export interface Family {
  readonly views: ReadonlyMap<string, SessionView>;
  /** What each session stands under, if it does. */
  readonly parents: ReadonlyMap<string, string>;
  /** The sessions under each one, oldest first. */
  readonly children: ReadonlyMap<string, readonly SessionView[]>;
  readonly marks: ReadonlyMap<string, FamilyMark>;
}

/**
 * The family of all sessions: each one stands under the session whose conversation it goes on with (seed row L15), or else under the one that
 * spawned it. A session whose parent is not known becomes a root with the mark `orphan`. A loop (only a damaged record can hold one)
 * is cut at its oldest member, which becomes a root with the mark `loop`.
 */
export function familyOf(views: readonly SessionView[]): Family {
  const byId = new Map(views.map((view) => [view.session.id, view]));
  const { parents, orphans, loops } = actorForest([...byId.values()].map(({ session }) => underOrigin(session, byId)));
  const marks = new Map<string, FamilyMark>();
  for (const id of orphans) marks.set(id, 'orphan');
  for (const id of loops) marks.set(id, 'loop');
  const children = new Map<string, SessionView[]>();
  for (const view of [...byId.values()].sort(oldestFirst)) {
    const parent = parents.get(view.session.id);
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [view]);
    else siblings.push(view);
  }
  return { views: byId, parents, children, marks };
}

/** The oldest session first; ids decide between equals, so that the order is the same every time. */
export function oldestFirst(a: SessionView, b: SessionView): number {
  return a.session.createdAt - b.session.createdAt || compareIds(a, b);
}

export function compareIds(a: SessionView, b: SessionView): number {
  return a.session.id < b.session.id ? -1 : a.session.id > b.session.id ? 1 : 0;
}

/** A resumed session with its origin in the place of its parent, if the origin is in the list. */
function underOrigin(session: Session, byId: ReadonlyMap<string, SessionView>): Session {
  const { resumedFrom } = session;
  return resumedFrom === undefined || !byId.has(resumedFrom) ? session : { ...session, parentId: resumedFrom };
}
