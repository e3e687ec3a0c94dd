import assert from 'node:assert/strict';
import { claudeHookFacts } from '../../../../src/drivers/claude/claudeHooks.ts';
import { claudeEvents, planClaude } from '../../../../src/drivers/claude/claudePlan.ts';
import { aContext, aRequest, after } from '../shared/planning.ts';

const idle = { type: 'activity', activity: 'idle' };

describe('hooks of Claude Code', () => {
  it('compaction in the middle of a turn is not idle', () => {
    assert.deepEqual(claudeHookFacts('SessionStart', { source: 'compact', session_id: 's-1' }), [{ type: 'conversation', id: 's-1' }]);
    assert.deepEqual(claudeHookFacts('PostCompact', { trigger: 'auto' }), [{ type: 'activity', activity: 'model_wait' }]);
    assert.deepEqual(claudeHookFacts('PostCompact', { trigger: 'manual' }), [idle]);
  });

  it('a notification never takes the words from a question', () => {
    assert.deepEqual(claudeHookFacts('Notification', { notification_type: 'permission_prompt', message: 'Claude needs your permission' }), []);
    assert.deepEqual(claudeHookFacts('Notification', { notification_type: 'idle_prompt' }), [idle]);
    assert.deepEqual(claudeHookFacts('Notification', { notification_type: 'auth_success' }), []);
  });

  it('a plan that is to be approved is a question', () => {
    assert.deepEqual(claudeHookFacts('PermissionRequest', { tool_name: 'ExitPlanMode' }), [{ type: 'activity', activity: 'needs_answer', detail: 'Shall the plan be carried out?' }]);
  });

  it('counts background tasks that run', () => {
    const tasks = (...statuses: string[]): unknown => ({ background_tasks: statuses.map((status) => ({ status })) });
    assert.deepEqual(claudeHookFacts('Stop', tasks('completed', 'failed')), [idle]);
    assert.deepEqual(claudeHookFacts('Stop', tasks('running', 'pending', 'completed')), [{ type: 'activity', activity: 'working', detail: 'waits for 2 background tasks' }]);
    assert.deepEqual(claudeHookFacts('Stop', { background_tasks: 'many' }), [idle]);
  });

  it('tells the failures that a person must mend', () => {
    const after = (error: string): unknown => claudeHookFacts('StopFailure', { error, last_assistant_message: 'Sorry' })[0];
    assert.deepEqual(after('authentication_failed'), { type: 'activity', activity: 'blocked', detail: 'login needed: Sorry' });
    assert.deepEqual(after('billing_error'), { type: 'activity', activity: 'blocked', detail: 'usage limit: Sorry' });
    assert.deepEqual(after('overloaded'), { type: 'activity', activity: 'idle', detail: 'the turn failed: Sorry' });
  });

  it('a tool that failed or was refused wrote nothing', () => {
    const write = { tool_name: 'Write', tool_input: { file_path: '/w/a' } };
    assert.deepEqual(claudeHookFacts('PostToolUseFailure', write), [{ type: 'activity', activity: 'model_wait' }]);
    assert.deepEqual(claudeHookFacts('PostToolUseFailure', { ...write, is_interrupt: true }), [{ type: 'activity', activity: 'idle', detail: 'interrupted' }]);
    assert.deepEqual(claudeHookFacts('PostToolUse', { tool_name: 'Read', tool_input: { file_path: '/w/a' } }), [{ type: 'activity', activity: 'model_wait' }]);
    assert.deepEqual(claudeHookFacts('PostToolUse', { tool_name: 'NotebookEdit', tool_input: { notebook_path: '/w/a.ipynb' } })[1], { type: 'artifact', path: '/w/a.ipynb', kind: 'file' });
  });
});

describe('the settings file of Claude Code', () => {
  it('holds one hook for each event, and nothing else', () => {
    for (const platform of ['linux', 'win32'] as const) {
      const plan = planClaude(aRequest(), aContext(platform));
      const [file] = plan.files;
      assert.ok(after(plan.argv, '--settings')?.endsWith(file?.name ?? '-'));
      const settings = JSON.parse(file?.content ?? '') as Record<string, Record<string, [{ hooks: [Record<string, unknown>] }]>>;
      assert.deepEqual(Object.keys(settings), ['hooks']);
      assert.deepEqual(Object.keys(settings['hooks'] ?? {}), [...claudeEvents]);
      const hook = settings['hooks']?.['Stop']?.[0].hooks[0];
      assert.equal(hook?.['type'], 'command');
      assert.equal(hook?.['shell'], platform === 'win32' ? 'powershell' : undefined);
    }
  });

  it('names the conversation before it begins', () => {
    const plan = planClaude(aRequest(), aContext());
    assert.equal(after(plan.argv, '--session-id'), plan.conversationId);
  });
});
