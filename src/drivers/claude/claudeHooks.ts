import type { AgentFact } from '../../core/driver.ts';
import { failureFact, failureText } from '../shared/failure.ts';
import { activity, artifactFacts, conversationFacts, fieldsOf, listOf, questionOf, textOf, type Fields } from '../shared/payload.ts';
import { toolWords } from '../shared/toolWords.ts';

/** Tools that write the file they name. */
const writingTools: ReadonlySet<unknown> = new Set(['Write', 'Edit', 'MultiEdit', 'NotebookEdit']);

/** Errors of StopFailure that time or a person must lift, in words (list: "claude hooks"; seen: rate_limit, unknown). */
const blockingErrors: ReadonlyMap<unknown, string> = new Map([
  ['rate_limit', 'rate limit'],
  ['billing_error', 'usage limit'],
  ['authentication_failed', 'login needed'],
  ['oauth_org_not_allowed', 'login needed'],
  ['account_on_hold', 'account on hold'],
  ['verification_required', 'account must be verified'],
]);

/**
 * Facts of Claude Code's hooks (measured with claude 2.1.329). What carries `agent_id` is a sub-agent's and says nothing about its parent. Hooks
 * are silent when the person presses Esc: that shows in the title only.
 */
export function claudeHookFacts(name: string, payload: unknown): readonly AgentFact[] {
  const fields = fieldsOf(payload);
  // A sub-agent's question is asked in the session's own terminal, so it is the session that needs the person.
  const isSubAgent = fields['agent_id'] !== undefined && fields['agent_id'] !== null;
  if (isSubAgent && name !== 'PermissionRequest') return [];
  switch (name) {
    case 'SessionStart':
      return startFacts(fields);
    case 'UserPromptSubmit':
      return promptFacts(fields);
    case 'PreToolUse':
      // The question of AskUserQuestion follows as PermissionRequest.
      return [fields['tool_name'] === 'AskUserQuestion' ? activity('working') : activity('running_tool', callOf(fields))];
    case 'PermissionRequest':
      return [permissionFact(fields)];
    case 'PostToolUse':
      return [activity('model_wait'), ...writtenBy(fields)];
    case 'PostToolUseFailure':
      return [fields['is_interrupt'] === true ? activity('idle', 'interrupted') : activity('model_wait')];
    case 'PermissionDenied':
    case 'ElicitationResult':
      return [activity('model_wait')];
    case 'Notification':
      return notificationFacts(fields);
    case 'Elicitation':
      return [activity('needs_answer', textOf(fields['message']))];
    case 'PreCompact':
      return [activity('working', 'compacts the conversation')];
    case 'PostCompact':
      return [fields['trigger'] === 'manual' ? activity('idle') : activity('model_wait')];
    case 'Stop':
      return [stopFact(fields)];
    case 'StopFailure':
      return [stopFailureFact(fields)];
    default:
      return [];
  }
}

/** A start is ready for a prompt; after compaction the turn goes on. */
function startFacts(fields: Fields): readonly AgentFact[] {
  const isReady = ['startup', 'resume', 'clear'].includes(String(textOf(fields['source'])));
  return [...conversationFacts(fields['session_id']), ...(isReady ? [activity('idle')] : [])];
}

/** A background task that ended puts its own prompt in: that is no proof that somebody's prompt arrived. */
function promptFacts(fields: Fields): readonly AgentFact[] {
  const { prompt } = fields;
  const isOwn = typeof prompt === 'string' && prompt.startsWith('<task-notification>');
  return [...conversationFacts(fields['session_id']), ...(isOwn ? [] : [{ type: 'promptTaken' } as const]), activity('working')];
}

function permissionFact(fields: Fields): AgentFact {
  switch (fields['tool_name']) {
    case 'AskUserQuestion':
      return activity('needs_answer', questionOf(fieldsOf(fields['tool_input'])));
    case 'ExitPlanMode':
      return activity('needs_answer', 'Shall the plan be carried out?');
    default:
      return activity('needs_permission', callOf(fields));
  }
}

/** `permission_prompt` repeats a question after 6 s, with poorer words; `idle_prompt` comes a minute after the last turn. */
function notificationFacts(fields: Fields): readonly AgentFact[] {
  switch (fields['notification_type']) {
    case 'idle_prompt':
      return [activity('idle')];
    case 'elicitation_dialog':
      return [activity('needs_answer', textOf(fields['message']))];
    default:
      return [];
  }
}

/** A turn that ended while background tasks run goes on by itself when one of them ends. */
function stopFact(fields: Fields): AgentFact {
  const running = listOf(fields['background_tasks']).filter((task) => ['running', 'pending'].includes(String(textOf(fieldsOf(task)['status']))));
  if (running.length === 0) return activity('idle');
  return activity('working', running.length === 1 ? 'waits for a background task' : `waits for ${running.length} background tasks`);
}

function stopFailureFact(fields: Fields): AgentFact {
  const said = failureText(fields['last_assistant_message']) ?? textOf(fields['error_details'], 160) ?? textOf(fields['error'], 60);
  const reason = blockingErrors.get(fields['error']);
  if (reason !== undefined) return activity('blocked', said === undefined ? reason : `${reason}: ${said}`);
  // Only an error without a name is read by its words.
  if (fields['error'] === undefined || fields['error'] === 'unknown') return failureFact(said);
  return activity('idle', said === undefined ? 'the turn failed' : `the turn failed: ${said}`);
}

function callOf(fields: Fields): string | undefined {
  return toolWords(fields['tool_name'], fields['tool_input'], fields['cwd']);
}

function writtenBy(fields: Fields): readonly AgentFact[] {
  if (!writingTools.has(fields['tool_name'])) return [];
  const input = fieldsOf(fields['tool_input']);
  return artifactFacts(input['file_path'] ?? input['notebook_path']);
}
