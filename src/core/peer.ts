import { oneLine } from '../base/text.ts';
import { alreadyPeerReady, invalidPeer, peerNotExpected } from './errors.ts';
import { kindOf, type Session, type SessionKind } from './session.ts';
import { transition } from './transitions.ts';

const maxName = 100;
const maxAddress = 512;

/** Whether a session of this kind is handed over to a peer (meerkat `expects_peer_channel`). */
export function expectsPeer(kind: SessionKind): boolean {
  return kind === 'child_agent';
}

/**
 * A child agent is ready and says how it is reached, once (meerkat ops lifecycle, seed row L18). Name and address come from outside:
 * they are kept as one plain line. An empty name becomes the session's own; an address is never cut, since it would be another one.
 * @param at epoch milliseconds
 * @throws FleetError, in this order: `PeerNotExpected`, `AlreadyPeerReady`, `InvalidTransition`, `InvalidPeer`. An unknown id
 * (`NotFound`) is the caller's to refuse, before all of these.
 */
export function peerReady(session: Session, peer: { readonly name: string; readonly address: string }, at: number): Session {
  const kind = kindOf(session);
  if (!expectsPeer(kind)) throw peerNotExpected(session.id, kind);
  if (session.peer !== undefined) throw alreadyPeerReady(session.id);
  const status = transition(session.id, session.status, 'peer_ready');
  const address = oneLine(peer.address, Infinity);
  if (address === '') throw invalidPeer(session.id, 'it is empty');
  if (address.length > maxAddress) throw invalidPeer(session.id, `it is longer than ${maxAddress} characters`);
  const name = oneLine(peer.name, maxName) || oneLine(session.name, maxName);
  return { ...session, status, peer: { name, address, at }, lastActivityAt: Math.max(session.lastActivityAt, at) };
}
