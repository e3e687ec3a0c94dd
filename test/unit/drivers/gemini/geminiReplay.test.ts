import assert from 'node:assert/strict';
import { geminiDriver } from '../../../../src/drivers/gemini/geminiDriver.ts';
import { geminiHookFacts } from '../../../../src/drivers/gemini/geminiHooks.ts';
import { replay, shownIn, type Turn } from '../shared/replay.ts';

describe('a captured session of Gemini', () => {
  let turns: readonly Turn[];
  let result: Awaited<ReturnType<typeof replay>>;

  before(async () => {
    result = await replay(geminiDriver);
    ({ turns } = result);
  });

  it('shows prompt, tool, question, answer and end', () => {
    const command = 'echo hello-from-tool > tool-out.txt && cat tool-out.txt';
    assert.deepEqual(shownIn(turns, ''), ['idle', 'working', 'model_wait', `running_tool: ${command}`, `needs_permission: ${command}`, 'working (title)', 'model_wait', 'idle']);
  });

  it('sees by the title that a question was denied', () => {
    assert.deepEqual(shownIn(turns, 'deny scenario=write'), ['working', 'model_wait', 'running_tool: write_file hello.txt', 'needs_permission: Edit hello.txt', 'idle (title)']);
  });

  it('sees Esc while it thinks, and by the title in a tool', () => {
    assert.equal(shownIn(turns, 'h scenario=hold').at(-1), 'idle: no answer: interrupted or failed');
    assert.deepEqual(shownIn(turns, 'l scenario=long').slice(-3), ['working (title)', 'model_wait', 'idle (title)']);
  });

  it('shows a sub-agent as a tool', () => {
    assert.deepEqual(shownIn(turns, 'sub scenario=subagent'), ['working', 'model_wait', 'running_tool: invoke_agent generalist', 'model_wait', 'idle']);
  });

  it('shows the question that it asks', () => {
    assert.deepEqual(shownIn(turns, 'ask scenario=ask'), ['working', 'model_wait', 'needs_answer: Which colour?', 'model_wait', 'idle']);
  });

  it('says after a failed turn that there was no answer', () => {
    assert.equal(shownIn(turns, 'bad scenario=err400').at(-1), 'idle: no answer: interrupted or failed');
  });

  it('goes on with a queued prompt', () => {
    assert.deepEqual(shownIn(turns, 'queued scenario=text'), ['idle', 'working', 'model_wait', 'idle']);
  });

  it('proves each prompt once, knows its conversation and the files it wrote', () => {
    const { session } = result;
    assert.deepEqual(turns.map(({ promptsTaken }) => promptsTaken), turns.map(() => 1));
    assert.equal(session.conversationId, '0195a000-0000-7000-8000-000000000002');
    assert.deepEqual(session.artifacts.map(({ path }) => path), ['/home/dev/project/hello.txt', '/home/dev/project/notes.txt']);
    assert.equal(session.skipped, 0);
  });
});

describe('hooks of Gemini that were not captured', () => {
  it('a write that failed made no file', () => {
    const write = { tool_name: 'write_file', tool_input: { file_path: 'a.txt' } };
    assert.equal(geminiHookFacts('AfterTool', { ...write, tool_response: { error: { message: 'no space' } } }).length, 1);
    assert.equal(geminiHookFacts('AfterTool', { ...write, tool_response: { error: null } }).length, 2);
  });

  it('questions about other tools have words, too', () => {
    const asked = (details: unknown): unknown => geminiHookFacts('Notification', { notification_type: 'ToolPermission', message: 'Tool requires confirmation', details });
    assert.deepEqual(asked({ type: 'mcp', toolName: 'search', serverName: 'web' }), [{ type: 'activity', activity: 'needs_permission', detail: 'search' }]);
    assert.deepEqual(asked({ type: 'info', title: 'Confirm Web Fetch' }), [{ type: 'activity', activity: 'needs_permission', detail: 'Confirm Web Fetch' }]);
    assert.deepEqual(asked(null), [{ type: 'activity', activity: 'needs_permission', detail: 'Tool requires confirmation' }]);
    assert.deepEqual(asked({ type: 'exit_plan_mode' }), [{ type: 'activity', activity: 'needs_answer', detail: 'Shall the plan be carried out?' }]);
    assert.deepEqual(geminiHookFacts('Notification', { notification_type: 'Other' }), []);
  });
});
