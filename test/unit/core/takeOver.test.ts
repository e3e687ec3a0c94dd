import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import type { Session } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const ended: Session = { ...aSession(), status: 'failed', outcome: { type: 'failed', error: 'exited with code 3', exitCode: 3 }, completedAt: 9, feedSeq: 1, historySeq: 2, lastRunnerSeq: 2 };

describe('a window that takes over', () => {
  let window: FakeWindow;

  async function reader(): Promise<FakeWindow> {
    const store = new MemoryStore([aSession()]);
    store.role = 'reader';
    window = await FakeWindow.open([], { store });
    return window;
  }

  afterEach(() => window.dispose());

  it('L12: those who wait hear of an end that the former owner wrote last', async () => {
    const { fleet, store } = await reader();
    const watched = fleet.watch(id);
    const waited = fleet.waitAll([id]);
    store.becomeOwner([ended]);
    assert.equal((await watched).type, 'failed');
    assert.deepEqual((await waited).satisfied.sessionIds, [id]);
    assert.equal(fleet.feed.watermark, 1);
  });

  it('S9: also when that one has left the list already', async () => {
    const { fleet, store } = await reader();
    const watched = fleet.watch(id);
    store.rows.delete(id);
    store.evicted.set(id, ended);
    store.becomeOwner([]);
    assert.equal((await watched).type, 'failed');
  });

  it('L3: a session that left the list is not registered again by somebody who names its id', async () => {
    const { fleet, store } = await reader();
    store.rows.delete(id);
    store.evicted.set(id, ended);
    store.becomeOwner([]);
    await settle();
    const again = fleet.register({ id, name: 'again', driver: 'external', spec: { policy: 'ask', cwd: '/work' }, attempt: 1, channel: 'external' });
    await assert.rejects(again, (error) => isFleetError(error, 'AlreadyRegistered'));
    assert.equal((await fleet.load(id))?.status, 'failed');
  });
});
