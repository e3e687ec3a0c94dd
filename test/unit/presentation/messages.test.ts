import { deepStrictEqual } from 'node:assert/strict';
import { confirmBypass, confirmCancel, confirmClear, driverMissing, promptOutcome, registryDamaged, viewMessage } from '../../../src/presentation/messages.ts';
import { nameProblem, promptInput } from '../../../src/presentation/prompts.ts';
import { plainEnglish as t } from '../../../src/presentation/translate.ts';

describe('presentation/messages', () => {
  it('asks before something ends or is lost', () => {
    deepStrictEqual(
      [confirmCancel(t, ['ui']), confirmCancel(t, ['a', 'b']), confirmClear(t, 1), confirmBypass(t, 'Codex', '/w')].map(({ message, confirm }) => `${message} [${confirm}]`),
      ['Cancel “ui”? [End Agent]', 'Cancel 2 sessions? [End Agents]', 'Clear 1 finished session? [Clear]', 'Start Codex without permission checks? [Start Without Checks]'],
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
        viewMessage(t, { role: 'owner', health: ok, trusted: true }),
        viewMessage(t, { role: 'reader', health: ok, trusted: true }),
        viewMessage(t, { role: 'reader', health: ok, trusted: false }),
        viewMessage(t, { role: 'owner', health: { persisted: false, reason: 'disk full' }, trusted: false }),
      ],
      [
        undefined,
        'Another window manages this fleet. This one shows it.',
        'Restricted Mode: sessions are shown, nothing can be started.',
        'Changes are not saved: disk full. Agents keep running.',
      ],
    );
  });

  it('speaks of a damaged registry only when there is something to say', () => {
    deepStrictEqual([registryDamaged(t, { skippedRows: 0 }), registryDamaged(t, { skippedRows: 2 })], [undefined, '2 sessions could not be read and were left out.']);
  });

  it('checks names and titles the prompt box', () => {
    deepStrictEqual(
      [nameProblem(t, ' ', []), nameProblem(t, 'ui', ['ui']), nameProblem(t, 'ui', []), promptInput(t, ['ui']).title, promptInput(t, ['a', 'b']).title],
      ['Give it a name.', 'An active session has this name already.', undefined, 'Send Prompt to “ui”', 'Send Prompt to 2 Sessions'],
    );
  });
});
