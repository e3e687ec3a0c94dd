import assert from 'node:assert/strict';
import { RetiringAgents } from '../../../src/core/retiringAgents.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited, wallStart } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);

describe('L9: retiring agents', () => {
  let window: FakeWindow;
  let agents: RetiringAgents;
  afterEach(() => {
    agents.dispose();
    window.dispose();
  });

  async function open(patch: Parameters<typeof aSession>[0]): Promise<void> {
    window = await FakeWindow.open([aSession({ id, runner: { pid: 1 }, ...patch })]);
    const { fleet, runners, logger } = window;
    agents = new RetiringAgents({ fleet, runners, logger, graceMs: () => 750 });
  }

  const busy = { signal: { activity: 'working', source: 'hook', at: wallStart } } as const;
  const idle = { signal: { activity: 'idle', source: 'hook', at: wallStart } } as const;

  it('an idle agent is retired at once and told to end; its exit changes nothing', async () => {
    await open(idle);
    window.runners.connect(id);
    await window.fleet.requestRetire(id);
    await settle();
    assert.deepEqual([window.fleet.get(id).outcome, window.runners.stops(id)], [{ type: 'retired' }, [{ from: 'SIGTERM', graceMs: 750 }]]);
    await window.fleet.applyRunnerEvents(id, [event(1, exited(null, { signal: 'SIGTERM', cause: 'stopped' }))]);
    assert.equal(window.fleet.get(id).status, 'retired');
  });

  it('L6: one that is cancelled before its turn ends is cancelled, though it looks idle while it ends', async () => {
    await open(busy);
    window.runners.connect(id);
    await window.fleet.requestRetire(id);
    await window.controller.cancel(id, 'no more');
    await window.fleet.applyTitle(id, JSON.stringify([{ type: 'activity', activity: 'idle' }]));
    await settle();
    assert.equal(window.fleet.get(id).status, 'retiring');
    await window.fleet.applyRunnerEvents(id, [event(1, exited(0))]);
    assert.deepEqual(window.fleet.get(id).outcome, { type: 'cancelled', reason: 'no more' });
  });

  it('a busy one may end its turn first', async () => {
    await open(busy);
    window.runners.connect(id);
    await window.fleet.requestRetire(id, 60_000);
    await window.time.advance(30_000);
    assert.deepEqual([window.fleet.get(id).status, window.runners.stops(id)], ['retiring', []]);
    await window.time.advance(31_000);
    assert.deepEqual([window.fleet.get(id).status, window.runners.stops(id).length], ['terminated', 1], 'at its deadline it is terminated, and really ended');
  });

  it('one whose runner is away is told when it calls', async () => {
    await open(idle);
    await window.fleet.requestRetire(id);
    await settle();
    assert.equal(window.fleet.get(id).status, 'retiring');
    window.runners.connect(id);
    await settle();
    assert.deepEqual([window.fleet.get(id).status, window.runners.stops(id).length >= 1], ['retired', true]);
  });

  it('nobody else is touched', async () => {
    await open(idle);
    window.runners.connect(id);
    await window.fleet.record(id, 'note', 'user', {});
    await window.fleet.terminated(id, 'lost');
    await settle();
    assert.deepEqual(window.runners.stops(id), []);
  });
});
