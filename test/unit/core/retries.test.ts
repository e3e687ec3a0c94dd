import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FleetError } from '../../../src/base/errors.ts';
import { lostReason } from '../../../src/core/liveness.ts';
import { defaultRetries, isRetryable, Retries, retryDelayMs, type RetryPolicy } from '../../../src/core/retries.ts';
import type { Session } from '../../../src/core/session.ts';
import { defaultRetryPolicy } from '../../../src/protocol/records.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited, wallStart } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeTime, settle } from '../../fakes/time.ts';
import { FakeWindow, type Surroundings } from '../../fakes/window.ts';

const id = sessionId(1);
const lost = { status: 'terminated', outcome: { type: 'terminated', reason: `${lostReason}; exit code unknown` } } as const;
const failure = { status: 'failed', outcome: { type: 'failed', error: 'exited with code 3', exitCode: 3 } } as const;

describe('retries', () => {
  let window: FakeWindow;
  let retries: Retries;
  let policy: RetryPolicy = defaultRetries;
  let escalated: string[] = [];

  function watch(): void {
    const { fleet, spawner, time, logger } = window;
    retries = new Retries({ fleet, restart: (one) => spawner.restart(one, { by: 'fleet' }), clock: time, timers: time, policy: () => policy, logger });
    retries.onDidEscalate(({ sessionId: one, reason }) => escalated.push(`${one}: ${reason}`));
  }

  async function open(sessions: readonly Session[] = [aSession()], around: Surroundings = {}): Promise<void> {
    window = await FakeWindow.open(sessions, around);
    // The ids of attempts begin behind those of the tests.
    for (let n = 0; n < 20; n++) window.ids.sessionId();
    watch();
  }

  /** The newest attempt ends with this exit code. */
  async function fail(code = 3): Promise<Session> {
    const session = newest();
    await window.fleet.applyRunnerEvents(session.id, [event(session.lastRunnerSeq + 1, exited(code))]);
    return window.fleet.get(session.id);
  }

  const newest = (): Session => [...window.fleet.sessions].sort((a, b) => b.attempt - a.attempt)[0] ?? assert.fail();
  const attempts = (): number[] => window.fleet.sessions.map(({ attempt }) => attempt).sort();
  const notes = async (one: string): Promise<unknown[]> => (await window.fleet.history(one)).filter(({ kind }) => /retry|escalated/.test(kind)).map(({ kind, data }) => [kind, data]);

  beforeEach(() => {
    policy = defaultRetries;
    escalated = [];
  });
  afterEach(() => {
    retries.dispose();
    window.dispose();
  });

  const delays: readonly [attempt: number, ms: number][] = [[1, 5_000], [2, 10_000], [3, 20_000], [6, 160_000], [7, 300_000], [8, 300_000], [5000, 300_000]];
  for (const [attempt, ms] of delays) {
    it(`L16: the delay after attempt ${attempt} is ${ms} ms`, async () => {
      await open();
      assert.equal(retryDelayMs(defaultRetries, attempt), ms);
    });
  }

  it('L16: the defaults are those of the protocol, and no delay is shorter than the one before or longer than the most', async () => {
    await open();
    const { max_attempts: maxAttempts, initial_backoff_seconds: initial, backoff_multiplier: multiplier, max_backoff_seconds: max } = defaultRetryPolicy;
    assert.deepEqual(defaultRetries, { maxAttempts, initialMs: initial * 1000, multiplier, maxMs: max * 1000 });
    fc.assert(
      fc.property(fc.record({ initialMs: fc.nat(60_000), multiplier: fc.double({ min: 1, max: 10, noNaN: true }), maxMs: fc.nat(600_000) }), fc.integer({ min: 1, max: 100 }), (any, attempt) => {
        const [now, next] = [retryDelayMs(any, attempt), retryDelayMs(any, attempt + 1)];
        assert.ok(Number.isInteger(now) && now <= next && next <= any.maxMs);
      }),
    );
  });

  it('L16: retries at 5 and 15 s; the third failure is escalated once, also after a reload', async () => {
    await open();
    const first = await fail();
    assert.equal(first.retryAt, window.time.now() + 5_000);
    await window.time.advance(4_999);
    assert.deepEqual(attempts(), [1]);
    await window.time.advance(1);
    assert.deepEqual([attempts(), newest().restartOf, newest().status, window.fleet.get(id).retryAt], [[1, 2], id, 'provisioning', undefined]);

    const second = await fail();
    await window.time.advance(9_999);
    assert.deepEqual(attempts(), [1, 2]);
    await window.time.advance(1);
    assert.deepEqual([attempts(), newest().restartOf], [[1, 2, 3], second.id]);

    const third = await fail();
    await window.time.advance(600_000);
    const text = 'retry attempts exhausted after 3 attempt(s)';
    assert.deepEqual([attempts(), escalated], [[1, 2, 3], [`${third.id}: ${text}`]]);
    assert.deepEqual(await notes(third.id), [['escalated', { reason: text }]]);
    assert.equal(window.fleet.get(third.id).status, 'failed');

    const { store, time } = window;
    retries.dispose();
    window.dispose();
    window = await FakeWindow.open([], { store, time });
    watch();
    await window.time.advance(600_000);
    assert.deepEqual([attempts(), escalated.length, (await notes(third.id)).length], [[1, 2, 3], 1, 1]);
  });

  for (const maxAttempts of [1, 0, -1, Number.NaN]) {
    it(`L16: off with ${maxAttempts} attempt(s): nothing is started, planned or escalated`, async () => {
      policy = { ...defaultRetries, maxAttempts };
      await open();
      await fail();
      await window.time.advance(600_000);
      assert.deepEqual([attempts(), escalated, await notes(id)], [[1], [], []]);
    });
  }

  const ends: readonly [what: string, patch: Partial<Session>, again: boolean][] = [
    ['an exit code', failure, true],
    ['a start that failed', { status: 'failed', outcome: { type: 'failed', error: 'the agent could not be started: ENOENT' } }, true],
    ['a signal from elsewhere', { status: 'failed', outcome: { type: 'failed', error: 'ended by signal SIGKILL' } }, true],
    ['proven dead, nobody saw how', lost, true],
    ['Ctrl-C in its terminal', { status: 'failed', outcome: { type: 'failed', error: 'ended by signal SIGINT' } }, false],
    ['Ctrl-C, told by a shell', { status: 'failed', outcome: { type: 'failed', error: 'exited with code 130', exitCode: 130 } }, false],
    ['time was up', { ...failure, stopRequest: { at: 1, reason: 'timed out after 1 min', cause: 'timeout' } }, false],
    ['dead after a person asked it to end', { ...lost, stopRequest: { at: 1 } }, false],
    ['dead after a person asked it to retire', { ...lost, retireRequest: { at: 1 } }, false],
    ['a closed terminal', { status: 'terminated', outcome: { type: 'terminated', reason: 'its terminal was closed' } }, false],
    ['all sessions were ended', { status: 'terminated', outcome: { type: 'terminated', reason: 'enough' } }, false],
    ['completed', { status: 'completed', outcome: { type: 'completed', by: 'exit' } }, false],
    ['cancelled', { status: 'cancelled', outcome: { type: 'cancelled' } }, false],
    ['aborted', { status: 'aborted', outcome: { type: 'aborted', reason: 'x' } }, false],
    ['retired', { status: 'retired', outcome: { type: 'retired' } }, false],
    ['external', { ...failure, channel: 'external' }, false],
    ['no permission checks', { ...failure, spec: { policy: 'bypass', cwd: '/work' } }, false],
    ['still running', {}, false],
  ];
  for (const [what, patch, again] of ends) {
    it(`L16: ${what}: ${again ? 'tried again' : 'left alone'}`, async () => {
      await open();
      assert.equal(isRetryable(aSession(patch)), again);
    });
  }

  it('L16: what had ended before, or was imported as ended, is left alone', async () => {
    await open([aSession(failure)]);
    await window.fleet.importSessions([{ session: aSession({ id: sessionId(2), completedAt: wallStart, ...failure }), notes: [] }]);
    await window.time.advance(600_000);
    assert.deepEqual([window.fleet.sessions.length, escalated], [2, []]);
  });

  it('L16: a session whose processes died while nobody looked is tried again', async () => {
    await open();
    await window.fleet.terminated(id, `${lostReason}; exit code unknown`);
    await window.time.advance(5_000);
    assert.deepEqual(attempts(), [1, 2]);
  });

  it('L16: a start that fails is an attempt, and is tried again in its turn', async () => {
    await open();
    await fail();
    window.terminals.launchFault = new FleetError('TerminalFailed', 'no terminal');
    await window.time.advance(5_000);
    assert.deepEqual([attempts(), newest().status, newest().retryAt, escalated], [[1, 2], 'failed', window.time.now() + 10_000, []]);
    window.terminals.launchFault = undefined;
    await window.time.advance(10_000);
    assert.deepEqual([attempts(), newest().status], [[1, 2, 3], 'provisioning']);
  });

  it('L16: no place is free: later; anything else that stands in the way is told, once', async () => {
    await open();
    window.limit = 1;
    await fail();
    await window.fleet.register({ id: sessionId(9), name: 'other', driver: 'scripted', spec: { policy: 'ask', cwd: '/work' }, tokenHash: 'h', attempt: 1 });
    await window.time.advance(5_000);
    assert.deepEqual([window.fleet.get(id).retryAt, escalated], [window.time.now() + 5_000, []]);
    window.limit = 0;
    window.isTrusted = false;
    await window.time.advance(600_000);
    assert.deepEqual([attempts(), window.fleet.get(id).retryAt], [[1, 1], undefined]);
    assert.deepEqual(escalated, [`${id}: could not be started again: This folder is not trusted, so no agent is started in it. Trust the workspace first.`]);
  });

  for (const [what, act] of [
    ['restarts it', () => window.spawner.restart(id)],
    ['clears it', () => window.fleet.clear([id])],
    ['says so', () => window.fleet.planRetry(id, undefined)],
  ] as const) {
    it(`L16: the plan is dropped when a person ${what}`, async () => {
      await open();
      await fail();
      await act();
      const before = window.fleet.sessions.length;
      await window.time.advance(600_000);
      assert.deepEqual([window.fleet.sessions.length, window.fleet.find(id)?.retryAt, escalated], [before, undefined, []]);
    });
  }

  it('L16: switched off meanwhile: the plan is dropped in silence; fewer attempts: it is escalated', async () => {
    await open([aSession(), aSession({ id: sessionId(2), name: 'two', attempt: 2 })]);
    for (const one of [id, sessionId(2)]) await window.fleet.applyRunnerEvents(one, [event(1, exited(1))]);
    policy = { ...defaultRetries, maxAttempts: 1 };
    await window.time.advance(5_000);
    policy = { ...defaultRetries, maxAttempts: 2 };
    await window.time.advance(5_000);
    assert.deepEqual([attempts(), escalated], [[1, 2], [`${sessionId(2)}: retry attempts exhausted after 2 attempt(s)`]]);
    assert.deepEqual((await notes(id)).map((line) => (line as unknown[])[0]), ['retryPlanned', 'retryDropped']);
  });

  const reloads: readonly [what: string, retryAt: number, after: number][] = [
    ['what is left is waited for', 3_000, 3_000],
    ['overdue: at once', -86_400_000, 0],
    ['the clock was set back: not longer than was planned', 86_400_000, 5_000],
  ];
  for (const [what, left, after] of reloads) {
    it(`L16: a plan survives a reload: ${what}`, async () => {
      await open([aSession({ ...failure, retryAt: wallStart + left })], { time: new FakeTime() });
      if (after > 0) await window.time.advance(after - 1);
      if (after > 0) assert.deepEqual(attempts(), [1]);
      await window.time.advance(1);
      assert.deepEqual([attempts(), window.fleet.get(id).retryAt], [[1, 2], undefined]);
    });
  }

  it('L16: a plan whose new attempt is there already is not carried out twice', async () => {
    await open([aSession({ ...failure, retryAt: wallStart }), aSession({ id: sessionId(2), attempt: 2, restartOf: id })]);
    await window.time.advance(600_000);
    assert.deepEqual([attempts(), window.fleet.get(id).retryAt], [[1, 2], undefined]);
  });

  it('L16: a planned session stays in the list, whatever retention says', async () => {
    await open([aSession(), aSession({ id: sessionId(2), name: 'two' })]);
    window.retention = { maxFinished: 1, maxAgeMs: 0 };
    await fail();
    await window.fleet.complete(sessionId(2), undefined);
    await settle();
    assert.equal(window.fleet.find(id)?.status, 'failed');
  });

  it('L16: a window that only reads starts nobody; when it takes over, it goes on', async () => {
    const store = new MemoryStore([aSession({ ...failure, retryAt: wallStart + 1_000 })]);
    store.role = 'reader';
    await open([], { store });
    await window.time.advance(10_000);
    store.changeElsewhere([...store.rows.values(), aSession({ id: sessionId(2), name: 'two' })]);
    store.changeElsewhere([...store.rows.values(), aSession({ id: sessionId(2), name: 'two', historySeq: 1, ...failure })]);
    await window.time.advance(10_000);
    assert.deepEqual([attempts(), window.store.writes, window.logger.lines], [[1, 1], [], []]);
    store.becomeOwner();
    await window.time.advance(1);
    assert.deepEqual(attempts(), [1, 2]);
  });

  it('L16: an end of which this window hears only as it takes over is planned, unless the former owner did', async () => {
    const store = new MemoryStore([aSession(), aSession({ id: sessionId(2), name: 'two' })]);
    store.role = 'reader';
    await open([], { store });
    for (const session of [aSession({ ...failure, historySeq: 5 }), aSession({ id: sessionId(2), ...failure, historySeq: 5, escalatedAt: 1 })]) store.rows.set(session.id, session);
    store.becomeOwner();
    await window.time.advance(5_000);
    assert.deepEqual([attempts(), newest().restartOf, escalated], [[1, 1, 2], id, []]);
  });
});
