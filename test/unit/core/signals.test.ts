import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ActivityKind, Signal, SignalSource } from '../../../src/core/session.ts';
import { acceptSignal, questionGuardMs, weakGuardMs, type NewSignal } from '../../../src/core/signals.ts';

const kinds: readonly ActivityKind[] = ['starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked'];
const sources: readonly SignalSource[] = ['channel', 'hook', 'title', 'progress', 'process'];
const busy: readonly ActivityKind[] = ['starting', 'working', 'model_wait', 'running_tool'];
const questions: readonly ActivityKind[] = ['needs_permission', 'needs_answer'];

function says(source: SignalSource, activity: ActivityKind, at = 0, more: Partial<NewSignal> = {}): NewSignal {
  return { source, activity, at, ...more };
}

function plain({ weak: _weak, ...signal }: NewSignal): Signal {
  return signal;
}

/** What stands after these signals, in order. */
function after(...signals: readonly NewSignal[]): Signal | undefined {
  return signals.reduce<Signal | undefined>(acceptSignal, undefined);
}

describe('signals', () => {
  it('the first signal stands, whatever it is, and is kept without its weakness', () => {
    for (const source of sources) for (const kind of kinds) assert.deepEqual(after(says(source, kind, 5, { weak: true })), { source, activity: kind, at: 5 });
  });

  it('equal or higher trust counts, for every pair of activities', () => {
    for (const [older, newer] of [['hook', 'hook'], ['hook', 'channel'], ['title', 'hook'], ['title', 'progress'], ['progress', 'title'], ['process', 'title']] as const) {
      for (const from of kinds) {
        for (const to of kinds) assert.equal(after(says(older, from), says(newer, to, 1))?.activity, to, `${older} ${from} then ${newer} ${to}`);
      }
    }
  });

  it('a repeat of what is shown gives the same object: nothing to announce', () => {
    const first = plain(says('hook', 'working', 1, { detail: 'x', event: 'A' }));
    assert.equal(acceptSignal(first, says('hook', 'working', 9, { detail: 'x', event: 'B' })), first);
    assert.notEqual(acceptSignal(first, says('hook', 'working', 9, { detail: 'y' })), first);
  });

  it('busy from less trust says nothing new while a better source says what it is busy with', () => {
    for (const from of busy) for (const to of busy) assert.equal(after(says('hook', from, 0, { detail: 'npm test' }), says('title', to, 9))?.source, 'hook');
  });

  it('busy from less trust after idle or blocked counts: work began without a hook', () => {
    for (const from of ['idle', 'blocked'] as const) for (const to of busy) assert.equal(after(says('hook', from), says('title', to, 1))?.activity, to);
  });

  it('Esc with silent hooks: the title that goes idle ends what was busy', () => {
    for (const from of busy) assert.equal(after(says('hook', from), says('title', 'idle', 1, { weak: true }))?.activity, 'idle');
  });

  it('a weak title says nothing against an open question, also from the same source', () => {
    for (const question of questions) {
      assert.equal(after(says('hook', question), says('title', 'idle', 9000, { weak: true }))?.activity, question);
      assert.equal(after(says('title', question), says('title', 'idle', 9000, { weak: true }))?.activity, question);
      assert.equal(after(says('title', question), says('hook', 'idle', 9000, { weak: true }))?.activity, question);
    }
  });

  it('a title that can only mean idle ends an open question', () => {
    for (const question of questions) assert.equal(after(says('hook', question), says('title', 'idle', 1))?.activity, 'idle');
  });

  it(`a late busy title does not hide a question from a hook; after ${questionGuardMs} ms it does`, () => {
    for (const question of questions) {
      for (const late of busy) {
        assert.equal(after(says('hook', question, 0), says('title', late, questionGuardMs - 1))?.activity, question);
        assert.equal(after(says('hook', question, 0), says('title', late, questionGuardMs))?.activity, late);
      }
    }
  });

  it(`a weak one hides it after ${weakGuardMs} ms; one that the title itself asked, at once`, () => {
    for (const question of questions) {
      for (const late of busy) {
        assert.equal(after(says('hook', question, 0), says('title', late, weakGuardMs - 1, { weak: true }))?.activity, question);
        assert.equal(after(says('hook', question, 0), says('title', late, weakGuardMs, { weak: true }))?.activity, late);
        assert.equal(after(says('title', question, 0), says('title', late, 1, { weak: true }))?.activity, late);
      }
    }
  });

  it('a busy title stamped before the question (the clock went back) does not hide it', () => {
    assert.equal(after(says('hook', 'needs_permission', 5000), says('title', 'working', 1000))?.activity, 'needs_permission');
  });

  it('a question from less trust counts unless one is open, whose text is better', () => {
    for (const question of questions) {
      for (const from of [...busy, 'idle', 'blocked'] as const) assert.equal(after(says('hook', from), says('title', question, 1))?.activity, question);
      const open = says('hook', 'needs_permission', 0, { detail: 'run rm' });
      assert.deepEqual(after(open, says('title', question, 9000)), { ...open, confirmed: true });
    }
  });

  it('a title that has shown the question is believed at once when it shows work again', () => {
    for (const question of questions) {
      for (const later of busy) assert.equal(after(says('hook', question, 0), says('title', question, 50), says('title', later, 100))?.activity, later);
      const next = says('hook', question, 100, { detail: 'another' });
      assert.deepEqual(after(says('hook', question, 0), says('title', question, 50), next, says('title', 'working', 150)), next);
    }
  });

  it('a usage limit told by a hook is not ended by a title that rests', () => {
    assert.equal(after(says('hook', 'blocked', 0, { detail: 'limit' }), says('title', 'idle', 9000))?.activity, 'blocked');
  });

  describe('whatever comes in whatever order', () => {
    const signal = fc.record(
      {
        activity: fc.constantFrom(...kinds),
        source: fc.constantFrom(...sources),
        at: fc.integer({ min: 0, max: 10_000 }),
        detail: fc.constantFrom('a', 'b'),
        weak: fc.constant(true as const),
      },
      { requiredKeys: ['activity', 'source', 'at'] },
    );

    it('the next true sign of the best source stands', () => {
      fc.assert(
        fc.property(fc.array(signal), fc.constantFrom(...kinds), (noise, truth) => {
          assert.equal(after(...noise, says('channel', truth, 99_999))?.activity, truth);
        }),
      );
    });

    it('without a channel, the next true hook stands; without hooks, a resting title ends busyness and a late busy one ends rest', () => {
      fc.assert(
        fc.property(fc.array(signal), fc.constantFrom(...kinds), (noise, truth) => {
          const quieter = noise.filter(({ source }) => source !== 'channel');
          assert.equal(after(...quieter, says('hook', truth, 99_999))?.activity, truth);
          const now = after(...noise);
          const rest = after(...noise, says('title', 'idle', 99_999))?.activity;
          assert.ok(rest === 'idle' || (now?.activity === 'blocked' && rest === 'blocked'));
          assert.ok(busy.includes(after(...noise, says('title', 'working', 99_999))?.activity as ActivityKind));
        }),
      );
    });

    it('repeats are harmless: each signal twice in a row ends the same', () => {
      fc.assert(
        fc.property(fc.array(signal), (noise) => {
          assert.deepEqual(after(...noise.flatMap((one) => [one, one])), after(...noise));
        }),
      );
    });

    it('what stands was said by someone, word for word', () => {
      fc.assert(
        fc.property(fc.array(signal, { minLength: 1 }), (noise) => {
          const { confirmed: _confirmed, ...words } = after(...noise) as Signal;
          const stands = JSON.stringify(words);
          assert.ok(noise.some((one) => JSON.stringify(plain(one)) === stands));
        }),
      );
    });
  });

  it('a title that stood before a hook spoke does not take its word back', () => {
    const runs = { activity: 'running_tool', detail: 'npm test', source: 'hook', at: 200 } as const;
    assert.equal(acceptSignal(runs, { activity: 'idle', source: 'title', at: 100 }), runs);
    assert.equal(acceptSignal(runs, { activity: 'idle', source: 'title', at: 201 }).activity, 'idle');
  });
});
