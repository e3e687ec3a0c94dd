import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { isFleetError } from '../../../src/base/errors.ts';
import { CompletionFeed, entryOf, feedCapacity, numbered, type FeedCursors } from '../../../src/core/completionFeed.ts';
import type { CompletionEntry } from '../../../src/core/ports.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';

function entry(seq: number): CompletionEntry {
  return { seq, sessionId: `agent-${seq}`, kind: 'agent', name: `n${seq}`, outcome: { type: 'retired' }, at: wallStart + seq };
}

function entries(from: number, to: number): CompletionEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));
}

/** Takes as many numbers and adds their entries. */
function grow(feed: CompletionFeed, count = 1): CompletionEntry[] {
  const first = feed.next(count);
  const added = entries(first, first + count - 1);
  feed.add(...added);
  return added;
}

/** What is on the disk. It counts how often it is asked. */
class StoredFeed {
  asked = 0;
  rows: CompletionEntry[];
  /** Runs before a read is answered. */
  meanwhile: () => void = () => {};

  constructor(rows: CompletionEntry[] = []) {
    this.rows = rows;
  }

  async completions({ afterSeq }: { afterSeq: number }): Promise<readonly CompletionEntry[]> {
    this.asked++;
    this.meanwhile();
    await Promise.resolve();
    return this.rows.filter((row) => row.seq > afterSeq);
  }
}

class SavedCursors implements FeedCursors {
  readonly saved = new Map<string, number>();

  load(consumer: string): number | undefined {
    return this.saved.get(consumer);
  }

  save(consumer: string, seq: number): void {
    this.saved.set(consumer, seq);
  }
}

async function seqs(feed: CompletionFeed, afterSeq: number): Promise<number[]> {
  return (await feed.listSince(afterSeq)).entries.map((one) => one.seq);
}

