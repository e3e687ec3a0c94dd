import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import { AuditTrail } from '../../../src/core/auditTrail.ts';
import type { NewSession } from '../../../src/core/fleetCommands.ts';
import type { FleetService } from '../../../src/core/fleetService.ts';
import { lostReason } from '../../../src/core/liveness.ts';
import { findByIdPrefix } from '../../../src/core/lookups.ts';
import type { RunnerEventBody } from '../../../src/core/runnerEvents.ts';
import { isTerminal, terminalStatuses, type Session, type SessionOutcome, type SessionStatus } from '../../../src/core/session.ts';
import { meerkatSnapshot, snapshotOf } from '../../../src/core/snapshot.ts';
import { allStatuses, canTransition, lifecycleTable, type LifecycleAction } from '../../../src/core/transitions.ts';
import { sessionId } from '../../fakes/ids.ts';
import { FakeMachine } from '../../fakes/processes.ts';
import { FakeFolders } from '../../fakes/sessionFolders.ts';
import { aSession, event, exited, started, wallStart } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

/** The rows of the registry's specification, each through the whole core. Their parts are tested where they are. */

const [a, b, c] = [sessionId(1), sessionId(2), sessionId(3)];

function request(n: number, patch: Partial<NewSession> = {}): NewSession {
  return { id: sessionId(n), name: `s${n}`, driver: 'scripted', spec: { policy: 'ask', cwd: '/work' }, tokenHash: 'h', attempt: 1, ...patch };
}

function code(wanted: string, details?: Record<string, unknown>): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFleetError(error, wanted), `${String(error)} is not ${wanted}`);
    if (details !== undefined) assert.deepEqual(error.details, details);
    return true;
  };
}

const row = (n: number, patch: Partial<Session> = {}): Session => aSession({ id: sessionId(n), name: `s${n}`, ...patch });

