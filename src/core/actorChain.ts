import { byRecency } from './lookups.ts';
import type { Session } from './session.ts';

/** Who spawned whom, made safe: every session has one place, and walking up always ends. */
export interface ActorForest {
  /** The parent's id of each session that has one here. */
  readonly parents: ReadonlyMap<string, string>;
  /** Sessions that name a parent which is not here: roots of their own. */
  readonly orphans: ReadonlySet<string>;
  /** The oldest session of each loop (only a damaged record holds one): the loop is cut there, and it becomes a root. */
  readonly loops: ReadonlySet<string>;
}

/**
 * The parents of all sessions, the ended ones included (heddle actor chain, seed row U3). Our own record (`parentId`) goes
 * before the agent's key for its parent: what is known goes before what was detected.
 */
export function actorForest(sessions: readonly Session[]): ActorForest {
  const byId = new Map(sessions.map((session) => [session.id, session]));
  const byKey = groupByKey(byId.values());
  const parents = new Map<string, string>();
  const orphans = new Set<string>();
  for (const session of byId.values()) {
    const parent = parentOf(session, byId, byKey);
    if (parent !== undefined) parents.set(session.id, parent);
    else if (session.parentId !== undefined || keyOfParent(session) !== undefined) orphans.add(session.id);
  }
  return { parents, orphans, loops: cutLoops(byId, parents) };
}

/** The sessions from the root of the actor chain down to the session itself; empty when the session is not here (heddle). */
export function actorChain(sessions: readonly Session[], id: string, forest = actorForest(sessions)): readonly Session[] {
  const byId = new Map(sessions.map((session) => [session.id, session]));
  const chain: Session[] = [];
  for (let at = byId.get(id); at !== undefined; at = byId.get(forest.parents.get(at.id) ?? '')) chain.push(at);
  return chain.reverse();
}

function parentOf(session: Session, byId: ReadonlyMap<string, Session>, byKey: ReadonlyMap<string, readonly Session[]>): string | undefined {
  if (session.parentId !== undefined && byId.has(session.parentId)) return session.parentId;
  const key = keyOfParent(session);
  const named = key === undefined ? undefined : byKey.get(key);
  // Several attempts of one agent share its key: the parent is the newest that was there when the child was made.
  return (named?.find((parent) => parent.createdAt <= session.createdAt) ?? named?.at(-1))?.id;
}

/** An agent that names itself as its parent names none. */
function keyOfParent(session: Session): string | undefined {
  return session.parentActorKey === session.actorKey ? undefined : session.parentActorKey;
}

/** Per actor key, the newest session first. */
function groupByKey(sessions: Iterable<Session>): ReadonlyMap<string, readonly Session[]> {
  const groups = new Map<string, Session[]>();
  for (const session of sessions) {
    if (session.actorKey === undefined) continue;
    const group = groups.get(session.actorKey);
    if (group === undefined) groups.set(session.actorKey, [session]);
    else group.push(session);
  }
  for (const group of groups.values()) group.sort((a, b) => b.createdAt - a.createdAt || byRecency(a, b));
  return groups;
}

function cutLoops(byId: ReadonlyMap<string, Session>, parents: Map<string, string>): ReadonlySet<string> {
  const loops = new Set<string>();
  const safe = new Set<string>();
  for (const start of byId.keys()) {
    const path: string[] = [];
    const seen = new Set<string>();
    let at: string | undefined = start;
    while (at !== undefined && !safe.has(at) && !seen.has(at)) {
      seen.add(at);
      path.push(at);
      at = parents.get(at);
    }
    if (at !== undefined && seen.has(at)) {
      const loop = path.slice(path.indexOf(at)).flatMap((id) => byId.get(id) ?? []);
      const oldest = loop.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))[0]?.id ?? at;
      parents.delete(oldest);
      loops.add(oldest);
    }
    for (const id of path) safe.add(id);
  }
  return loops;
}
