import assert from 'node:assert/strict';
import { isFleetError } from '../../../../src/base/errors.ts';
import { nextEvent } from '../../../../src/base/event.ts';
import { nullLogger } from '../../../../src/base/ports.ts';
import { RegistryWorker } from '../../../../src/storage/worker/workerClient.ts';

describe('workerClient', () => {
  let client: RegistryWorker;

  beforeEach(() => {
    client = new RegistryWorker({
      entry: new URL('./support/standIn.ts', import.meta.url),
      folder: '/nowhere',
      wasmFile: '/nowhere.wasm',
      onFault: () => assert.fail('no fault was told'),
      logger: nullLogger,
    });
  });

  afterEach(() => client.dispose());

  /** What the running thread heard so far. */
  const heard = async (): Promise<unknown> => client.call('counts', { upTo: 0 });

  it('refuses what comes before open and after dispose', async () => {
    await assert.rejects(client.call('counts', { upTo: 0 }), (error) => isFleetError(error, 'NotOpen'));
    await client.call('open', { role: 'owner' });
    client.dispose();
    await assert.rejects(client.call('counts', { upTo: 0 }), (error) => isFleetError(error, 'NotOpen'));
  });

  it('opens the registry again on a new thread, in the role it has by then, and sends again what was under way', async () => {
    await client.call('open', { role: 'reader' });
    await client.call('become', { role: 'owner' });
    const died = nextEvent(client.onDidDie);
    const fatal = client.call('search', { upTo: 0, search: { text: 'throw' } });
    const innocent = heard();
    await assert.rejects(fatal, (error) => isFleetError(error, 'EngineFailed'));
    assert.match((await died).reason, /out of order/);
    assert.deepEqual(await innocent, { heard: ['open owner', 'counts'], advanced: 0 });
  });

  it('starts a thread again for the next call after one that ended by itself', async () => {
    await client.call('open', { role: 'reader' });
    const complete = nextEvent(client.onDelta, (delta) => delta.complete === true);
    await assert.rejects(client.call('search', { upTo: 0, search: { text: 'die' } }));
    assert.deepEqual(await heard(), { heard: ['open reader', 'counts'], advanced: 0 });
    await complete;
  });

  it('coalesces how far the journal goes, and tells it to a new thread, too', async () => {
    await client.call('open', { role: 'owner' });
    for (let q = 1; q <= 100; q++) client.advance(q);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await heard(), { heard: ['open owner', 'counts'], advanced: 100 });
    await assert.rejects(client.call('search', { upTo: 0, search: { text: 'die' } }));
    await heard();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await heard(), { heard: ['open owner', 'counts', 'counts'], advanced: 100 });
  });

  it('changes the thread when it asks for that, once nothing is under way', async () => {
    await client.call('open', { role: 'owner' });
    await Promise.all([client.call('snapshot', { upTo: 0 }), heard()]);
    assert.deepEqual(await heard(), { heard: ['open owner', 'counts'], advanced: 0 });
  });

  it('tells errors with code and details', async () => {
    await client.call('open', { role: 'owner' });
    await assert.rejects(client.call('search', { upTo: 0, search: { text: 'refuse' } }), (error) => {
      assert.ok(isFleetError(error, 'EngineFailed'));
      assert.deepEqual([error.message, error.details], ['no engine', { a: 1 }]);
      return true;
    });
  });
});
