import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import type { Session } from './session.ts';

/** The errors of look-ups and of worktree reservations. Each message is a sentence for the user. */

/** Fewest characters of an id prefix, `agent-` not counted (zeph resume, seed row L15). */
export const minPrefixLength = 4;

export function badPrefix(prefix: string): FleetError<'BadPrefix'> {
  return new FleetError(
    'BadPrefix',
    `“${shown(prefix)}” is not the beginning of a session id. Give at least ${minPrefixLength} letters, digits, - or _ of it, with or without agent- before them.`,
    { details: { prefix } },
  );
}

export function prefixNotFound(prefix: string): FleetError<'NotFound'> {
  return new FleetError('NotFound', `No session id begins with “${shown(prefix)}”. The session may have been cleared.`, { details: { prefix } });
}

export function ambiguousId(prefix: string, n: number): FleetError<'AmbiguousId'> {
  return new FleetError('AmbiguousId', `“${shown(prefix)}” is the beginning of ${n} session ids. Give more characters of the one you mean.`, { details: { prefix, n } });
}

/** For those who would rather throw than look at a `liveOwner` outcome (heddle: the flat shape of try_reserve). */
export function worktreeTaken(owner: Session): FleetError<'LiveOwner'> {
  return new FleetError(
    'LiveOwner',
    `“${shown(owner.name)}” works in ${shown(owner.worktree ?? owner.spec.cwd, 200)} already. Show it, end it, or choose another worktree.`,
    { details: { sessionId: owner.id, name: owner.name, status: owner.status, worktree: owner.worktree } },
  );
}

/** A session that is proven alive cannot be released: there would be two writers. */
export function ownerAlive(owner: Session): FleetError<'OwnerAlive'> {
  return new FleetError('OwnerAlive', `“${shown(owner.name)}” is alive, so its worktree is not free. End it first.`, { details: { id: owner.id, status: owner.status } });
}

function shown(text: string, max = 60): string {
  return oneLine(text, max);
}
