import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import { expectsPeer, peerReady } from '../../../src/core/peer.ts';
import { sessionKinds, type Session, type SessionStatus } from '../../../src/core/session.ts';
import { allStatuses } from '../../../src/core/transitions.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';

const peer = { name: 'reviewer', address: 'unix:/run/a.sock' };
const at = wallStart + 5000;
const earlier = { ...peer, at: wallStart };
const mayBeReady: readonly SessionStatus[] = ['running', 'retiring'];

function child(patch: Partial<Session> = {}): Session {
  return aSession({ kind: 'child_agent', ...patch });
}

function refuses(session: Session, code: string, details: Record<string, unknown>, given = peer): void {
  assert.throws(
    () => peerReady(session, given, at),
    (error) => {
      assert.ok(isFleetError(error, code), `${String(error)} is not ${code}`);
      assert.deepEqual(error.details, details);
      return true;
    },
  );
}

describe('peer ready', () => {
  it('L18 only child agents expect a peer', () => {
    assert.deepEqual(sessionKinds.filter(expectsPeer), ['child_agent']);
  });

  for (const status of allStatuses) {
    const id = aSession().id;
    for (const kind of [undefined, 'agent', 'background_tool'] as const) {
      it(`L18 1st check, ${kind ?? 'no kind'} ${status}: PeerNotExpected, ready or not`, () => {
        for (const ready of [{}, { peer: earlier }]) {
          refuses(aSession({ status, ...ready, ...(kind === undefined ? {} : { kind }) }), 'PeerNotExpected', { id, kind: kind ?? 'agent' });
        }
      });
    }
    it(`L18 2nd check, a ready child agent ${status}: AlreadyPeerReady`, () => {
      refuses(child({ status, peer: earlier }), 'AlreadyPeerReady', { id });
    });
    if (mayBeReady.includes(status)) {
      it(`L18 a child agent ${status} is ready, and stays ${status}`, () => {
        const session = child({ status });
        assert.deepEqual(peerReady(session, peer, at), { ...session, peer: { ...peer, at }, lastActivityAt: at });
      });
    } else {
      it(`L18 3rd check, a child agent ${status}: InvalidTransition`, () => {
        refuses(child({ status }), 'InvalidTransition', { id, status, action: 'peer_ready' });
      });
    }
  }

  it('L18 name and address are one plain, bounded line', () => {
    const ready = peerReady(child(), { name: `re\u001b[31mviewer\n${'x'.repeat(200)}`, address: ' unix:/run/\u0007a.sock\n' }, at);
    assert.match(ready.peer?.name ?? '', /^reviewer x+…$/);
    assert.equal(ready.peer?.name.length, 100);
    assert.equal(ready.peer?.address, 'unix:/run/a.sock');
  });

  it('L18 an empty name becomes the session’s own', () => {
    assert.equal(peerReady(child(), { ...peer, name: ' \n' }, at).peer?.name, 'docs');
  });

  it('L18 an address is never cut: an empty or endless one is refused, after the other checks', () => {
    assert.equal(peerReady(child(), { ...peer, address: 'x'.repeat(512) }, at).peer?.address.length, 512);
    for (const address of ['', ' \n ', 'x'.repeat(513)]) {
      assert.throws(() => peerReady(child(), { ...peer, address }, at), (error) => isFleetError(error, 'InvalidPeer'));
      assert.throws(() => peerReady(child({ status: 'failed' }), { ...peer, address }, at), (error) => isFleetError(error, 'InvalidTransition'));
    }
  });

  it('S7 an earlier clock does not move the last activity back', () => {
    assert.equal(peerReady(child(), peer, wallStart - 1).lastActivityAt, wallStart);
  });
});
