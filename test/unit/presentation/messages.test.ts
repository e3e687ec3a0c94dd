import { deepStrictEqual } from 'node:assert/strict';
import { confirmBypass, confirmCancel, confirmClear, driverMissing, promptOutcome, registryDamaged, viewMessage } from '../../../src/presentation/messages.ts';
import { nameProblem, promptInput } from '../../../src/presentation/prompts.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';

describe('presentation/messages', () => {
  it('asks before something ends or is lost', () => {
    deepStrictEqual(
      [confirmCancel(t, ['ui']), confirmCancel(t, ['a', 'b']), confirmClear(t, 1), confirmBypass(t, 'Codex', '/w')].map(({ message, confirm }) => `${message} [${confirm}]`),
      ['End the agent of “ui”? [End Agent]', 'End the agents of 2 sessions? [End Agents]', 'Clear 1 finished session? [Clear]', 'Start Codex without permission checks? [Start Without Checks]'],
    );
  });

  it('reports what became of a prompt', () => {
    deepStrictEqual(
      [
        promptOutcome(t, [{ name: 'a', result: 'submitted' }]),
        promptOutcome(t, [{ name: 'a', result: 'typed' }, { name: 'b', result: 'submitted' }]),
        promptOutcome(t, [{ name: 'a', result: 'refused', reason: '“a” has ended.' }]),
        promptOutcome(t, [{ name: 'a', result: 'submitted' }, { name: 'b', result: 'typed' }, { name: 'c', result: 'refused', reason: '“c” asks a question.' }]),
      ],
      [
        undefined,
        { severity: 'info', text: 'The prompt was typed into “a”. It was not confirmed: look at its terminal.' },
        { severity: 'error', text: '“a” has ended.' },
        { severity: 'warning', text: 'The prompt was sent to 2 of 3 sessions. “c” asks a question.' },
      ],
    );
  });

  it('says how to get a missing agent', () => {
    deepStrictEqual(driverMissing(t, 'pi', 'Install it with npm.', 'agentFleet.agents.pi.path'), 'pi was not found. Install it with npm. If it is installed elsewhere, set agentFleet.agents.pi.path.');
  });

  it('tells the state of the whole view, the worst first', () => {
    const ok = { persisted: true } as const;
    deepStrictEqual(
      [
        viewMessage(t, { ownerSilent: false, health: ok, trusted: true }),
        viewMessage(t, { ownerSilent: true, health: ok, trusted: true }),
        viewMessage(t, { ownerSilent: true, health: ok, trusted: false }),
        viewMessage(t, { ownerSilent: false, health: { persisted: false, reason: 'disk full' }, trusted: false }),
      ],
      [
        undefined,
        'Another window manages this fleet and does not answer. This one only shows it.',
        'Restricted Mode: sessions are shown, nothing can be started.',
        'Changes are not saved: disk full. Agents keep running.',
      ],
    );
  });

  it('speaks of a damaged registry only when there is something to say', () => {
    const sessions = [{}, {}];
    deepStrictEqual(
      [
        registryDamaged(t, { sessions }),
        registryDamaged(t, { sessions, setAside: 'a.corrupt-1' }),
        registryDamaged(t, { sessions, restored: true }),
        registryDamaged(t, { sessions, setAside: 'a.corrupt-1', restored: true }),
        registryDamaged(t, { sessions: [], setAside: 'a.corrupt-1', restored: true }),
        registryDamaged(t, { sessions: [], newerVersion: 3 }),
      ],
      [
        undefined,
        'A damaged file of the fleet registry was set aside as a.corrupt-1. Nothing is missing: it was rebuilt from the journal.',
        'The fleet registry is damaged: some changes could not be read and were left out. Sessions that are kept: 2.',
        'The fleet registry was damaged: some changes could not be read and were left out. Sessions that are kept: 2. The damaged file is set aside as a.corrupt-1.',
        'The fleet registry was damaged and set aside as a.corrupt-1. The fleet begins anew.',
        'A newer version of Agent Fleet wrote this registry. It is not changed: update the extension to use it.',
      ],
    );
  });

  it('checks names and titles the prompt box', () => {
    deepStrictEqual(
      [nameProblem(t, ' ', []), nameProblem(t, 'ui', ['ui']), nameProblem(t, 'ui', []), promptInput(t, ['ui']).title, promptInput(t, ['a', 'b']).title],
      ['Give it a name.', 'An active session has this name already.', undefined, 'Send Prompt to “ui”', 'Send Prompt to 2 Sessions'],
    );
  });
});
