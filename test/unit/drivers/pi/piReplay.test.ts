import assert from 'node:assert/strict';
import { piDriver } from '../../../../src/drivers/pi/piDriver.ts';
import { piHookFacts } from '../../../../src/drivers/pi/piHooks.ts';
import { replay, shownIn, type Turn } from '../shared/replay.ts';

describe('a captured session of pi', () => {
  let turns: readonly Turn[];
  let result: Awaited<ReturnType<typeof replay>>;
  const command = 'echo hello-from-tool > tool-out.txt && cat tool-out.txt';

  before(async () => {
    result = await replay(piDriver);
    ({ turns } = result);
  });

  it('shows the question about the folder, then prompt, tool, a dialog of another extension, and end', () => {
    assert.deepEqual(shownIn(turns, ''), [
      'needs_answer: Do you trust this folder?', 'idle', 'working', 'model_wait', 'working', `running_tool: ${command}`, 'needs_answer: Allow bash?',
      'working', 'model_wait', 'working', 'idle',
    ]);
  });

  it('goes on after a denied tool', () => {
    assert.deepEqual(shownIn(turns, 'deny scenario=shell').slice(-5), ['needs_answer: Allow bash?', 'working', 'model_wait', 'working', 'idle']);
  });

  it('is idle after Esc, and only once pi has settled', () => {
    assert.deepEqual(shownIn(turns, 'wait scenario=hold'), ['working', 'model_wait', 'idle']);
    assert.deepEqual(shownIn(turns, 'long scenario=long').slice(-2), ['working: an attempt failed: This operation was aborted', 'idle']);
  });

  it('is not idle between a failed attempt and the next one', () => {
    assert.deepEqual(shownIn(turns, 'bad scenario=err400'), ['working', 'model_wait', 'working: an attempt failed: 400 scripted bad request', 'idle']);
  });

  it('proves each prompt once, and knows its conversation', () => {
    assert.deepEqual(turns.map(({ promptsTaken }) => promptsTaken), turns.map(() => 1));
    assert.equal(result.session.conversationId, '0195a000-0000-7000-8000-000000000001');
    assert.equal(result.session.skipped, 0);
  });
});

describe('what our extension in pi adds', () => {
  it('a question has the words of the tool; its answer ends it', () => {
    const call = { toolName: 'edit', args: { path: '/work/src/a.ts' }, cwd: '/work' };
    assert.deepEqual(piHookFacts('permission_asked', call), [{ type: 'activity', activity: 'needs_permission', detail: 'edit src/a.ts' }]);
    assert.deepEqual(piHookFacts('permission_answered', { ...call, allowed: true }), [{ type: 'activity', activity: 'running_tool', detail: 'edit src/a.ts' }]);
    assert.deepEqual(piHookFacts('permission_answered', { ...call, allowed: false }), [{ type: 'activity', activity: 'working' }]);
  });

  it('a settled turn says how it ended', () => {
    const settled = (stopReason: string, errorMessage?: string): unknown => piHookFacts('agent_settled', { stopReason, errorMessage })[0];
    assert.deepEqual(settled('stop'), { type: 'activity', activity: 'idle' });
    assert.deepEqual(settled('aborted', 'Operation aborted'), { type: 'activity', activity: 'idle', detail: 'interrupted' });
    assert.deepEqual(settled('error', 'This operation was aborted'), { type: 'activity', activity: 'idle', detail: 'interrupted' });
    assert.deepEqual(settled('error', '400: {"message":"bad"}'), { type: 'activity', activity: 'idle', detail: 'the turn failed: 400 bad' });
    assert.deepEqual(settled('error', '429: {"message":"slow down"}'), { type: 'activity', activity: 'blocked', detail: 'rate limit: 429 slow down' });
  });

  it('a file counts once it is written', () => {
    assert.deepEqual(piHookFacts('tool_execution_end', { isError: false, path: 'a.txt' })[1], { type: 'artifact', path: 'a.txt', kind: 'file' });
    assert.equal(piHookFacts('tool_execution_end', { isError: true, path: 'a.txt' }).length, 1);
  });

  it('what another extension sends is no proof of a prompt', () => {
    assert.deepEqual(piHookFacts('input', { source: 'extension' }), []);
    assert.deepEqual(piHookFacts('input', { source: 'interactive' }), [{ type: 'promptTaken' }]);
  });
});
