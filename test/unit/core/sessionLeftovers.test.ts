import assert from 'node:assert/strict';
import { SessionLeftovers } from '../../../src/core/sessionLeftovers.ts';
import type { Session } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

describe('what ended sessions leave behind', () => {
  let window: FakeWindow;
  let leftovers: SessionLeftovers;
  const [ended, running] = [sessionId(1), sessionId(2)];
  const sessions: readonly Session[] = [
    aSession({ id: ended, name: 'a', status: 'completed', outcome: { type: 'completed', by: 'exit' }, completedAt: 5 }),
    aSession({ id: running, name: 'b' }),
  ];

  async function open(role: 'owner' | 'reader' = 'owner'): Promise<void> {
    window = new FakeWindow();
    window.store.role = role;
    const { fleet, terminals, folders, logger } = window;
    leftovers = new SessionLeftovers({ fleet, terminals, folders, logger });
    for (const session of sessions) window.store.rows.set(session.id, session);
    await fleet.open();
    for (const { id } of sessions) {
      folders.make(id);
      terminals.adopt(id, 1);
    }
  }

  afterEach(() => {
    leftovers.dispose();
    window.dispose();
  });

  it('S8: a session that is evicted takes its terminal and its folder with it', async () => {
    await open();
    window.retention = { maxFinished: 0, maxAgeMs: 1 };
    await window.fleet.tidy();
    await settle();
    assert.deepEqual([window.terminals.closed, window.folders.removed], [[ended], [ended]]);
  });

  it('S3: only the owner deletes folders; each window closes its own terminals', async () => {
    await open('reader');
    window.store.changeElsewhere(sessions.filter(({ id }) => id === running));
    await settle();
    assert.deepEqual([window.terminals.closed, window.folders.removed], [[ended], []]);
  });

  it('a registry that lost an active session takes nothing from its agent', async () => {
    await open('reader');
    window.store.changeElsewhere([]);
    await settle();
    assert.deepEqual(window.terminals.closed, [ended]);
  });
});
