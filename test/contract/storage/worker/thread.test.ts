import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFleetError } from '../../../../src/base/errors.ts';
import { nullLogger } from '../../../../src/base/ports.ts';
import { RegistryWorker } from '../../../../src/storage/worker/workerClient.ts';
import { ServerKit, wasmPath } from './serverKit.ts';

const entry = new URL('../../../../src/storage/worker/main.ts', import.meta.url);

describe('registry worker: its thread', () => {
  const kit = new ServerKit();
  let client: RegistryWorker | undefined;

  beforeEach(() => kit.start());
  afterEach(async () => {
    client?.dispose();
    await kit.stop();
  });

  function start(wasmFile = wasmPath): RegistryWorker {
    client = new RegistryWorker({ entry, folder: kit.folder, wasmFile, onFault: (what, error) => assert.fail(`${what}: ${error.message}`), logger: nullLogger });
    return client;
  }

  it('reads the journal of the main thread, and again after it was changed', async () => {
    await kit.open(1, 1);
    const worker = start();
    await worker.call('open', { role: 'owner' });
    kit.life(1);
    kit.life(2);
    worker.advance(kit.lastQ);
    assert.deepEqual(await worker.call('counts', { upTo: kit.lastQ }), { byStatus: { completed: 1 }, evicted: 1 });
    assert.deepEqual(await worker.call('snapshot', { upTo: 0 }), { q: kit.lastQ });
    worker.respawn();
    kit.life(4);
    assert.deepEqual(await worker.call('counts', { upTo: kit.lastQ }), { byStatus: { completed: 1, running: 1 }, evicted: 1 });
    assert.equal((await worker.call('history', { sessionId: 's2', upTo: 0 })).length, 8);
    await worker.call('close', {});
    await assert.rejects(worker.call('counts', { upTo: 0 }), (error) => isFleetError(error, 'NotOpen'));
  });

  it('says that the engine is damaged at each question', async () => {
    const wasm = join(kit.folder, 'engine.wasm');
    await writeFile(wasm, 'no engine');
    const worker = start(wasm);
    await assert.rejects(worker.call('open', { role: 'owner' }), (error) => isFleetError(error, 'EngineFailed'));
    await assert.rejects(worker.call('counts', { upTo: 0 }), (error) => isFleetError(error, 'EngineFailed'));
  });
});
