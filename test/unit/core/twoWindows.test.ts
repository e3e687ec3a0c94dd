import assert from 'node:assert/strict';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import type { Session } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { FakeOwner } from '../../fakes/ownerWindow.ts';
import { aSession, event, started, wallStart } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { FakeTime, settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const paste = '\u001b[200~go\u001b[201~';
const ladder = { from: 'SIGINT', graceMs: 750 };

function refusal(message: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFleetError(error, 'Refused'), String(error));
    assert.equal(error.message, message);
    return true;
  };
}

describe('S3: two windows on one workspace', () => {
  let time: FakeTime;
  let owner: FakeWindow;
  let reader: FakeWindow;
  let link: FakeOwner;

  async function open(patch: Partial<Session> = {}): Promise<void> {
    time = new FakeTime();
    const session = aSession({ runner: { pid: 10 }, agent: { pid: 11 }, ...patch });
    owner = await FakeWindow.open([session], { time });
    link = new FakeOwner(owner.fleet);
    const store = new MemoryStore([session]);
    store.role = 'reader';
    reader = await FakeWindow.open([], { store, time, owner: link });
    for (const window of [owner, reader]) window.machine.canLook = false;
  }
  /** The terminal is in that window, and the other one knows. */
  function holdIn(window: FakeWindow): void {
    window.terminals.open(id);
    (window === owner ? reader : owner).others.hold(id);
  }
  const history = async (): Promise<readonly (readonly [string, unknown])[]> => (await owner.fleet.history(id)).map(({ kind, data }) => [kind, data] as const);
  afterEach(() => {
    owner.dispose();
    reader.dispose();
  });

  describe('prompts', () => {
    it('a reader types into its own terminal, hears the proof from the owner, and the owner records it', async () => {
      await open();
      holdIn(reader);
      owner.catalog.driver.provesPrompts = reader.catalog.driver.provesPrompts = true;
      const sent = reader.controller.sendPrompt(id, 'go');
      await time.advance(300);
      await owner.fleet.applyRunnerEvents(id, [event(1, { kind: 'hook', name: 'x', payload: [{ type: 'promptTaken' }] })]);
      assert.equal(await sent, 'submitted');
      assert.deepEqual(reader.terminals.typed(id), [paste, '\r']);
      assert.deepEqual([(await history()).at(-1), reader.store.writes], [['prompt', { text: 'go', result: 'submitted' }], []]);
    });

    it('the window that does not hold the terminal asks the one that does, and records nothing twice', async () => {
      await open();
      holdIn(reader);
      assert.equal(await owner.controller.sendPrompt(id, 'go\n'), 'submitted');
      assert.deepEqual([owner.others.prompted, await history()], [[{ sessionId: id, text: 'go' }], []]);
      owner.others.result = new FleetError('Refused', '“docs” cannot take a prompt: it asks a question.');
      await assert.rejects(owner.controller.sendPrompt(id, 'go'), refusal('“docs” cannot take a prompt: it asks a question.'));
      assert.deepEqual(await history(), []);
    });

    it('P5: a question that the owner knows of is not typed into by another window', async () => {
      await open({ signal: { activity: 'needs_permission', source: 'hook', at: wallStart } });
      holdIn(reader);
      for (const window of [owner, reader]) {
        await assert.rejects(window.controller.sendPrompt(id, 'go'), refusal('“docs” cannot take a prompt: it asks for permission. Answer that in its terminal first.'));
      }
      assert.deepEqual([owner.others.prompted, reader.terminals.typed(id)], [[], []]);
      assert.deepEqual((await history()).map(([kind]) => kind), ['promptRefused', 'promptRefused']);
    });

    it('P5: a question that opens after the paste keeps the Enter back, though the reader has no journal yet', async () => {
      await open();
      holdIn(reader);
      const sent = reader.controller.sendPrompt(id, 'go');
      await time.advance(100);
      await owner.fleet.applyRunnerEvents(id, [event(1, { kind: 'hook', name: 'x', payload: [{ type: 'activity', activity: 'needs_permission' }] })]);
      await time.advance(100);
      assert.deepEqual([await sent, reader.terminals.typed(id)], ['pasted', [paste]]);
    });

    it('the owner goes away between paste and Enter: it is sent all the same, and recorded when somebody owns the registry again', async () => {
      await open();
      holdIn(reader);
      const sent = reader.controller.sendPrompt(id, 'go');
      await time.advance(100);
      link.isReachable = false;
      await time.advance(100);
      assert.equal(await sent, 'typed');
      assert.deepEqual([reader.terminals.typed(id), await history()], [[paste, '\r'], []]);
      reader.store.becomeOwner();
      await settle();
      assert.deepEqual((await reader.fleet.history(id)).map(({ kind }) => kind), ['prompt']);
    });

    it('nobody manages the fleet: refused in words before anything is typed', async () => {
      await open();
      holdIn(reader);
      link.isReachable = false;
      await assert.rejects(reader.controller.sendPrompt(id, 'go'), refusal('“docs” cannot take a prompt: another window manages this fleet and does not answer.'));
      assert.deepEqual(reader.terminals.typed(id), []);
    });
  });

  describe('T9: first prompts', () => {
    it('are typed by the window that holds the terminal, once', async () => {
      await open({ status: 'provisioning', promptToType: 'go' });
      holdIn(reader);
      await owner.fleet.applyRunnerEvents(id, [event(1, started)]);
      reader.terminals.draw(id);
      await time.advance(60_000);
      assert.deepEqual([reader.terminals.typed(id), owner.others.prompted, owner.fleet.get(id).promptToType], [[paste, '\r'], [], undefined]);
    });

    it('are not typed again when the owner dies before it knew', async () => {
      await open({ promptToType: 'go' });
      holdIn(reader);
      reader.terminals.draw(id);
      await time.advance(850);
      link.isReachable = false;
      await time.advance(1000);
      reader.store.becomeOwner();
      reader.terminals.draw(id);
      await time.advance(60_000);
      assert.deepEqual([reader.terminals.typed(id), reader.fleet.get(id).promptToType], [[paste, '\r'], undefined]);
    });
  });

  describe('interrupt', () => {
    it('keys go to whoever holds the terminal', async () => {
      await open();
      holdIn(reader);
      await owner.controller.interrupt(id);
      await reader.controller.interrupt(id);
      assert.deepEqual([owner.others.written, reader.terminals.typed(id)], [[{ sessionId: id, data: '\u001b' }], ['\u001b']]);
      assert.deepEqual((await history()).map(([kind]) => kind), ['interrupted', 'interrupted']);
    });
  });

  describe('L6: cancel and complete', () => {
    it('a reader asks for the stop, and orders the runner that calls the owner', async () => {
      await open();
      reader.runners.connect(id);
      await reader.controller.cancel(id, 'enough');
      assert.deepEqual([owner.fleet.get(id).stopRequest?.reason, reader.runners.stops(id)], ['enough', [ladder]]);
    });

    it('a runner that comes back is told by the owner alone', async () => {
      await open({ stopRequest: { at: 1 } });
      for (const window of [owner, reader]) window.runners.connect(id);
      await settle();
      assert.deepEqual([owner.runners.stops(id), reader.runners.stops(id)], [[ladder], []]);
    });

    it('the runner stays away: the terminal is closed in the window that holds it', async () => {
      await open();
      holdIn(reader);
      await owner.controller.cancel(id, undefined);
      await time.advance(1999);
      assert.deepEqual(owner.others.closed, []);
      await time.advance(1);
      assert.deepEqual([owner.others.closed, owner.terminals.closed], [[id], []]);
    });

    it('still starting in another window: it is not cancelled on paper alone', async () => {
      await open();
      owner.dispose();
      owner = await FakeWindow.open([aSession({ status: 'provisioning' })], { time });
      owner.others.hold(id);
      await owner.controller.cancel(id, undefined);
      assert.equal(owner.fleet.get(id).status, 'provisioning');
      await time.advance(2000);
      assert.deepEqual(owner.others.closed, [id]);
    });

    it('a reader completes a session', async () => {
      await open();
      await reader.controller.complete(id, 'done');
      assert.deepEqual([owner.fleet.get(id).outcome, reader.fleet.get(id).status], [{ type: 'completed', by: 'person', summary: 'done' }, 'completed']);
    });

    it('U11: no owner answers: no cancel, in words', async () => {
      await open();
      link.isReachable = false;
      await assert.rejects(reader.controller.cancel(id, undefined), refusal('“docs” cannot be cancelled: another window manages this fleet and does not answer.'));
    });
  });

  describe('U11: reveal', () => {
    it('is for terminals of this window; the refusal says where it is', async () => {
      await open();
      holdIn(reader);
      assert.throws(() => owner.controller.reveal(id), refusal('“docs” has no terminal here: it is in another window of this folder. Look there.'));
      reader.controller.reveal(id);
      assert.deepEqual(reader.terminals.revealed, [id]);
    });
  });

  describe('V5: evidence is for the owner', () => {
    it('a start whose terminal is in another window is not given up', async () => {
      await open();
      owner.dispose();
      owner = await FakeWindow.open([aSession({ status: 'provisioning' })], { time });
      owner.folders.make(id, { isPending: true });
      owner.others.hold(id);
      await time.advance(120_000);
      assert.equal(owner.fleet.get(id).status, 'provisioning');
      owner.others.lose(id);
      await time.advance(60_000);
      assert.equal(owner.fleet.get(id).status, 'aborted');
    });

    it('a reader that can ask the owner still terminates nobody by itself', async () => {
      await open();
      reader.machine.canLook = true;
      await reader.recovery.check(id);
      await time.advance(120_000);
      assert.deepEqual([reader.fleet.get(id).status, link.asked], ['running', []]);
    });

    it('L10: the terminal of a runner that calls no more is not looked for by its pid', async () => {
      await open();
      owner.runners.connect(id, { pid: 10 });
      assert.deepEqual(owner.terminals.abandoned, []);
      owner.runners.disconnect(id);
      assert.deepEqual(owner.terminals.abandoned, [id]);
    });

    it('L10: a terminal that a reader adopts is asked to open its frame anew', async () => {
      await open();
      reader.runners.connect(id, { pid: 10 });
      await settle();
      assert.deepEqual([reader.terminals.adopted, reader.runners.orders], [[{ sessionId: id, runnerPid: 10 }], [{ sessionId: id, order: 'reframe' }]]);
    });
  });

  describe('T1: a reader spawns', () => {
    it('the owner registers, the reader opens the terminal, and both windows show it', async () => {
      await open();
      // The first id is taken.
      reader.ids.sessionId();
      const session = await reader.spawner.spawn({ driver: 'scripted', name: 'ui', policy: 'ask', cwd: '/work/ui', prompt: 'go' });
      assert.deepEqual([owner.fleet.get(session.id).status, reader.fleet.get(session.id).name, reader.terminals.launched.length], ['provisioning', 'ui', 1]);
      reader.terminals.launchFault = new FleetError('TerminalFailed', 'no terminal');
      await assert.rejects(reader.spawner.spawn({ driver: 'scripted', name: 'api', policy: 'ask', cwd: '/work/ui' }));
      assert.deepEqual(owner.fleet.sessions.map(({ status }) => status).sort(), ['failed', 'provisioning', 'running']);
    });
  });
});
