import assert from 'node:assert/strict';
import { isFleetError } from '../../../../src/base/errors.ts';
import { ServerKit } from './serverKit.ts';

describe('registry worker: reading', () => {
  const kit = new ServerKit();

  beforeEach(() => kit.start());
  afterEach(() => kit.stop());

  it('answers for everything that was written before the question', async () => {
    await kit.open(1, 1);
    const server = kit.server();
    assert.deepEqual((await server.call('open', { role: 'owner' })).sessions, []);
    for (let n = 1; n <= 8; n++) {
      kit.life(n);
      const counts = await server.call('counts', { upTo: kit.lastQ });
      assert.equal(Object.values(counts.byStatus).reduce((a, b) => a + b, 0) + counts.evicted, n - Math.floor((n + 1) / 4));
    }
    const { histories, sessions } = await server.content(kit.lastQ);
    assert.deepEqual(sessions.map(({ id }) => id), ['s8', 's5', 's4', 's1']);
    assert.equal((histories as Record<string, unknown[]>)['s6']?.length, 8);
    assert.ok((await kit.names('journal')).length > 2, 'the journal rolled');
  });

  it('reads what it is told of without being asked', async () => {
    await kit.open(1, 1);
    const server = kit.server({ snapshotMinBytes: 1, snapshotMaxBytes: 1 });
    await server.call('open', { role: 'owner' });
    kit.life(1);
    const q = kit.lastQ;
    server.advance(q);
    assert.equal((await server.event('snapshot', (event) => event.q === q)).q, q);
  });

  it('follows as reader, tells what changed, and writes nothing', async () => {
    await kit.open(1, 1);
    kit.life(1);
    const server = kit.server({ snapshotMinBytes: 1, snapshotMaxBytes: 1 });
    assert.equal((await server.call('open', { role: 'reader' })).sessions.length, 1);
    kit.life(2);
    kit.life(4);
    const last = kit.lastQ;
    const seen = server.event('delta', (event) => event.lastQ === last);
    kit.time.pass(200);
    await seen;
    const deltas = server.events.filter((event) => event.event === 'delta');
    const changed = new Set(deltas.flatMap(({ delta }) => delta.sessions.map(({ id }) => id)));
    const removed = new Set(deltas.flatMap(({ delta }) => delta.removed));
    assert.deepEqual([[...changed].includes('s4'), removed.has('s2')], [true, true]);
    assert.deepEqual(await kit.names('snapshots'), []);
    await assert.rejects(server.call('snapshot', { upTo: 0 }), (error) => isFleetError(error, 'NotOwner'));
  });

  it('becomes owner with all that the last one wrote', async () => {
    await kit.open(1, 1);
    kit.life(1);
    const server = kit.server();
    await server.call('open', { role: 'reader' });
    kit.life(2);
    const last = kit.lastQ;
    await kit.closeWriter();
    const found = await server.call('become', { role: 'owner' });
    assert.deepEqual([found.lastQ, found.epoch, found.feedSeq], [last, 1, 2]);
  });

  it('leaves out what a former owner writes after it was replaced', async () => {
    await kit.open(1, 1);
    kit.life(1);
    const first = kit.lastQ;
    const server = kit.server();
    await server.call('open', { role: 'reader' });
    kit.put('late', {});
    // The reader has seen it before the new owner began.
    assert.equal((await server.call('query', { query: {}, upTo: first + 1 })).length, 2);
    await kit.closeWriter();
    await kit.open(2, first + 1);
    kit.put('new', {});
    const content = await server.call('query', { query: {}, upTo: first + 2 });
    assert.deepEqual(content.map(({ id }) => id).sort(), ['new', 's1']);
    const delta = await server.event('delta', (event) => event.delta.complete === true);
    assert.deepEqual(delta.delta.sessions.map(({ id }) => id).sort(), ['new', 's1']);
  });
});
