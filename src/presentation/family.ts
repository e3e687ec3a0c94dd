import type { SessionView } from './sessionView.ts';

/** Why a session that names a parent stands on its own. */
export type FamilyMark = 'orphan' | 'loop';

/** Who spawned whom, made safe: every session has one place, and walking up always ends. */
export interface Family {
  readonly views: ReadonlyMap<string, SessionView>;
  /** The parent of each session that has one here. */
  readonly parents: ReadonlyMap<string, string>;
  /** The sessions that each one spawned, oldest first. */
  readonly children: ReadonlyMap<string, readonly SessionView[]>;
  readonly marks: ReadonlyMap<string, FamilyMark>;
}

/**
 * The family of all sessions. A session whose parent is not known becomes a root with the mark `orphan`.
 * A loop (only a damaged record can hold one) is cut at its oldest member, which becomes a root with the mark `loop`.
 */
export function familyOf(views: readonly SessionView[]): Family {
  const byId = new Map(views.map((view) => [view.session.id, view]));
  const parents = new Map<string, string>();
  const marks = new Map<string, FamilyMark>();
  for (const { session } of byId.values()) {
    if (session.parentId === undefined) continue;
    if (byId.has(session.parentId)) parents.set(session.id, session.parentId);
    else marks.set(session.id, 'orphan');
  }
  cutLoops(byId, parents, marks);
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

/** The ids from the root down to the session itself. */
export function chainOf(family: Family, id: string): readonly string[] {
  const chain = [id];
  for (let at = family.parents.get(id); at !== undefined; at = family.parents.get(at)) chain.unshift(at);
  return chain;
}

/** The oldest session first; ids decide between equals, so that the order is the same every time. */
export function oldestFirst(a: SessionView, b: SessionView): number {
  return a.session.createdAt - b.session.createdAt || compareIds(a, b);
}

export function compareIds(a: SessionView, b: SessionView): number {
  return a.session.id < b.session.id ? -1 : a.session.id > b.session.id ? 1 : 0;
}

function cutLoops(views: ReadonlyMap<string, SessionView>, parents: Map<string, string>, marks: Map<string, FamilyMark>): void {
  const safe = new Set<string>();
  for (const start of views.keys()) {
    const path: string[] = [];
    const seen = new Set<string>();
    let at: string | undefined = start;
    while (at !== undefined && !safe.has(at) && !seen.has(at)) {
      seen.add(at);
      path.push(at);
      at = parents.get(at);
    }
    if (at !== undefined && seen.has(at)) {
      const loop = path.slice(path.indexOf(at)).flatMap((id) => views.get(id) ?? []);
      const oldest = loop.sort(oldestFirst)[0]?.session.id ?? at;
      parents.delete(oldest);
      marks.set(oldest, 'loop');
    }
    for (const id of path) safe.add(id);
  }
}
