import assert from 'node:assert/strict';
import { LatestTitles } from '../../../src/core/latestTitles.ts';
import { sessionId } from '../../fakes/ids.ts';
import { FakeOwner } from '../../fakes/ownerWindow.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const says = (activity: string): string => JSON.stringify([{ type: 'activity', activity }]);

describe('S3: titles of a terminal in a window that does not own the registry', () => {
  it('are told to the owner; the newest of those that nobody took is told to the next one', async () => {
    const owner = await FakeWindow.open([aSession()]);
    const link = new FakeOwner(owner.fleet);
    const store = new MemoryStore([aSession()]);
    store.role = 'reader';
    const reader = await FakeWindow.open([], { store, owner: link });
    const titles = new LatestTitles({ fleet: reader.fleet, others: reader.others, logger: reader.logger });
    try {
      titles.apply(id, says('working'), wallStart + 1);
      await settle();
      assert.equal(owner.fleet.get(id).signal?.activity, 'working');
      link.isReachable = false;
      titles.apply(id, says('model_wait'), wallStart + 2);
      titles.apply(id, says('idle'), wallStart + 3);
      await settle();
      assert.deepEqual([link.asked.length, reader.logger.complaints], [1, []]);
      store.becomeOwner([...owner.store.rows.values()]);
      await settle();
      const { signal } = reader.fleet.get(id);
      assert.deepEqual([signal?.activity, signal?.at], ['idle', wallStart + 3]);
    } finally {
      for (const window of [titles, reader, owner]) window.dispose();
    }
  });
});
