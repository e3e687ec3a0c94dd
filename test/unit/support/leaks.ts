import assert from 'node:assert/strict';
import { trackDisposables } from '../../../src/base/disposable.ts';

/** Every test fails that leaves a store undisposed which it made. */
const open = new Map<object, string>();

export const mochaHooks = {
  beforeEach(): void {
    open.clear();
    trackDisposables({
      created: (store) => void open.set(store, new Error('made here').stack ?? ''),
      disposed: (store) => void open.delete(store),
    });
  },
  afterEach(): void {
    trackDisposables(undefined);
    const leaks = [...open.values()];
    open.clear();
    assert.equal(leaks.length, 0, `undisposed stores:\n${leaks.join('\n\n')}`);
  },
};
