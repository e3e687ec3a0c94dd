import assert from 'node:assert/strict';
import fc from 'fast-check';
import { factsOfFleetEvent, fleetEventFacts } from '../../../src/core/fleetEventFacts.ts';
import { arbitraryEvent } from '../protocol/arbitraryEvent.ts';

describe('facts of a fleet event', () => {
  const activity = (kind: string, detail?: string): unknown => ({ type: 'activity', activity: kind, ...(detail === undefined ? {} : { detail }) });
  const rows: readonly [string, object, readonly unknown[]][] = [
    ['a queue is the business of the manager', { state: 'queued' }, []],
    ['so is a lease', { state: 'leased' }, []],
    ['so is a verdict about silence', { state: 'stale' }, []],
    ['so is a restart', { state: 'restarted' }, []],
    ['so is an alert', { state: 'escalated', channel: 'team' }, []],
    ['starting', { state: 'starting' }, [activity('starting')]],
    ['running is working', { state: 'running' }, [activity('working')]],
    ['waiting for a model names it', { state: 'model_wait', model: 'small-1' }, [activity('model_wait', 'small-1')]],
    ['waiting for an unnamed model', { state: 'model_wait' }, [activity('model_wait')]],
    ['a tool is named', { state: 'running_tool', tool: 'npm test' }, [activity('running_tool', 'npm test')]],
    [
      'a tool is named with what it works on',
      { state: 'running_tool', tool: 'edit', extra: { detail: 'src/a.ts' } },
      [activity('running_tool', 'edit: src/a.ts')],
    ],
    ['a heartbeat says nothing', { state: 'heartbeat', cpu_percent: 3, extra: { activity: 'idle', percent: 4 } }, []],
    ['an artifact', { state: 'artifact', kind: 'report', path: 'out/a.md' }, [{ type: 'artifact', path: 'out/a.md', kind: 'report' }]],
    ['an artifact with an unusable path', { state: 'artifact', kind: 'report', path: 'a\0b' }, []],
    ['"completed" decides nothing', { state: 'completed', exit_code: 0 }, [activity('idle', 'says it is done')]],
    ['"completed" with a summary', { state: 'completed', summary: 'all\ngreen' }, [activity('idle', 'says it is done: all green')]],
    ['"failed" decides nothing', { state: 'failed', reason: 'no disk' }, [activity('idle', 'says it failed: no disk')]],
    ['"cancelled" decides nothing', { state: 'cancelled' }, [activity('idle', 'says it was cancelled')]],
    ['"interrupted" decides nothing', { state: 'interrupted', signal: 'SIGINT' }, [activity('idle', 'says it was interrupted')]],
    ['an end cannot be dressed up as a question', { state: 'completed', extra: { activity: 'needs_answer' } }, [activity('idle', 'says it is done')]],
    [
      'our word for a permission question',
      { state: 'running', extra: { activity: 'needs_permission', detail: 'write notes.md' } },
      [activity('needs_permission', 'write notes.md')],
    ],
    ['our word beside a tool', { state: 'running_tool', tool: 'rm -r out', extra: { activity: 'needs_permission' } }, [activity('needs_permission', 'rm -r out')]],
    ['a word that we do not know is ignored', { state: 'running', extra: { activity: 'completed', detail: 'x' } }, [activity('working', 'x')]],
    ['a word that every object has is not a word of ours', { state: 'running', extra: { activity: 'constructor' } }, [activity('working')]],
    [
      'progress',
      { state: 'running', extra: { percent: 40, message: 'two of five' } },
      [activity('working'), { type: 'progress', message: 'two of five', percent: 40 }],
    ],
    ['progress stays between 0 and 100', { state: 'running', extra: { percent: 250 } }, [activity('working'), { type: 'progress', percent: 100 }]],
    ['progress of the wrong type is ignored', { state: 'running', extra: { percent: '40', message: 7 } }, [activity('working')]],
    ['a prompt that arrived', { state: 'running', extra: { prompt_taken: true } }, [{ type: 'promptTaken' }, activity('working')]],
    ['only true means true', { state: 'running', extra: { prompt_taken: 'yes' } }, [activity('working')]],
  ];
  for (const [what, value, facts] of rows) it(what, () => assert.deepEqual(factsOfFleetEvent(value), facts));

  it('makes one bounded line of plain text out of anything', () => {
    const nasty = `\u001b[31mred\u001b[0m\r\nnext\u202e${'x'.repeat(5000)}`;
    fc.assert(
      fc.property(fc.constantFrom('tool', 'detail', 'message', 'reason', 'kind'), (field) => {
        const value = {
          running: { state: 'running', extra: { [field]: nasty } },
          tool: { state: 'running_tool', tool: nasty, extra: { detail: nasty } },
          reason: { state: 'failed', reason: nasty },
          kind: { state: 'artifact', kind: nasty, path: 'a' },
        };
        for (const fact of Object.values(value).flatMap((each) => factsOfFleetEvent(each) ?? [])) {
          for (const text of Object.values(fact)) {
            if (typeof text !== 'string') continue;
            assert.ok(text.length <= 250, `${text.length} characters`);
            assert.doesNotMatch(text, /[\u0000-\u001f\u007f\u202e]/);
          }
        }
      }),
    );
  });

  it('never fails, and never says how a session ended', () => {
    fc.assert(
      fc.property(arbitraryEvent, (event) => {
        for (const fact of fleetEventFacts(event)) assert.ok(['activity', 'artifact', 'progress', 'promptTaken'].includes(fact.type));
      }),
    );
  });

  it('is undefined for what is not a fleet event', () => {
    for (const value of [undefined, null, 'running', [], {}, { state: 'nope' }, { state: 'running_tool' }]) {
      assert.equal(factsOfFleetEvent(value), undefined);
    }
  });
});