describe('completion feed', () => {
  it('L13 begins at 1 and counts on', () => {
    const feed = new CompletionFeed({ lastSeq: 0, store: new StoredFeed() });
    assert.equal(feed.watermark, 0);
    assert.equal(feed.next(), 1);
    feed.add(entry(1));
    assert.equal(feed.watermark, 1);
    assert.equal(feed.next(2), 2);
    assert.equal(feed.watermark, 1, 'a number that is only taken is not in the feed');
    feed.add(entry(2), entry(3));
    assert.equal(feed.watermark, 3);
    assert.equal(feed.next(), 4);
  });

  it('L13 another session ends between number and entry (a listener ended it): both are there, in order, and nobody saw a gap', async () => {
    const feed = new CompletionFeed({ lastSeq: 0, store: new StoredFeed() });
    const outer = feed.next();
    const woken = feed.waitForAdvance(0);
    const inner = feed.next();
    feed.add(entry(inner));
    assert.deepEqual(await feed.listSince(0), { entries: [], watermark: 0 });
    feed.add(entry(outer));
    assert.equal(await woken, 2);
    assert.deepEqual(await seqs(feed, 0), [1, 2]);
  });

  it('L13 restart: the next number is the last + 1', () => {
    assert.equal(new CompletionFeed({ lastSeq: 41, store: new StoredFeed() }).next(), 42);
  });

  it('L13 a cursor at n yields only entries above n, with the watermark', async () => {
    const store = new StoredFeed(entries(1, 5));
    const feed = new CompletionFeed({ lastSeq: 5, store });
    grow(feed, 3);
    assert.deepEqual(await feed.listSince(3), { entries: entries(4, 8), watermark: 8 });
    assert.deepEqual(await feed.listSince(6), { entries: entries(7, 8), watermark: 8 });
    assert.deepEqual(await feed.listSince(8), { entries: [], watermark: 8 });
    assert.deepEqual(await feed.listSince(99), { entries: [], watermark: 8 });
  });

  it('L13 the store is asked only for what is not in memory', async () => {
    const store = new StoredFeed(entries(1, 5));
    const feed = new CompletionFeed({ lastSeq: 5, store });
    grow(feed);
    assert.deepEqual(await seqs(feed, 5), [6]);
    assert.deepEqual(await seqs(feed, 6), []);
    assert.equal(store.asked, 0);
    assert.deepEqual(await seqs(feed, 0), [1, 2, 3, 4, 5, 6]);
    assert.equal(store.asked, 1);
  });

  it('L13 what is in memory and on the disk comes once, and the memory wins', async () => {
    const store = new StoredFeed([...entries(1, 2), { ...entry(3), name: 'old' }]);
    const feed = new CompletionFeed({ lastSeq: 2, store });
    grow(feed);
    assert.deepEqual((await feed.listSince(0)).entries, entries(1, 3));
  });

  it('L13 the ring holds the newest; older ones come from the store, without a gap', async () => {
    const store = new StoredFeed(entries(1, 10));
    const feed = new CompletionFeed({ lastSeq: 0, store, capacity: 3 });
    for (let count = 0; count < 10; count++) grow(feed);
    assert.deepEqual(await seqs(feed, 7), [8, 9, 10]);
    assert.equal(store.asked, 0);
    assert.deepEqual(await seqs(feed, 6), [7, 8, 9, 10]);
    assert.equal(store.asked, 1);
    assert.deepEqual(await seqs(feed, 0), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('L13 what is added while the store reads is not half in the list', async () => {
    const store = new StoredFeed(entries(1, 4));
    const feed = new CompletionFeed({ lastSeq: 4, store, capacity: 2 });
    grow(feed, 2);
    store.meanwhile = () => {
      grow(feed, 3);
      store.rows = entries(1, 9);
    };
    assert.deepEqual(await feed.listSince(2), { entries: entries(3, 6), watermark: 6 });
  });

  it('L13 a store that cannot be read is an error, not a list with a hole', async () => {
    const feed = new CompletionFeed({ lastSeq: 4, store: { completions: () => Promise.reject(new Error('disk')) } });
    grow(feed);
    await assert.rejects(feed.listSince(0), /disk/);
    assert.deepEqual(await seqs(feed, 4), [5]);
  });

  for (const wrong of [[entry(3)], [entry(0)], [entry(1), entry(1)], [entry(1), entry(3)]]) {
    it(`L13 no gap and no repeat: ${wrong.map((one) => one.seq).join(', ')} of 1, 2 is refused whole`, () => {
      const feed = new CompletionFeed({ lastSeq: 0, store: new StoredFeed() });
      feed.next(2);
      assert.throws(() => feed.add(...wrong), (error) => isFleetError(error, 'Internal'));
      assert.equal(feed.watermark, 0);
      feed.add(entry(2), entry(1));
      assert.equal(feed.watermark, 2);
      for (const used of [1, 2]) assert.throws(() => feed.add(entry(used)), (error) => isFleetError(error, 'Internal'));
    });
  }

  it('L13 a number that waits for one before it cannot be used again', () => {
    const feed = new CompletionFeed({ lastSeq: 0, store: new StoredFeed() });
    feed.next(2);
    feed.add(entry(2));
    assert.throws(() => feed.add(entry(2)), (error) => isFleetError(error, 'Internal'));
  });

  it('L13 capacity: four times what is retained, at least 1024', () => {
    assert.deepEqual([0, 1, 256, 257, 1000].map(feedCapacity), [1024, 1024, 1024, 1028, 4000]);
  });

  it('L13 sessions that end in one step are numbered by creation, then id', () => {
    const sessions = [aSession({ id: 'b', createdAt: 2 }), aSession({ id: 'c', createdAt: 1 }), aSession({ id: 'a', createdAt: 2 })];
    const expected = [['c', 7], ['a', 8], ['b', 9]];
    assert.deepEqual(numbered(sessions, 7).map((one) => [one.id, one.feedSeq]), expected);
    assert.deepEqual(numbered([...sessions].reverse(), 7).map((one) => [one.id, one.feedSeq]), expected);
  });

  it('L13 the entry of a session; one without an end is an Internal error', () => {
    const session = aSession({ kind: 'background_tool', status: 'retired', outcome: { type: 'retired' }, feedSeq: 3, completedAt: 9 });
    assert.deepEqual(entryOf(session), { seq: 3, sessionId: session.id, kind: 'background_tool', name: 'docs', outcome: { type: 'retired' }, at: 9 });
    assert.throws(() => entryOf(aSession()), (error) => isFleetError(error, 'Internal'));
  });

  it('L13 another window’s entries: the watermark follows, never back, and they are read from the store', async () => {
    const store = new StoredFeed(entries(1, 9));
    const feed = new CompletionFeed({ lastSeq: 0, store });
    grow(feed, 2);
    const woken = feed.waitForAdvance(2);
    feed.advanceTo(9);
    assert.equal(await woken, 9);
    feed.advanceTo(3);
    assert.deepEqual(grow(feed), [entry(10)]);
    assert.deepEqual(await seqs(feed, 1), [2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  describe('waiting', () => {
    it('L13 resolves when the watermark is above n, at once if it is, once for many', async () => {
      const feed = new CompletionFeed({ lastSeq: 3, store: new StoredFeed() });
      assert.equal(await feed.waitForAdvance(2), 3);
      const told: number[] = [];
      const waits = [3, 4, 5].map((n) => feed.waitForAdvance(n).then((watermark) => told.push(watermark)));
      await settle();
      assert.deepEqual(told, []);
      grow(feed, 2);
      await settle();
      assert.deepEqual(told, [5, 5]);
      grow(feed);
      await Promise.all(waits);
      assert.deepEqual(told, [5, 5, 6]);
    });

    it('L13 abortable, before and while waiting; a late abort harms nobody', async () => {
      const feed = new CompletionFeed({ lastSeq: 0, store: new StoredFeed() });
      const isCancelled = (error: unknown): boolean => isFleetError(error, 'WaitCancelled') && error.details.afterSeq === 0;
      await assert.rejects(feed.waitForAdvance(0, AbortSignal.abort()), isCancelled);
      const abort = new AbortController();
      const waiting = feed.waitForAdvance(0, abort.signal);
      abort.abort();
      await assert.rejects(waiting, isCancelled);
      assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
      const late = new AbortController();
      const fine = feed.waitForAdvance(0, late.signal);
      grow(feed);
      assert.equal(getEventListeners(late.signal, 'abort').length, 0);
      late.abort();
      assert.equal(await fine, 1);
    });

    it('L13 the end of the feed ends all waits', async () => {
      const feed = new CompletionFeed({ lastSeq: 0, store: new StoredFeed() });
      const waiting = feed.waitForAdvance(0);
      feed.dispose();
      await assert.rejects(waiting, (error) => isFleetError(error, 'WaitCancelled'));
      await assert.rejects(feed.waitForAdvance(0), (error) => isFleetError(error, 'WaitCancelled'));
    });
  });

  describe('cursors', () => {
    it('L13 each consumer has its own, which survives a restart', () => {
      const cursors = new SavedCursors();
      const feed = new CompletionFeed({ lastSeq: 9, store: new StoredFeed(), cursors });
      assert.equal(feed.cursor('notifications'), 0);
      assert.equal(feed.moveCursor('notifications', 7), 7);
      assert.equal(feed.cursor('agent'), 0);
      const next = new CompletionFeed({ lastSeq: 9, store: new StoredFeed(), cursors });
      assert.equal(next.cursor('notifications'), 7);
      assert.equal(next.cursor('agent'), 0);
    });

    it('L13 a new consumer may begin where the feed stands', () => {
      const feed = new CompletionFeed({ lastSeq: 9, store: new StoredFeed() });
      assert.equal(feed.cursor('notifications', feed.watermark), 9);
      assert.equal(feed.cursor('notifications'), 9);
    });

    it('L13 never goes back nor beyond the feed, and is saved only when it moves', () => {
      const cursors = new SavedCursors();
      const feed = new CompletionFeed({ lastSeq: 5, store: new StoredFeed(), cursors });
      assert.equal(feed.moveCursor('a', 0), 0);
      assert.deepEqual([...cursors.saved], []);
      assert.equal(feed.moveCursor('a', 99), 5);
      assert.equal(feed.moveCursor('a', 2), 5);
      assert.deepEqual([...cursors.saved], [['a', 5]]);
    });

    it('L13 a saved cursor beyond the feed (the newest ends were lost) misses no new end', async () => {
      const cursors = new SavedCursors();
      cursors.save('a', 8);
      const feed = new CompletionFeed({ lastSeq: 5, store: new StoredFeed(), cursors });
      feed.cursor('a');
      grow(feed);
      assert.deepEqual(await seqs(feed, feed.cursor('a')), [6]);
    });
  });

  it('L13 whatever is added, read and restarted: a consumer sees each number once, in order', async () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ read: fc.constantFrom('a', 'b') }),
      fc.record({ restart: fc.constant(true) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 6 }), async (steps, capacity) => {
        const store = new StoredFeed();
        const cursors = new SavedCursors();
        let feed = new CompletionFeed({ lastSeq: 0, store, capacity, cursors });
        const seen = { a: [] as number[], b: [] as number[] };
        const read = async (name: 'a' | 'b'): Promise<void> => {
          const page = await feed.listSince(feed.cursor(name));
          seen[name].push(...page.entries.map((one) => one.seq));
          feed.moveCursor(name, page.watermark);
        };
        for (const now of steps) {
          if ('add' in now) {
            store.rows.push(...grow(feed, now.add));
          } else if ('read' in now) await read(now.read);
          else {
            feed.dispose();
            feed = new CompletionFeed({ lastSeq: store.rows.at(-1)?.seq ?? 0, store, capacity, cursors });
          }
        }
        await read('a');
        await read('b');
        const all = store.rows.map((one) => one.seq);
        assert.deepEqual(all, all.map((_, index) => index + 1));
        assert.deepEqual(seen, { a: all, b: all });
      }),
    );
  });
});
