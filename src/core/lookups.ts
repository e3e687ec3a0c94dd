import type { SessionQuery } from './ports.ts';
import { ambiguousId, badPrefix, minPrefixLength, prefixNotFound } from './lookupErrors.ts';
import { isActive, type Session } from './session.ts';

/** Finding sessions (heddle agent registry, seed rows S13, S14). Every list is new, newest first; nothing here changes a session. */

const idMark = 'agent-';
const idCharacters = /^[A-Za-z0-9_-]+$/;

/** The order of lists (seed row S14): newest last activity, then newest start (or order to start), then id. The same as the registry's own. */
export function byRecency(a: Session, b: Session): number {
  return b.lastActivityAt - a.lastActivityAt || startOf(b) - startOf(a) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The sessions that `query` asks for; no limit, or 0, means all (zeph list). */
export function selectSessions(sessions: readonly Session[], query: SessionQuery = {}): readonly Session[] {
  const { status, parentId, limit = 0 } = query;
  const found = newest(sessions, (session) => (status?.includes(session.status) ?? true) && (parentId === undefined || session.parentId === parentId));
  return limit > 0 ? found.slice(0, limit) : found;
}

/** Active sessions that are the writers of a worktree, given by its real path: rows hold real paths, too. */
export function activeByWorktree(sessions: readonly Session[], realPath: string): readonly Session[] {
  return newest(sessions, (session) => isActive(session.status) && session.worktree === realPath);
}

/**
 * Active sessions whose agent calls itself `key`. With `root` (a real path) only those that work there: an instance key is
 * unique in its root only (heddle native instance key).
 */
export function activeByActorKey(sessions: readonly Session[], key: string, root?: string): readonly Session[] {
  return newest(sessions, (session) => isActive(session.status) && session.actorKey === key && (root === undefined || rootOf(session) === root));
}

/** Active sessions of the instance that a client named so. */
export function activeByClientInstance(sessions: readonly Session[], clientInstanceId: string): readonly Session[] {
  return newest(sessions, (session) => isActive(session.status) && session.clientInstanceId === clientInstanceId);
}

/** Active sessions that this session spawned. */
export function activeByParent(sessions: readonly Session[], parentId: string): readonly Session[] {
  return newest(sessions, (session) => isActive(session.status) && session.parentId === parentId);
}

/**
 * The one session, ended or not, whose id begins so; `agent-` may be left out (zeph resume, seed row L15). A whole id is never ambiguous.
 * @throws FleetError `BadPrefix`, `NotFound`, `AmbiguousId` with `{prefix, n}`.
 */
export function findByIdPrefix(sessions: readonly Session[], prefix: string): Session {
  const wanted = prefix.trim();
  const whole = sessions.find((session) => session.id === wanted) ?? sessions.find((session) => session.id === idMark + wanted);
  if (whole !== undefined) return whole;
  if (!idCharacters.test(wanted) || withoutMark(wanted).length < minPrefixLength) throw badPrefix(wanted);
  const isMarked = wanted.startsWith(idMark);
  const found = sessions.filter(({ id }) => (isMarked ? id : withoutMark(id)).startsWith(wanted));
  const [only] = found;
  if (only === undefined) throw prefixNotFound(wanted);
  if (found.length > 1) throw ambiguousId(wanted, found.length);
  return only;
}

/** A session id without `agent-`. */
export function withoutMark(id: string): string {
  return id.startsWith(idMark) ? id.slice(idMark.length) : id;
}

/** Where a session works: its worktree, or the folder of one that holds none. */
function rootOf(session: Session): string {
  return session.worktree ?? session.spec.cwd;
}

function startOf(session: Session): number {
  return session.startedAt ?? session.createdAt;
}

function newest(sessions: readonly Session[], accept: (session: Session) => boolean): readonly Session[] {
  return sessions.filter(accept).sort(byRecency);
}
