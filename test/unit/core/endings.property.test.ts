import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isFleetError } from '../../../src/base/errors.ts';
import { CompletionFeed, entryOf, numbered } from '../../../src/core/completionFeed.ts';
import type { CompletionEntry } from '../../../src/core/ports.ts';
import { evictionPlan } from '../../../src/core/retention.ts';
import { isActive, type Session, type SessionOutcome } from '../../../src/core/session.ts';
import { WaitAll, type WaitAllResult } from '../../../src/core/waitAll.ts';
import { SessionWatchers } from '../../../src/core/watchers.ts';
import { aSession } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';

const pool = ['a', 'b', 'c', 'd'];
const id = fc.constantFrom(...pool);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('register' as const), id, unreadable: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), ids: fc.uniqueArray(id, { minLength: 1 }), evict: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const), id }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('watch' as const), id }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ids: fc.array(id, { maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('cancel' as const, 'abort' as const, 'breathe' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One life of an id: it may be registered again once it is gone. */
interface Life {
  readonly key: string;
  outcome?: SessionOutcome;
  gone?: true;
}

/** What must come of a wait, kept beside the real one. */
interface ModelWait {
  readonly lives: readonly Life[];
  readonly requestId: string;
  readonly result: Promise<WaitAllResult>;
  readonly abort: AbortController;
  end?: 'satisfied' | 'WaitCancelled' | 'Internal';
}

/** A registry as the kernel will be: settle everybody, then evict (S9). */
class Registry {
  readonly rows = new Map<string, Session>();
  readonly lives = new Map<string, Life>();
  readonly all: Life[] = [];
  readonly stored: CompletionEntry[] = [];
  readonly watches: { life: Life; outcome: Promise<SessionOutcome> }[] = [];
  readonly waits: ModelWait[] = [];
  readonly watchers = new SessionWatchers();
  readonly wait = new WaitAll({ find: (one) => this.rows.get(one), newRequestId: () => `wait-${this.waits.length + 1}` });
  readonly feed = new CompletionFeed({
    lastSeq: 0,
    capacity: 3,
    store: { completions: ({ afterSeq }) => Promise.resolve(this.stored.filter((entry) => entry.seq > afterSeq)) },
  });

  get active(): ModelWait | undefined {
    return this.waits.find((one) => one.end === undefined);
  }

  async run(now: Step): Promise<void> {
    switch (now.do) {
      case 'register': {
        if (this.rows.has(now.id)) return;
        const life: Life = { key: `${now.id}${this.all.length}` };
        this.all.push(life);
        this.lives.set(now.id, life);
        this.rows.set(now.id, aSession({ id: now.id, name: life.key, status: now.unreadable ? 'unknown' : 'running' }));
        return;
      }
      case 'end':
        return this.#end(now.ids, now.evict);
      case 'clear': {
        const row = this.rows.get(now.id);
        if (row !== undefined && !isActive(row.status)) this.#forget(now.id);
        return;
      }
      case 'watch': {
        const row = this.rows.get(now.id);
        if (row !== undefined) this.watches.push({ life: this.#life(now.id), outcome: this.watchers.watch(row).outcome });
        return;
      }
      case 'wait':
        return this.#wait(now.ids);
      case 'cancel':
      case 'abort': {
        const { active } = this;
        if (active === undefined) return assert.throws(() => this.wait.cancelWait('wait-1'), (error) => isFleetError(error, 'WaitNotActive'));
        active.end = 'WaitCancelled';
        if (now.do === 'abort') active.abort.abort();
        else this.wait.cancelWait(active.requestId);
        return;
      }
      case 'breathe':
        return await settle();
    }
  }

  #life(one: string): Life {
    return this.lives.get(one) ?? assert.fail(`${one} has no life`);
  }

  #end(ids: readonly string[], evict: boolean): void {
    const ending = ids.flatMap((one) => this.rows.get(one) ?? []).filter((row) => isActive(row.status));
    const ended = numbered(
      ending.map((row): Session => ({ ...row, status: 'terminated', outcome: { type: 'terminated', reason: row.name }, completedAt: 1 })),
      this.feed.next(ending.length),
    );
    for (const row of ended) this.rows.set(row.id, row);
    const plan = evictionPlan([...this.rows.values()], ended, { maxFinished: evict ? 1 : 0, maxAgeMs: 0, now: 1 });
    for (const { session, outcome } of plan.settle) {
      this.#life(session.id).outcome = outcome;
      this.stored.push(entryOf(session));
      this.feed.add(entryOf(session));
      this.watchers.settle(session.id, outcome);
      this.wait.settle(session.id, outcome);
    }
    const { active } = this;
    if (active?.lives.every((life) => life.outcome !== undefined) === true) active.end = 'satisfied';
    for (const session of plan.evict) this.#forget(session.id);
  }

  #forget(one: string): void {
    const life = this.#life(one);
    life.gone = true;
    this.rows.delete(one);
    this.lives.delete(one);
    const { active } = this;
    if (active !== undefined && life.outcome === undefined && active.lives.includes(life)) active.end = 'Internal';
    this.watchers.drop(one);
    this.wait.drop(one);
  }

  #wait(ids: readonly string[]): void {
    const code = this.active !== undefined ? 'WaitAlreadyActive' : new Set(ids).size < ids.length ? 'DuplicateWaitOperation' : ids.some((one) => !this.rows.has(one)) ? 'NotFound' : undefined;
    const abort = new AbortController();
    if (code !== undefined) return assert.throws(() => this.wait.begin(ids, abort.signal), (error) => isFleetError(error, code));
    const lives = ids.map((one) => this.#life(one));
    const { waitRequestId: requestId, result } = this.wait.begin(ids, abort.signal);
    this.waits.push({ lives, requestId, result, abort, ...(lives.every((life) => life.outcome !== undefined) ? { end: 'satisfied' as const } : {}) });
  }
}

describe('watchers, waits and feed, whatever happens in whatever order', () => {
  it('L12 L13 S9 every watch and wait gets exactly what the lives of its sessions say, and the feed has no gap', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const registry = new Registry();
        for (const now of steps) {
          await registry.run(now);
          assert.equal(registry.wait.activeRequestId, registry.active?.requestId);
        }
        const last = registry.active;
        if (last !== undefined) last.end = 'WaitCancelled';
        registry.wait.dispose();
        registry.watchers.dispose();

        for (const { life, outcome } of registry.watches) {
          if (life.outcome !== undefined) assert.deepEqual(await outcome, life.outcome);
          else await assert.rejects(outcome, (error) => isFleetError(error, 'WatchDropped'));
        }
        for (const { lives, requestId, result, end } of registry.waits) {
          if (end !== 'satisfied') {
            await assert.rejects(result, (error) => isFleetError(error, end));
            continue;
          }
          const { outcomes, satisfied } = await result;
          assert.deepEqual(outcomes.map(([, outcome]) => outcome), lives.map((life) => life.outcome));
          assert.deepEqual(satisfied, { waitRequestId: requestId, sessionIds: outcomes.map(([one]) => one) });
        }
        const { entries, watermark } = await registry.feed.listSince(0);
        assert.deepEqual(entries.map((entry) => entry.seq), entries.map((_, index) => index + 1));
        assert.equal(watermark, entries.length);
        const ended = registry.all.filter((life) => life.outcome !== undefined).map((life) => life.key);
        assert.deepEqual(entries.map((entry) => entry.name).sort(), ended.sort());
      }),
      { numRuns: 500 },
    );
  });
});
