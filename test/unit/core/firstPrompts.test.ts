import assert from 'node:assert/strict';
import type { Session } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited, started, wallStart } from '../../fakes/sessions.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const whole = ['\u001b[200~go\u001b[201~', '\r'];

describe('T9: the first prompt of an agent that takes none on its command line', () => {
  let window: FakeWindow;
  const typed = (): readonly string[] => window.terminals.typed(id);

  async function open(patch: Partial<Session> = {}): Promise<void> {
    window = await FakeWindow.open([aSession({ promptToType: 'go', ...patch })]);
    window.terminals.open(id);
    // Nothing is known of the processes here.
    window.machine.canLook = false;
  }
  async function drawFor(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      window.terminals.draw(id);
      await window.time.advance(100);
    }
  }
  afterEach(() => window.dispose());

  it('a silent agent gets it 15 s after it began to run, once', async () => {
    await open({ status: 'provisioning' });
    await window.time.advance(60_000);
    await window.fleet.applyRunnerEvents(id, [event(1, started)]);
    await window.time.advance(14_999);
    assert.deepEqual(typed(), []);
    await window.time.advance(60_000);
    assert.deepEqual(typed(), whole);
  });

  it('output while it is still starting does not begin the 15 s', async () => {
    await open({ status: 'provisioning' });
    await drawFor(14_000);
    await window.fleet.applyRunnerEvents(id, [event(1, started)]);
    await drawFor(14_900);
    assert.deepEqual(typed(), []);
    await drawFor(1000);
    assert.deepEqual(typed(), whole);
  });

  it('an agent that will say when it is ready gets it after that, not into a start-up dialog', async () => {
    await open({ status: 'provisioning' });
    window.catalog.driver.provesPrompts = true;
    await window.fleet.applyRunnerEvents(id, [event(1, started)]);
    window.terminals.draw(id);
    await window.time.advance(60_000);
    assert.deepEqual(typed(), []);
    await window.fleet.applyTitle(id, '[{"type":"activity","activity":"idle"}]');
    await window.time.advance(1000);
    assert.deepEqual(typed(), whole);
  });

  it('waits until it has paused for 800 ms', async () => {
    await open();
    await drawFor(2000);
    await window.time.advance(699);
    assert.deepEqual(typed(), []);
    await window.time.advance(1);
    assert.equal(typed().length, 1);
    await window.time.advance(200);
    assert.deepEqual(typed(), whole);
    assert.equal(window.fleet.get(id).promptToType, undefined);
  });

  it('types it exactly once, also when the echo of the prompt keeps the screen busy and proof never comes', async () => {
    await open();
    window.catalog.driver.provesPrompts = true;
    window.terminals.draw(id);
    await window.time.advance(800);
    for (let round = 0; round < 10; round++) {
      window.terminals.draw(id);
      await window.time.advance(1000);
    }
    assert.deepEqual(typed(), [...whole, '\r']);
    assert.deepEqual((await window.fleet.history(id)).map((line) => line.kind), ['prompt']);
  });

  it('an agent whose screen never rests gets it after 15 s, once', async () => {
    await open();
    await drawFor(14_900);
    assert.deepEqual(typed(), []);
    await drawFor(30_000);
    assert.deepEqual(typed(), whole);
  });

  it('an agent that has drawn and paused before its runner said that it started gets it after that', async () => {
    await open({ status: 'provisioning' });
    window.terminals.draw(id);
    await window.time.advance(5000);
    assert.deepEqual(typed(), []);
    await window.fleet.applyRunnerEvents(id, [event(1, started)]);
    await window.time.advance(1000);
    assert.deepEqual(typed(), whole);
  });

  it('P5: an agent that asks something first gets it after the answer, not as the answer', async () => {
    await open({ signal: { activity: 'needs_permission', source: 'hook', at: wallStart } });
    window.terminals.draw(id);
    await window.time.advance(20_000);
    assert.deepEqual(typed(), []);
    await window.fleet.applyRunnerEvents(id, [event(1, { kind: 'hook', name: 'Hook', payload: [{ type: 'activity', activity: 'idle' }] })]);
    await window.time.advance(799);
    assert.deepEqual(typed(), []);
    await window.time.advance(1000);
    assert.deepEqual(typed(), whole);
  });

  it('a prompt that a person sends first goes first and does not replace it', async () => {
    await open();
    const mine = window.controller.sendPrompt(id, 'mine');
    await window.time.advance(1000);
    await mine;
    window.terminals.draw(id);
    await window.time.advance(2000);
    assert.deepEqual(typed(), ['\u001b[200~mine\u001b[201~', '\r', ...whole]);
  });

  it('a prompt that was typed is not typed again in the next window', async () => {
    await open();
    window.terminals.draw(id);
    await window.time.advance(2000);
    const next = await FakeWindow.open([], { store: window.store });
    next.terminals.open(id);
    next.terminals.draw(id);
    await next.time.advance(20_000);
    assert.deepEqual(next.terminals.typed(id), []);
    next.dispose();
  });

  it('an agent that ends before it is ready gets nothing, and no timer is left', async () => {
    await open();
    window.terminals.draw(id);
    await window.fleet.applyRunnerEvents(id, [event(1, exited(1))]);
    await window.time.advance(20_000);
    assert.deepEqual([typed(), window.time.pending], [[], 0]);
  });

  it('a terminal that refuses the keys is not tried over and over', async () => {
    await open();
    window.terminals.draw(id);
    window.terminals.write = () => {
      throw new Error('gone');
    };
    await window.time.advance(60_000);
    assert.deepEqual((await window.fleet.history(id)).map((line) => line.kind), ['promptRefused']);
    assert.equal(window.fleet.get(id).promptToType, 'go');
  });

  it('nothing leaks when the window closes while it waits', async () => {
    await open();
    window.terminals.draw(id);
    window.dispose();
    window.terminals.draw(id);
    assert.equal(window.time.pending, 0);
  });
});
