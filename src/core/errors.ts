import { FleetError } from '../base/errors.ts';
import type { Session, SessionKind } from './session.ts';

/**
 * The errors of the registry (meerkat ops lifecycle, seed row L2) and of what people ask of it.
 * Each message is a sentence for the user. `InvalidTransition` is made by the lifecycle table.
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

/** Only child agents are handed over to a peer. */
export function peerNotExpected(id: string, kind: SessionKind): FleetError<'PeerNotExpected'> {
  return new FleetError('PeerNotExpected', `Session ${id} is no child agent: it has no peer to hand over.`, { details: { id, kind } });
}

export function alreadyPeerReady(id: string): FleetError<'AlreadyPeerReady'> {
  return new FleetError('AlreadyPeerReady', `Session ${id} has said already how it is reached.`, { details: { id } });
}

/** What a child agent says about how it is reached cannot be used. */
export function invalidPeer(id: string, why: string): FleetError<'InvalidPeer'> {
  return new FleetError('InvalidPeer', `The address of session ${id} cannot be used: ${why}.`, { details: { id, why } });
}

/** One wait for several sessions at a time. `waitRequestId` is the wait that is under way. */
export function waitAlreadyActive(waitRequestId: string): FleetError<'WaitAlreadyActive'> {
  return new FleetError('WaitAlreadyActive', 'The fleet is being waited for already. Let that wait end, or cancel it.', { details: { waitRequestId } });
}

export function duplicateWaitOperation(id: string): FleetError<'DuplicateWaitOperation'> {
  return new FleetError('DuplicateWaitOperation', `Session ${id} is named twice in what is to be waited for. Name it once.`, { details: { id } });
}

export function waitNotActive(waitRequestId: string): FleetError<'WaitNotActive'> {
  return new FleetError('WaitNotActive', `The wait ${waitRequestId} is not under way. It may have ended.`, { details: { waitRequestId } });
}

/** Somebody gave up waiting. `cause` is the reason of the abort signal, if one was used. */
export function waitCancelled(details: { waitRequestId: string } | { afterSeq: number }, cause?: unknown): FleetError<'WaitCancelled'> {
  return new FleetError('WaitCancelled', 'The wait was cancelled.', { details, cause });
}

/** The watched session was forgotten before it ended. Never a made-up outcome (meerkat at HEAD: ChannelClosed). */
export function watchDropped(id: string, cause?: unknown): FleetError<'WatchDropped'> {
  return new FleetError('WatchDropped', `Session ${id} was forgotten before anyone saw how it ended.`, { details: { id }, cause });
}

export function unsupported(what: string): FleetError<'Unsupported'> {
  return new FleetError('Unsupported', `This fleet does not support ${what}.`, { details: { what } });
}

/** The registry contradicts itself. */
export function internal(what: string, details: Record<string, unknown> = {}): FleetError<'Internal'> {
  return new FleetError('Internal', `Agent Fleet made a mistake: ${what}. Please report it.`, { details: { ...details, what } });
}