describe('registry rows', () => {
  let window: FakeWindow;
  afterEach(() => window.dispose());
  const status = (id: string): SessionStatus => window.fleet.get(id).status;

  async function reopen(): Promise<void> {
    const { store, folders, machine, time } = window;
    window.dispose();
    window = await FakeWindow.open([], { store, folders, machine, time });
    await time.advance(0);
  }

  describe('states', () => {
    /** The call behind each action of the lifecycle table. A start is told by the runner and is never an error: the last group below. */
    const calls: Readonly<Record<Exclude<LifecycleAction, 'provisioning_succeeded'>, (fleet: FleetService) => Promise<unknown>>> = {
      provisioning_failed: (fleet) => fleet.provisioningFailed(a, 'why'),
      abort_provisioning: (fleet) => fleet.abortProvisioning(a, 'why'),
      peer_ready: (fleet) => fleet.peerReady(a, { name: 'docs', address: 'tcp://here' }),
      report_progress: (fleet) => fleet.reportProgress(a, { percent: 1 }),
      complete_operation: (fleet) => fleet.complete(a, undefined),
      fail_operation: (fleet) => fleet.failed(a, 'why'),
      cancel_operation: (fleet) => fleet.cancelled(a, undefined),
      request_retire: (fleet) => fleet.requestRetire(a),
      mark_retired: (fleet) => fleet.markRetired(a),
      terminate_owner: (fleet) => fleet.terminated(a, 'why'),
    };
    for (const [name, call] of Object.entries(calls)) {
      const action = name as keyof typeof calls;
      for (const from of allStatuses) {
        const isAllowed = canTransition(from, action);
        it(`${isTerminal(from) ? 'L3' : 'L1'}: ${action} from ${from}: ${isAllowed ? lifecycleTable[action].to : 'InvalidTransition'}`, async () => {
          const before = row(1, { status: from, kind: 'child_agent' });
          window = await FakeWindow.open([before]);
          if (!isAllowed) {
            await assert.rejects(call(window.fleet), code('InvalidTransition', { id: a, status: from, action }));
            assert.deepEqual([window.fleet.get(a), window.store.writes, window.changes], [before, [], []]);
            return;
          }
          await call(window.fleet);
          const { to } = lifecycleTable[action];
          assert.equal(status(a), to === 'same' ? from : to);
          await reopen();
          assert.equal(status(a), to === 'same' ? from : to);
        });
      }
      it(`L2: ${action} of an unknown session is NotFound`, async () => {
        window = await FakeWindow.open();
        await assert.rejects(call(window.fleet), code('NotFound', { id: a }));
      });
    }

    for (const from of allStatuses) {
      it(`L1: a start from ${from} gives ${canTransition(from, 'provisioning_succeeded') ? 'running' : 'no change'}`, async () => {
        window = await FakeWindow.open([row(1, { status: from })]);
        await window.fleet.applyRunnerEvents(a, [event(1, started)]);
        assert.equal(status(a), from === 'provisioning' ? 'running' : from);
      });
    }

    it('L4: a process that exits in the millisecond of its start ends its row, whatever the order of its events', async () => {
      window = await FakeWindow.open();
      window.store.hold();
      const registered = window.fleet.register(request(1));
      const told = window.fleet.applyRunnerEvents(a, [{ ...exited(0), seq: 2, at: 1 }, { ...started, seq: 1, at: 1 }]);
      window.store.release();
      await Promise.all([registered, told]);
      assert.deepEqual(window.store.writes.map(({ how }) => how), ['registerActive', 'markTerminal']);
      assert.equal(status(a), 'completed');
    });

    it('L5: duplicate before limit; limit 2: the third is refused (2, 2), retiring counts, and any end frees the slot', async () => {
      for (const end of terminalStatuses) {
        window = await FakeWindow.open([row(1, { status: 'retiring' }), row(2)]);
        window.limit = 2;
        await assert.rejects(window.fleet.register(request(2)), code('AlreadyRegistered', { id: b }));
        await assert.rejects(window.fleet.register(request(3)), code('MaxConcurrentExceeded', { limit: 2, active: 2 }));
        await window.fleet.importSessions([{ session: row(4, { status: end, completedAt: 1, outcome: { type: 'retired' } }), notes: [] }]);
        await assert.rejects(window.fleet.register(request(3)), code('MaxConcurrentExceeded'));
        await window.fleet.cancelled(a, undefined);
        assert.equal((await window.fleet.register(request(3))).status, 'provisioning');
        window.dispose();
      }
    });

    it('L6: completed from running and retiring with a summary, cancelled from any active status with a reason; both are final', async () => {
      window = await FakeWindow.open([row(1, { status: 'provisioning' }), row(2), row(3, { status: 'retiring' })]);
      await assert.rejects(window.fleet.complete(a, 'x'), code('InvalidTransition', { id: a, status: 'provisioning', action: 'complete_operation' }));
      await window.fleet.cancelled(a, 'enough');
      await window.fleet.complete(b, 'all of it');
      await window.fleet.complete(c, undefined);
      assert.deepEqual([a, b, c].map((id) => window.fleet.get(id).outcome), [
        { type: 'cancelled', reason: 'enough' }, { type: 'completed', by: 'person', summary: 'all of it' }, { type: 'completed', by: 'person' },
      ]);
      for (const id of [a, b, c]) await assert.rejects(window.fleet.cancelled(id, undefined), code('InvalidTransition'));
    });

    it('L7: the ladder is ordered, survivors are told, and the row is cancelled only when the process is gone', async () => {
      window = await FakeWindow.open([row(1)]);
      window.runners.connect(a);
      await window.controller.cancel(a, 'enough');
      assert.deepEqual([window.runners.stops(a), status(a)], [[{ from: 'SIGINT', graceMs: 750 }], 'running']);
      const ladder: RunnerEventBody[] = [{ kind: 'stopping', signal: 'SIGINT' }, { kind: 'stopping', signal: 'SIGTERM' }, { kind: 'stopping', signal: 'SIGKILL' }, { kind: 'survivors', pids: [12] }];
      await window.fleet.applyRunnerEvents(a, ladder.map((body, n) => event(n + 1, body)));
      assert.equal(status(a), 'running');
      await window.fleet.applyRunnerEvents(a, [event(5, exited(null, { signal: 'SIGKILL', cause: 'stopped' }))]);
      assert.deepEqual(window.fleet.get(a).outcome, { type: 'cancelled', reason: 'enough' });
      assert.deepEqual((await window.fleet.history(a)).filter(({ kind }) => kind === 'survivors').map(({ data }) => data), [{ pids: [12] }]);
    });

    const exits: readonly [exit: RunnerEventBody, patch: Partial<Session>, outcome: SessionOutcome][] = [
      [exited(0), {}, { type: 'completed', by: 'exit' }],
      [exited(3), {}, { type: 'failed', error: 'exited with code 3', exitCode: 3 }],
      [exited(null), {}, { type: 'failed', error: 'exit code unknown' }],
      [exited(null, { signal: 'SIGSEGV' }), {}, { type: 'failed', error: 'ended by signal SIGSEGV' }],
      [exited(0), { stopRequest: { at: 1, reason: 'enough' } }, { type: 'cancelled', reason: 'enough' }],
      [exited(3), { stopRequest: { at: 1 } }, { type: 'cancelled' }],
      [exited(3), { stopRequest: { at: 1, reason: 'timed out after 1 min', cause: 'timeout' } }, { type: 'failed', error: 'timed out after 1 min' }],
    ];
    for (const [exit, patch, outcome] of exits) {
      it(`L8: ${JSON.stringify(exit)} after ${JSON.stringify(patch)}: ${JSON.stringify(outcome)}, whatever was said before`, async () => {
        window = await FakeWindow.open([row(1, patch)]);
        const said = { type: 'progress', message: 'done', percent: 100 };
        await window.fleet.applyRunnerEvents(a, [event(1, { kind: 'hook', name: 'Stop', payload: [said, { type: 'activity', activity: 'idle' }] }), event(2, exit)]);
        assert.deepEqual(window.fleet.get(a).outcome, outcome);
      });
    }
  });

  it('L9: a retiring session takes no prompt; its exit retires it, whatever the code; its deadline terminates it', async () => {
    window = await FakeWindow.open([row(1), row(2), row(3)]);
    for (const id of [a, b, c]) {
      window.terminals.open(id);
      await window.fleet.requestRetire(id, 60_000);
      await assert.rejects(window.controller.sendPrompt(id, 'go on'), (error) => isFleetError(error, 'Refused') && error.message.includes('it is retiring'));
      assert.deepEqual(window.terminals.typed(id), []);
    }
    await window.fleet.applyRunnerEvents(a, [event(1, exited(0))]);
    await window.fleet.applyRunnerEvents(b, [event(1, exited(1))]);
    await window.time.advance(60_000);
    assert.deepEqual([a, b, c].map((id) => window.fleet.get(id).outcome), [
      { type: 'retired' }, { type: 'retired' }, { type: 'terminated', reason: 'it did not retire by its deadline' },
    ]);
  });

  describe('owner goes away', () => {
    const machine = new FakeMachine();

    it('L10: all are ended at once with a reason, by creation; nothing active is no error', async () => {
      window = await FakeWindow.open([row(1, { createdAt: 2 }), row(2, { status: 'provisioning', createdAt: 1 }), row(3, { status: 'completed' })]);
      assert.equal(await window.fleet.terminateOwner('enough'), 2);
      assert.deepEqual((await window.fleet.feed.listSince(0)).entries.map(({ sessionId: id, outcome }) => [id, outcome]), [
        [b, { type: 'terminated', reason: 'enough' }], [a, { type: 'terminated', reason: 'enough' }],
      ]);
      assert.deepEqual([await window.fleet.terminateOwner('again'), status(c)], [0, 'completed']);
    });

    it('L10: it stops without a word: the next one adopts the living and terminates the dead; the second time nothing changes', async () => {
      const folders = new FakeFolders();
      for (const id of [a, b]) folders.make(id);
      const alive = row(1, { runner: machine.start(10), agent: machine.start(11) });
      const dead = row(2, { runner: machine.start(20), agent: machine.start(21) });
      window = await FakeWindow.open([alive, dead], { machine, folders });
      for (const pid of [20, 21]) machine.kill(pid);
      await reopen();
      assert.deepEqual([status(a), status(b)], ['running', 'terminated']);
      assert.match(JSON.stringify(window.fleet.get(b).outcome), new RegExp(lostReason));
      window.runners.connect(a, { pid: 10 });
      await settle();
      window.controller.reveal(a);
      assert.deepEqual(window.terminals.revealed, [a]);
      const before = [window.fleet.sessions, window.store.writes.length];
      await reopen();
      assert.deepEqual([window.fleet.sessions, window.store.writes.length], before);
    });
  });

  it('L11: two reports: count 2, the last text; percent clamped; only while running or retiring', async () => {
    window = await FakeWindow.open([row(1), row(2, { status: 'provisioning' })]);
    await window.fleet.reportProgress(a, { message: 'half', percent: 50 });
    await window.fleet.requestRetire(a);
    await window.time.advance(1000);
    await window.fleet.reportProgress(a, { message: 'more', percent: 250 });
    assert.deepEqual(window.fleet.get(a).progress, { count: 2, message: 'more', percent: 100, at: wallStart + 1000 });
    await window.fleet.reportProgress(a, { percent: -5 });
    assert.deepEqual([window.fleet.get(a).progress?.percent, window.fleet.get(a).progress?.message], [0, 'more']);
    await window.fleet.markRetired(a);
    for (const id of [a, b]) await assert.rejects(window.fleet.reportProgress(id, {}), code('InvalidTransition'));
  });

  it('L12: a watch tells the end, a late one at once; a wait outlives the eviction of what it waits for, in the order asked', async () => {
    window = await FakeWindow.open([row(1), row(2), row(3)]);
    window.retention = { maxFinished: 1, maxAgeMs: 0 };
    const watched = window.fleet.watch(a);
    const wait = window.fleet.waitAll([c, a, b]);
    await assert.rejects(window.fleet.waitAll([a]), code('WaitAlreadyActive'));
    await window.fleet.complete(a, undefined);
    await window.fleet.cancelled(b, undefined);
    assert.equal(window.fleet.find(a), undefined);
    await window.fleet.failed(c, 'why');
    assert.deepEqual((await wait).outcomes.map(([id, { type }]) => [id, type]), [[c, 'failed'], [a, 'completed'], [b, 'cancelled']]);
    assert.deepEqual([(await watched).type, (await window.fleet.watch(c)).type], ['completed', 'failed']);
    await assert.rejects(window.fleet.waitAll([c, c]), code('DuplicateWaitOperation'));
    await assert.rejects(window.fleet.waitAll([a]), code('NotFound'));
    assert.deepEqual((await window.fleet.waitAll([])).outcomes, []);
  });

  it('L13: numbers go on after a reload, a cursor at n sees only what is above it, and who waits is woken', async () => {
    window = await FakeWindow.open([row(1), row(2), row(3)]);
    await window.fleet.complete(b, undefined);
    await window.fleet.cancelled(a, undefined);
    await reopen();
    assert.equal(window.fleet.feed.watermark, 2);
    const woken = window.fleet.feed.waitForAdvance(2);
    await window.fleet.terminated(c, 'why');
    assert.deepEqual([await woken, window.fleet.get(c).feedSeq], [3, 3]);
    const since = async (n: number): Promise<unknown[]> => (await window.fleet.feed.listSince(n)).entries.map(({ seq, sessionId: id }) => [seq, id]);
    assert.deepEqual([await since(0), await since(1), await since(3)], [[[1, b], [2, a], [3, c]], [[2, a], [3, c]], []]);
  });

  it('L14: the snapshot follows the session, and says how it ended only when it has', async () => {
    window = await FakeWindow.open();
    await window.fleet.register(request(1, { kind: 'child_agent', conversationId: 'c1' }));
    void window.fleet.watch(a);
    const snapshot = () => snapshotOf(window.fleet.get(a), window.fleet.watcherCount(a));
    const base = { id: a, kind: 'child_agent', displayName: 's1', childSessionId: 'c1', createdAtMs: wallStart, watcherCount: 1 };
    assert.deepEqual(snapshot(), { ...base, status: 'provisioning', peerReady: false, progressCount: 0 });
    await window.fleet.applyRunnerEvents(a, [event(0.5, started)]);
    await window.fleet.peerReady(a, { name: 'docs', address: 'tcp://here' });
    await window.fleet.reportProgress(a, {});
    await window.time.advance(2000);
    await window.fleet.complete(a, undefined);
    assert.deepEqual(snapshot(), {
      ...base, status: 'completed', peerReady: true, progressCount: 1, startedAtMs: wallStart + 500, completedAtMs: wallStart + 2000, elapsedMs: 2000,
      peerHandle: { name: 'docs', address: 'tcp://here', at: wallStart }, terminalOutcome: { type: 'completed', by: 'person' },
    });
    assert.equal(meerkatSnapshot(window.fleet.get(a), 1).watcher_count, 1);
  });

  describe('attempts', () => {
    for (const from of allStatuses) {
      const isRestartable = ['failed', 'aborted', 'cancelled', 'terminated', 'unknown'].includes(from);
      it(`L15: restart from ${from}: ${isRestartable ? 'a new attempt, the old row stays' : 'Refused'}`, async () => {
        window = await FakeWindow.open([row(9, { status: from, spec: { policy: 'ask', cwd: '/work', prompt: 'go' }, attempt: 2 })]);
        const restarted = window.spawner.restart(sessionId(9));
        if (!isRestartable) return assert.rejects(restarted, code('Refused'));
        const { attempt, restartOf, spec, id } = await restarted;
        assert.deepEqual([attempt, restartOf, spec.prompt, status(sessionId(9)), status(id)], [3, sessionId(9), 'go', from, 'provisioning']);
      });
    }

    it('L15: a resumed session keeps its origin over a reload; a prefix that fits two is AmbiguousId(2)', async () => {
      window = await FakeWindow.open([row(1, { status: 'completed' })]);
      await window.fleet.register(request(2, { resumedFrom: a }));
      await reopen();
      assert.equal(window.fleet.get(b).resumedFrom, a);
      assert.throws(() => findByIdPrefix(window.fleet.sessions, 'agent-aaaa'), (error) => isFleetError(error, 'AmbiguousId') && error.details['n'] === 2);
    });
  });

  it('L18: NotFound, then PeerNotExpected, then AlreadyPeerReady, then InvalidTransition; the mark stays', async () => {
    const peer = { name: 'docs', address: 'tcp://here' };
    const known = { ...peer, at: 1 };
    window = await FakeWindow.open([
      row(1, { status: 'completed', peer: known }), row(2, { kind: 'child_agent', status: 'completed', peer: known }), row(3, { kind: 'child_agent', status: 'provisioning' }), row(4, { kind: 'child_agent' }),
    ]);
    for (const [id, wanted] of [[sessionId(99), 'NotFound'], [a, 'PeerNotExpected'], [b, 'AlreadyPeerReady'], [c, 'InvalidTransition']] as const) {
      await assert.rejects(window.fleet.peerReady(id, peer), code(wanted));
    }
    await window.fleet.peerReady(sessionId(4), peer);
    await assert.rejects(window.fleet.peerReady(sessionId(4), peer), code('AlreadyPeerReady'));
    await reopen();
    assert.deepEqual(window.fleet.get(sessionId(4)).peer, { ...peer, at: wallStart });
  });

  describe('store rows', () => {
    it('S7: the clock is set back during a run: the span is that of the monotonic clock; after a reload there is none; no end before its start', async () => {
      window = await FakeWindow.open();
      for (const n of [1, 2]) await window.fleet.register(request(n));
      await window.time.advance(5000);
      window.time.setWall(wallStart - 86_400_000);
      await window.fleet.cancelled(a, undefined);
      await reopen();
      await window.fleet.cancelled(b, undefined);
      assert.deepEqual([a, b].map((id) => window.fleet.get(id).elapsedMs), [5000, undefined]);
      for (const { createdAt, completedAt = 0, lastActivityAt } of window.fleet.sessions) assert.ok(completedAt >= createdAt && lastActivityAt >= createdAt);
    });

    it('S8: the newest by completion stay; too old ones go, active ones never; search still finds them', async () => {
      const day = 86_400_000;
      const old = (n: number, patch: Partial<Session>): Session => row(n, { createdAt: wallStart - 9 * day, lastActivityAt: wallStart - 8 * day, ...patch });
      window = await FakeWindow.open([old(1, { status: 'failed', completedAt: wallStart - 8 * day }), old(2, {}), row(3), row(4), row(5)]);
      window.retention = { maxFinished: 2, maxAgeMs: 7 * day };
      await window.fleet.tidy();
      assert.deepEqual(window.fleet.sessions.map(({ name }) => name), ['s2', 's3', 's4', 's5']);
      for (const n of [4, 3, 5]) await window.fleet.cancelled(sessionId(n), undefined);
      assert.deepEqual(window.fleet.sessions.map(({ name }) => name), ['s2', 's3', 's5']);
      assert.deepEqual((await window.fleet.search({})).filter(({ evicted }) => evicted).map(({ name }) => name).sort(), ['s1', 's4']);
      assert.equal((await window.fleet.load(a))?.status, 'failed');
    });

    it('S9: at most one stays, three are terminated at once: all three watchers and the feed hear of it', async () => {
      window = await FakeWindow.open([row(1), row(2), row(3)]);
      window.retention = { maxFinished: 1, maxAgeMs: 0 };
      const watched = [a, b, c].map((id) => window.fleet.watch(id));
      await window.fleet.terminateOwner('enough');
      assert.deepEqual(await Promise.all(watched), Array(3).fill({ type: 'terminated', reason: 'enough' }));
      assert.deepEqual([(await window.fleet.feed.listSince(0)).entries.length, window.fleet.sessions.length], [3, 1]);
    });

    it('S12: a prompt to an ended session stands in the audit with its error, one that was taken with ok', async () => {
      window = await FakeWindow.open([row(1, { status: 'completed' }), row(2)]);
      const { fleet, time: clock, logger, controller } = window;
      const audit = new AuditTrail({ fleet, clock, logger });
      await assert.rejects(audit.run({ action: 'prompt', target: a }, () => controller.sendPrompt(a, 'go')), code('Refused'));
      await audit.run({ action: 'cancel', target: b }, () => controller.cancel(b, undefined));
      await audit.run({ action: 'timeout', target: b, actor: 'fleet' }, () => Promise.resolve());
      await settle();
      assert.deepEqual((await fleet.auditTrail()).map(({ seq, actor, action, target, result }) => [seq, actor, action, target, result]), [
        [1, 'user', 'prompt', a, 'Refused'], [2, 'user', 'cancel', b, 'ok'], [3, 'fleet', 'timeout', b, 'ok'],
      ]);
    });

    it('S13: a live match is found, over a link too; a dead one ends, and a new row takes its place', async () => {
      const machine = new FakeMachine();
      window = await FakeWindow.open([row(1, { worktree: '/real', runner: machine.start(10), agent: machine.start(11) })], { machine });
      window.links.set('/link', '/real');
      const taken = await window.fleet.reserve('/link', request(2));
      assert.deepEqual([taken.type, taken.session.id], ['liveOwner', a]);
      assert.equal((await window.fleet.findOrCreate({ worktree: '/real' }, request(3))).created, false);
      machine.reboot();
      const made = await window.fleet.findOrCreate({ worktree: '/real' }, request(3, { worktree: '/real' }));
      assert.deepEqual([made.created, made.session.id, status(a)], [true, c, 'terminated']);
    });
  });
});
