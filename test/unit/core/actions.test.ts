import assert from 'node:assert/strict';
import { validActions, type SessionAction } from '../../../src/core/actions.ts';
import type { ActivityKind, Liveness, SessionStatus, Signal } from '../../../src/core/session.ts';
import { allStatuses, canTransition } from '../../../src/core/transitions.ts';
import { aSession, wallStart } from '../../fakes/sessions.ts';

/** What each status allows in the window that owns the registry and holds the terminal; the agent says nothing. */
const allowed: Record<SessionStatus, readonly SessionAction[]> = {
  provisioning: ['cancel'],
  running: ['prompt', 'interrupt', 'complete', 'cancel', 'retire'],
  retiring: ['complete', 'cancel'],
  completed: ['clear'],
  failed: ['restart', 'clear'],
  aborted: ['restart', 'clear'],
  cancelled: ['restart', 'clear'],
  retired: ['clear'],
  terminated: ['restart', 'clear'],
  unknown: ['restart'],
};
const needsTerminal: ReadonlySet<SessionAction> = new Set<SessionAction>(['prompt', 'interrupt', 'reveal']);
const activities: readonly (ActivityKind | undefined)[] = [
  undefined,
  'starting',
  'working',
  'model_wait',
  'running_tool',
  'needs_permission',
  'needs_answer',
  'idle',
  'blocked',
];

describe('valid actions', () => {
  for (const status of allStatuses) {
    for (const activity of activities) {
      const isAsking = activity === 'needs_permission' || activity === 'needs_answer';
      it(`${status}, ${activity ?? 'no signal'}: as the table says, in each surrounding`, () => {
        const signal: { signal?: Signal } = activity === undefined ? {} : { signal: { activity, source: 'hook', at: wallStart } };
        for (const hasTerminal of [true, false]) {
          for (const canChange of [true, false]) {
            for (const start of [{}, { startedAt: wallStart }]) {
              // Also without a reported file: git finds what shell commands changed.
              const wanted = new Set<SessionAction>(['inspect', ...('startedAt' in start ? (['openArtifact'] as const) : [])]);
              if (hasTerminal) wanted.add('reveal');
              for (const action of canChange ? allowed[status] : []) {
                if (needsTerminal.has(action) && !hasTerminal) continue;
                // P5: never type into an open question.
                if (action === 'prompt' && isAsking) continue;
                if (action === 'interrupt' && activity === 'idle') continue;
                wanted.add(action);
              }
              const actions = validActions(aSession({ status, ...start, ...signal }), { hasTerminal, canChange });
              assert.deepEqual([...actions].sort(), [...wanted].sort(), JSON.stringify({ hasTerminal, canChange }));
            }
          }
        }
      });
    }

    it(`${status}: what is offered is what the lifecycle allows`, () => {
      const actions = validActions(aSession({ status }), { hasTerminal: true, canChange: true });
      assert.equal(actions.has('complete'), canTransition(status, 'complete_operation'));
      assert.equal(actions.has('cancel'), canTransition(status, 'cancel_operation'));
      assert.equal(actions.has('retire'), canTransition(status, 'request_retire'));
    });
  }

  describe('an agent whose events say when it is ready', () => {
    const can = (signal: Signal | undefined, provesPrompts?: boolean): boolean => {
      const session = aSession(signal === undefined ? {} : { signal });
      return validActions(session, { hasTerminal: true, canChange: true, ...(provesPrompts === undefined ? {} : { provesPrompts }) }).has('prompt');
    };
    const starting = (source: Signal['source']): Signal => ({ activity: 'starting', source, at: wallStart });

    it('takes no prompt while only its process is there: that may be a start-up dialog', () => {
      assert.equal(can(starting('process'), true), false);
    });

    it('takes one as soon as it, or its title, has said anything', () => {
      for (const signal of [starting('channel'), starting('hook'), { activity: 'idle', source: 'title', at: wallStart } as const]) assert.equal(can(signal, true), true);
    });

    it('an agent that cannot say so takes one', () => {
      assert.deepEqual([can(starting('process'), false), can(starting('process'))], [true, true]);
    });
  });

  it('U11: a terminal in another window: it can be prompted and interrupted from here, not shown; without an owner nothing can be changed', () => {
    const session = aSession();
    const offered = (where: { hasTerminal: boolean; elsewhere: boolean }, canChange: boolean): Set<SessionAction> => new Set(validActions(session, { ...where, canChange }));
    const here = offered({ hasTerminal: true, elsewhere: false }, true);
    here.delete('reveal');
    assert.deepEqual(offered({ hasTerminal: false, elsewhere: true }, true), here);
    assert.ok(here.has('prompt') && here.has('interrupt') && here.has('cancel'));
    assert.deepEqual([...offered({ hasTerminal: false, elsewhere: true }, false)], ['inspect']);
  });

  it('L10: only what runs or retires and cannot be judged is released', () => {
    const can = (status: SessionStatus, liveness?: Liveness): boolean => validActions(aSession({ status }), { hasTerminal: true, canChange: true, ...(liveness === undefined ? {} : { liveness }) }).has('release');
    assert.deepEqual(allStatuses.filter((status) => can(status, 'unknown')), ['running', 'retiring']);
    assert.deepEqual([can('running', 'alive'), can('running', 'dead'), can('running')], [false, false, false]);
    assert.equal(validActions(aSession(), { hasTerminal: true, canChange: false, liveness: 'unknown' }).has('release'), false);
  });

  it('A9: an imported session whose end is not known can be cleared', () => {
    assert.equal(validActions(aSession({ status: 'unknown', channel: 'external' }), { hasTerminal: false, canChange: true }).has('clear'), true);
  });

  it('what is being ended is not prompted, interrupted or cancelled; it can be completed', () => {
    const actions = validActions(aSession({ stopRequest: { at: 1 } }), { hasTerminal: true, canChange: true });
    assert.deepEqual([...actions].sort(), ['complete', 'inspect', 'reveal']);
  });
});
