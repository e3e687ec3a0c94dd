import { FleetError } from '../base/errors.ts';
import type { Session } from './session.ts';

/**
 * The errors of the registry (meerkat ops lifecycle, seed row L2) and of what people ask of it.
 * Each message is a sentence for the user.
 */

export function notFound(id: string): FleetError<'NotFound'> {
  return new FleetError('NotFound', `There is no session ${id}. It may have been cleared.`, { details: { id } });
}

export function alreadyRegistered(id: string): FleetError<'AlreadyRegistered'> {
  return new FleetError('AlreadyRegistered', `A session ${id} is registered already.`, { details: { id } });
}

export function maxConcurrentExceeded(limit: number, active: number): FleetError<'MaxConcurrentExceeded'> {
  return new FleetError(
    'MaxConcurrentExceeded',
    `${active} of at most ${limit} sessions are active. End one, or raise the setting agentFleet.maxConcurrent.`,
    { details: { limit, active } },
  );
}

export function nameTaken(name: string): FleetError<'NameTaken'> {
  return new FleetError('NameTaken', `An active session is called “${name}” already. Choose another name.`, { details: { name } });
}

/** Why a session cannot take what was asked of it now. */
export function refused(session: Session, what: string, why: string): FleetError<'Refused'> {
  return new FleetError('Refused', `“${session.name}” ${what}: ${why}`, { details: { id: session.id, status: session.status } });
}
