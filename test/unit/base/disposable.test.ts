import assert from 'node:assert/strict';
import { DisposableMap, DisposableStore, MutableDisposable, toDisposable, type Disposable } from '../../../src/base/disposable.ts';

describe('disposables', () => {
  let log: string[];
  const item = (name: string): Disposable => toDisposable(() => log.push(name));
  const broken = (name: string): Disposable => ({
    dispose() {
      log.push(name);
      throw new Error(name);
    },
  });
  beforeEach(() => {
    log = [];
  });

  it('toDisposable runs once', () => {
    const one = item('one');
    one.dispose();
    one.dispose();
    assert.deepEqual(log, ['one']);
  });

  describe('DisposableStore', () => {
    it('disposes in reverse order, once', () => {
      const store = new DisposableStore();
      store.add(item('a'));
      store.add(item('b'));
      store.dispose();
      store.dispose();
      assert.deepEqual(log, ['b', 'a']);
    });

    it('disposes at once what is added after the end', () => {
      const store = new DisposableStore();
      store.dispose();
      store.add(item('late'));
      assert.deepEqual(log, ['late']);
      assert.equal(store.isDisposed, true);
    });

    it('disposes every item even if some throw, and rethrows the first error', () => {
      const store = new DisposableStore();
      store.add(item('a'));
      store.add(broken('b'));
      store.add(broken('c'));
      assert.throws(() => store.dispose(), /c/);
      assert.deepEqual(log, ['c', 'b', 'a']);
    });

    it('stays usable after clear; delete disposes one', () => {
      const store = new DisposableStore();
      store.add(item('a'));
      store.clear();
      const b = store.add(item('b'));
      store.add(item('c'));
      store.delete(b);
      store.delete(b);
      assert.deepEqual(log, ['a', 'b']);
      store.dispose();
      assert.deepEqual(log, ['a', 'b', 'c']);
    });
  });

  describe('MutableDisposable', () => {
    it('disposes the old value when a new one comes, not when the same one comes', () => {
      const holder = new MutableDisposable<Disposable>();
      const a = item('a');
      holder.value = a;
      holder.value = a;
      assert.deepEqual(log, []);
      holder.value = item('b');
      assert.deepEqual(log, ['a']);
      holder.value = undefined;
      assert.deepEqual(log, ['a', 'b']);
      assert.equal(holder.value, undefined);
    });

    it('holds nothing after dispose', () => {
      const holder = new MutableDisposable<Disposable>();
      holder.dispose();
      holder.value = item('late');
      assert.deepEqual(log, ['late']);
      assert.equal(holder.value, undefined);
    });
  });

  describe('DisposableMap', () => {
    it('replacing and deleting dispose what was there', () => {
      const map = new DisposableMap<string, Disposable>();
      map.set('x', item('a'));
      const b = map.set('x', item('b'));
      map.set('x', b);
      assert.deepEqual(log, ['a']);
      assert.equal(map.get('x'), b);
      assert.deepEqual([...map.entries()], [['x', b]]);
      map.delete('x');
      map.delete('x');
      assert.deepEqual(log, ['a', 'b']);
      assert.equal(map.size, 0);
      map.dispose();
    });

    it('at the end disposes every value even if one throws; what comes later at once', () => {
      const map = new DisposableMap<string, Disposable>();
      map.set('a', item('a'));
      map.set('b', broken('b'));
      assert.throws(() => map.dispose(), /b/);
      map.dispose();
      map.set('c', item('c'));
      assert.deepEqual(log, ['b', 'a', 'c']);
      assert.equal(map.has('c'), false);
    });
  });
});
