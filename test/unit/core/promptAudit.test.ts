import assert from 'node:assert/strict';
import { FleetError, isFleetError } from '../../../src/base/errors.ts';
import { AuditTrail } from '../../../src/core/auditTrail.ts';
import { SessionController } from '../../../src/core/sessionController.ts';
import { windowTerminals } from '../../../src/link/windowTerminals.ts';
import { sessionId } from '../../fakes/ids.ts';
import { aSession, event, started } from '../../fakes/sessions.ts';
import { settle } from '../../fakes/time.ts';
import { FakeWindow } from '../../fakes/window.ts';

const id = sessionId(1);

describe('S12: each prompt is in the audit once, by the one who asked', () => {
  let window: FakeWindow;
  let controller: SessionController;
  const open = async (patch: Parameters<typeof aSession>[0] = {}): Promise<void> => {
    window = await FakeWindow.open([aSession(patch)]);
    // Another one, with an audit, takes its place.
    window.controller.dispose();
    const { fleet, catalog: drivers, terminals, others, runners, time, logger } = window;
    const audit = new AuditTrail({ fleet, clock: time, logger });
    controller = new SessionController({ fleet, drivers, terminals, others, runners, timers: time, logger, graceMs: () => 1, isTrusted: () => true, audit });
  };
  const audited = async (): Promise<readonly unknown[]> => {
    await settle();
    return (await window.fleet.auditTrail()).map(({ actor, action, result }) => [actor, action, result]);
  };
  afterEach(() => {
    controller.dispose();
    window.dispose();
  });

  it('a person here', async () => {
    await open();
    window.terminals.open(id);
    const sent = controller.sendPrompt(id, 'go');
    await window.time.advance(1000);
    await sent;
    assert.deepEqual(await audited(), [['user', 'prompt', 'ok']]);
  });

  it('a person in another window: not again by the window that types', async () => {
    await open();
    window.terminals.open(id);
    const sent = windowTerminals(window.terminals, (session, text) => controller.sendPromptFor(session, text)).prompt(id, 'go');
    await window.time.advance(1000);
    await sent;
    assert.deepEqual([await audited(), window.terminals.typed(id).length], [[], 2]);
  });

  it('the window that asked, also when nobody knows whether it was typed', async () => {
    await open();
    window.others.hold(id);
    await controller.sendPrompt(id, 'go');
    window.others.result = new FleetError('PromptUncertain', 'The prompt may have been typed.');
    await assert.rejects(controller.sendPrompt(id, 'go'), (error) => isFleetError(error, 'PromptUncertain'));
    assert.deepEqual(await audited(), [['user', 'prompt', 'ok'], ['user', 'prompt', 'PromptUncertain']]);
  });

  it('the first prompt of an agent is typed by the fleet', async () => {
    await open({ promptToType: 'go', status: 'provisioning' });
    window.terminals.open(id);
    // Nothing is known of the processes here.
    window.machine.canLook = false;
    await window.fleet.applyRunnerEvents(id, [event(1, started)]);
    await window.time.advance(30_000);
    assert.deepEqual([await audited(), window.terminals.typed(id).length], [[['fleet', 'prompt', 'ok']], 2]);
  });
});
