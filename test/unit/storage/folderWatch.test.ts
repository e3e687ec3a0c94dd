import assert from 'node:assert/strict';
import { Deferred } from '../../../src/base/async.ts';
import { toDisposable } from '../../../src/base/disposable.ts';
import { FolderWatch } from '../../../src/storage/folderWatch.ts';
import { nodeFiles, type StorageFiles } from '../../../src/storage/storageFiles.ts';
import { FakeTime } from '../../fakes/time.ts';

describe('FolderWatch', () => {
  function setUp(): { time: FakeTime; looks: Deferred<void>[]; hint: () => void; watch: FolderWatch; watching: () => boolean } {
    const time = new FakeTime();
    const looks: Deferred<void>[] = [];
    let changed: (() => void) | undefined;
    const files: StorageFiles = {
      ...nodeFiles,
      watch: (_, listener) => {
        changed = listener;
        return toDisposable(() => (changed = undefined));
      },
    };
    const watch = new FolderWatch(files, '/f', time, () => {
      const look = new Deferred<void>();
      looks.push(look);
      return look.promise;
    });
    return { time, looks, hint: () => changed?.(), watch, watching: () => changed !== undefined };
  }

  it('polls every 250 ms at first, later every second', async () => {
    const { time, looks, watch } = setUp();
    for (let poll = 1; poll <= 20; poll++) {
      await time.advance(250);
      assert.equal(looks.length, poll);
      looks.at(-1)?.resolve();
    }
    await time.advance(999);
    assert.equal(looks.length, 20);
    await time.advance(1);
    assert.equal(looks.length, 21);
    watch.dispose();
  });

  it('looks soon after a change, also in a folder that never rests', async () => {
    const { time, looks, hint, watch } = setUp();
    for (let ms = 0; ms < 30; ms += 5) {
      hint();
      await time.advance(5);
    }
    assert.equal(looks.length, 1);
    watch.dispose();
  });

  it('never looks twice at once; a change during a look is not missed', async () => {
    const { time, looks, hint, watch } = setUp();
    await time.advance(250);
    hint();
    hint();
    await time.advance(10_000);
    assert.equal(looks.length, 1);
    looks[0]?.resolve();
    await time.advance(30);
    assert.equal(looks.length, 2);
    watch.dispose();
  });

  it('lets everything go, also in the middle of a look', async () => {
    const { time, looks, hint, watch, watching } = setUp();
    await time.advance(250);
    watch.dispose();
    hint();
    looks[0]?.resolve();
    await time.advance(10_000);
    assert.deepEqual([looks.length, time.pending, watching()], [1, 0, false]);
  });
});
