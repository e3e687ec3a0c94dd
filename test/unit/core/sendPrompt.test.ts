import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import type { ActivityKind, Session } from '../../../src/core/session.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, exited, wallStart } from '../../fakes/sessions.ts';
import { MemoryStore } from '../../fakes/sessionStore.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);
const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`;

function refusal(message: string, code = 'Refused'): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isFleetError(error, code), String(error));
    assert.equal(error.message, message);
    return true;
  };
}

describe('sending a prompt', () => {
  let window: FakeWindow;
  let seq = 0;
  const typed = (): readonly string[] => window.terminals.typed(id);
  const says = (...facts: readonly unknown[]): Promise<void> =>
    window.fleet.applyRunnerEvents(id, [{ kind: 'hook', name: 'Hook', payload: facts, seq: ++seq, at: window.time.now() }]);
  const asks = (activity: ActivityKind): Promise<void> => says({ type: 'activity', activity });

  const session = (): Session => window.fleet.get(id);
  const results = async (): Promise<readonly unknown[]> =>
    (await window.fleet.history(id)).flatMap((line) => (line.kind === 'prompt' ? [(line.data as { result: unknown }).result] : []));

  async function open(patch: Partial<Session> = {}): Promise<void> {
    seq = 0;
    window = await FakeWindow.open([aSession(patch)]);
    window.terminals.open(id);
  }
  afterEach(() => window.dispose());

  describe('P2: typing', () => {
    it('pastes, waits, presses Enter alone; without proof that is all that can be said', async () => {
      await open();
      const sent = window.controller.sendPrompt(id, 'one\r\ntwo\nthree');
      await settle();
      assert.deepEqual(typed(), [paste('one\ntwo\nthree')]);
      await window.time.advance(199);
      assert.equal(typed().length, 1);
      await window.time.advance(1);
      assert.deepEqual(typed(), [paste('one\ntwo\nthree'), '\r']);
      assert.equal(await sent, 'typed');
      await window.time.advance(60_000);
      assert.equal(typed().length, 2);
      assert.deepEqual((await window.fleet.history(id)).map((line) => [line.kind, line.data]), [['prompt', { text: 'one\ntwo\nthree', result: 'typed' }]]);
    });

    it('an interrupted prompt that the agent put back is cleared away first; after a turn that ended nothing is', async () => {
      await open();
      window.catalog.driver.clearInput = '\u001b\u001b';
      await asks('working');
      await window.fleet.applyTitle(id, '[{"type":"activity","activity":"idle","weak":true}]');
      const sent = window.controller.sendPrompt(id, 'go');
      await settle();
      assert.deepEqual(typed(), ['\u001b\u001b']);
      await window.time.advance(200);
      assert.deepEqual(typed(), ['\u001b\u001b', paste('go')]);
      await window.time.advance(200);
      await sent;
      assert.deepEqual(typed(), ['\u001b\u001b', paste('go'), '\r']);
      await asks('idle');
      const next = window.controller.sendPrompt(id, 'on');
      await window.time.advance(200);
      await next;
      assert.deepEqual(typed().slice(3), [paste('on'), '\r']);
    });

    it('what the agent shows as taken is submitted, and Enter was pressed once', async () => {
      await open();
      window.catalog.driver.provesPrompts = true;
      const { pending } = window.time;
      const sent = window.controller.sendPrompt(id, 'go');
      await window.time.advance(200);
      await says({ type: 'promptTaken' });
      assert.equal(await sent, 'submitted');
      assert.equal(window.time.pending, pending);
      await window.time.advance(60_000);
      assert.deepEqual(typed(), [paste('go'), '\r']);
    });

    it('no proof: one more Enter, and then no more', async () => {
      await open();
      window.catalog.driver.provesPrompts = true;
      const sent = window.controller.sendPrompt(id, 'go');
      await window.time.advance(200 + 2499);
      assert.equal(typed().length, 2);
      await window.time.advance(1);
      assert.deepEqual(typed(), [paste('go'), '\r', '\r']);
      await window.time.advance(2500);
      assert.equal(await sent, 'typed');
      await window.time.advance(60_000);
      assert.equal(typed().length, 3);
    });

    it('proof after the second Enter', async () => {
      await open();
      window.catalog.driver.provesPrompts = true;
      const sent = window.controller.sendPrompt(id, 'go');
      await window.time.advance(200 + 2500 + 100);
      await says({ type: 'promptTaken' });
      assert.equal(await sent, 'submitted');
    });

    it('proof of another session proves nothing', async () => {
      window = await FakeWindow.open([aSession(), aSession({ id: sessionId(2), name: 'other' })]);
      window.terminals.open(id);
      window.catalog.driver.provesPrompts = true;
      const sent = window.controller.sendPrompt(id, 'go');
      await window.time.advance(200);
      await window.fleet.applyRunnerEvents(sessionId(2), [event(1, { kind: 'hook', name: 'Hook', payload: [{ type: 'promptTaken' }] })]);
      await window.time.advance(5000);
      assert.equal(await sent, 'typed');
    });

    for (const activity of ['needs_permission', 'needs_answer'] as const) {
      it(`never presses the second Enter into a dialog (${activity})`, async () => {
        await open();
        window.catalog.driver.provesPrompts = true;
        const sent = window.controller.sendPrompt(id, 'go');
        await window.time.advance(1000);
        await asks(activity);
        await window.time.advance(10_000);
        assert.equal(await sent, 'typed');
        assert.deepEqual(typed(), [paste('go'), '\r']);
      });

      it(`nor the first, when it opens right after the paste: Enter waits until it is closed (${activity})`, async () => {
        await open({ promptToType: 'go' });
        const sent = window.controller.sendPrompt(id, 'go');
        await window.time.advance(100);
        await asks(activity);
        await window.time.advance(10_000);
        assert.equal(await sent, 'pasted');
        assert.deepEqual([typed(), session().promptToType], [[paste('go')], undefined]);
        await asks('working');
        await window.time.advance(1000);
        assert.deepEqual(typed(), [paste('go'), '\r']);
        assert.deepEqual(await results(), ['pasted', 'typed']);
      });
    }

    describe('P5: a prompt that lies behind a question', () => {
      async function pasted(): Promise<void> {
        await open();
        const sent = window.controller.sendPrompt(id, 'go');
        await window.time.advance(100);
        await asks('needs_permission');
        await window.time.advance(100);
        assert.equal(await sent, 'pasted');
      }

      it('is submitted when the agent shows that it took it', async () => {
        await pasted();
        window.catalog.driver.provesPrompts = true;
        await asks('working');
        await window.time.advance(300);
        await says({ type: 'promptTaken' });
        await window.time.advance(10_000);
        assert.deepEqual([typed(), await results()], [[paste('go'), '\r'], ['pasted', 'submitted']]);
      });

      it('which the person sends: no Enter is added', async () => {
        await pasted();
        await says({ type: 'promptTaken' }, { type: 'activity', activity: 'working' });
        await window.time.advance(10_000);
        assert.deepEqual([typed(), await results()], [[paste('go')], ['pasted', 'submitted']]);
      });

      it('one question after the other: Enter comes after the last', async () => {
        await pasted();
        await asks('working');
        await window.time.advance(100);
        await asks('needs_answer');
        await window.time.advance(10_000);
        assert.deepEqual(typed(), [paste('go')]);
        await asks('idle');
        await window.time.advance(1000);
        assert.deepEqual([typed(), await results()], [[paste('go'), '\r'], ['pasted', 'typed']]);
      });

      it('a question that is open for more than 10 minutes: Enter is not pressed any more', async () => {
        await pasted();
        await window.time.advance(600_000);
        await asks('idle');
        await window.time.advance(10_000);
        assert.deepEqual([typed(), await results()], [[paste('go')], ['pasted']]);
      });

      it('the next prompt comes after its Enter', async () => {
        await pasted();
        await asks('idle');
        const next = window.controller.sendPrompt(id, 'on');
        await window.time.advance(1000);
        await next;
        assert.deepEqual(typed(), [paste('go'), '\r', paste('on'), '\r']);
      });

      it('an agent that ends behind its question gets nothing, and no timer is left', async () => {
        await pasted();
        await window.fleet.applyRunnerEvents(id, [event(++seq, exited(0))]);
        await window.time.advance(20_000);
        assert.deepEqual([typed(), await results(), window.time.pending], [[paste('go')], ['pasted'], 0]);
      });

      it('nothing leaks when the window closes meanwhile', async () => {
        await pasted();
        window.dispose();
        assert.equal(window.time.pending, 0);
      });
    });

    it('one at a time per session, in order; sessions do not wait for each other', async () => {
      window = await FakeWindow.open([aSession(), aSession({ id: sessionId(2), name: 'other' })]);
      window.terminals.open(id);
      window.terminals.open(sessionId(2));
      const all = Promise.all([window.controller.sendPrompt(id, 'a'), window.controller.sendPrompt(id, 'b'), window.controller.sendPrompt(sessionId(2), 'c')]);
      await settle();
      assert.deepEqual([typed(), window.terminals.typed(sessionId(2))], [[paste('a')], [paste('c')]]);
      await window.time.advance(1000);
      await all;
      assert.deepEqual(typed(), [paste('a'), '\r', paste('b'), '\r']);
    });

    it('a prompt that waited is checked again when its turn comes', async () => {
      await open();
      const first = window.controller.sendPrompt(id, 'a');
      const second = window.controller.sendPrompt(id, 'b');
      const refused = assert.rejects(second, refusal('“docs” cannot take a prompt: it asks for permission. Answer that in its terminal first.'));
      await window.time.advance(100);
      await asks('needs_permission');
      await window.time.advance(1000);
      await first;
      await refused;
      assert.deepEqual(typed(), [paste('a')]);
    });

    it('control characters and the end of a paste cannot escape it', async () => {
      await open();
      const sent = window.controller.sendPrompt(id, 'a\u001b[201~\r\u0003\u001b\u009b\u0004!');
      await window.time.advance(1000);
      await sent;
      assert.deepEqual(typed(), [paste('a[201~\n!'), '\r']);
    });
  });

  describe('P1, P5: refusals', () => {
    const cases: readonly [what: string, patch: Partial<Session>, why: string][] = [
      ['starting', { status: 'provisioning' }, 'it is still starting.'],
      ['L9: retiring', { status: 'retiring' }, 'it is retiring.'],
      ['completed', { status: 'completed' }, 'it has ended: completed.'],
      ['failed', { status: 'failed' }, 'it has ended: failed.'],
      ['cancelled', { status: 'cancelled' }, 'it has ended: cancelled.'],
      ['permission', { signal: { activity: 'needs_permission', source: 'hook', at: wallStart } }, 'it asks for permission. Answer that in its terminal first.'],
      ['question', { signal: { activity: 'needs_answer', source: 'hook', at: wallStart } }, 'it asks a question. Answer that in its terminal first.'],
    ];
    for (const [what, patch, why] of cases) {
      it(`${what}: nothing is typed, the reason is said and kept`, async () => {
        await open(patch);
        await assert.rejects(window.controller.sendPrompt(id, 'go'), refusal(`“docs” cannot take a prompt: ${why}`));
        assert.deepEqual(typed(), []);
        assert.deepEqual((await window.fleet.history(id)).map((line) => [line.kind, line.data]), [['promptRefused', { reason: `“docs” cannot take a prompt: ${why}` }]]);
      });
    }

    it('start-up: an agent that has not said that it is ready takes nothing; its title is enough to say so', async () => {
      await open({ signal: { activity: 'starting', source: 'process', at: wallStart } });
      window.catalog.driver.provesPrompts = true;
      const why = '“docs” cannot take a prompt: it has not said yet that it is ready. Look at its terminal.';
      await assert.rejects(window.controller.sendPrompt(id, 'go'), refusal(why));
      assert.deepEqual(typed(), []);
      await window.fleet.applyTitle(id, '[{"type":"activity","activity":"idle","weak":true}]');
      const sent = window.controller.sendPrompt(id, 'go');
      await window.time.advance(10_000);
      await sent;
      assert.equal(typed()[0], paste('go'));
    });

    it('start-up: an agent that can never say that it is ready takes prompts', async () => {
      await open({ signal: { activity: 'starting', source: 'process', at: wallStart } });
      const sent = window.controller.sendPrompt(id, 'go');
      await window.time.advance(200);
      assert.equal(await sent, 'typed');
    });

    it('no terminal here', async () => {
      window = await FakeWindow.open([aSession()]);
      await assert.rejects(window.controller.sendPrompt(id, 'go'), refusal('“docs” cannot take a prompt: its terminal is closed, or belongs to another window.'));
    });

    it('another window manages the fleet: refused in the same words, and nothing is written', async () => {
      const store = new MemoryStore([aSession()]);
      store.role = 'reader';
      window = await FakeWindow.open([], { store });
      window.terminals.open(id);
      await assert.rejects(window.controller.sendPrompt(id, 'go'), refusal('“docs” cannot take a prompt: another window manages this fleet and does not answer.'));
      assert.deepEqual([store.writes, typed()], [[], []]);
    });

    it('unknown session, empty prompt', async () => {
      await open();
      await assert.rejects(window.controller.sendPrompt('agent-x', 'go'), (error) => isFleetError(error, 'NotFound'));
      await assert.rejects(window.controller.sendPrompt(id, ' \n'), (error) => isFleetError(error, 'EmptyPrompt'));
      assert.deepEqual(typed(), []);
    });

    it('the terminal goes away between paste and Enter', async () => {
      await open();
      const refused = assert.rejects(window.controller.sendPrompt(id, 'go'));
      await window.time.advance(100);
      window.terminals.lose(id, 'user');
      await window.time.advance(1000);
      await refused;
    });

    it('the agent ends between paste and Enter', async () => {
      await open();
      const refused = assert.rejects(window.controller.sendPrompt(id, 'go'), refusal('“docs” cannot take a prompt: it has ended: completed.'));
      await window.time.advance(100);
      await window.fleet.applyRunnerEvents(id, [event(++seq, exited(0))]);
      await window.time.advance(1000);
      await refused;
      assert.deepEqual(typed(), [paste('go')]);
    });
  });

  it('nothing leaks: the window closes while a prompt is typed, and no key is pressed after that', async () => {
    await open();
    window.catalog.driver.provesPrompts = true;
    const refused = assert.rejects(window.controller.sendPrompt(id, 'go'), (error) => isFleetError(error, 'Closing'));
    await window.time.advance(100);
    window.dispose();
    await refused;
    assert.equal(window.time.pending, 0);
    await window.time.advance(10_000);
    assert.deepEqual(typed(), [paste('go')]);
  });
});
