import type { AgentFact } from '../../core/driver.ts';
import { activity, artifactFacts, conversationFacts, fieldsOf, questionOf, textOf, type Fields } from '../shared/payload.ts';
import { shortPath, toolWords } from '../shared/toolWords.ts';

const writingTools: ReadonlySet<unknown> = new Set(['write_file', 'replace']);

/**
 * Facts of Gemini's hooks (measured with gemini 0.61.0). Esc at a question or in a tool fires no hook: the title tells. Sub-agents show
 * as the tool `invoke_agent` only.
 */
export function geminiHookFacts(name: string, payload: unknown): readonly AgentFact[] {
  const fields = fieldsOf(payload);
  switch (name) {
    case 'SessionStart':
      return [...conversationFacts(fields['session_id']), activity('idle')];
    case 'BeforeAgent':
      return [...conversationFacts(fields['session_id']), { type: 'promptTaken' }, activity('working')];
    case 'PreCompress':
      // In spite of its name it comes before every request to the model.
      return [activity('model_wait')];
    case 'BeforeTool':
      return [beforeTool(fields)];
    case 'Notification':
      return notificationFacts(fields);
    case 'AfterTool':
      return [activity('model_wait'), ...writtenBy(fields)];
    case 'AfterAgent':
      return [fields['prompt_response'] === '[no response text]' ? activity('idle', 'no answer: interrupted or failed') : activity('idle')];
    default:
      return [];
  }
}

function beforeTool(fields: Fields): AgentFact {
  // The question itself stands here only; the notification that follows does not repeat it.
  if (fields['tool_name'] === 'ask_user') return activity('needs_answer', questionOf(fieldsOf(fields['tool_input'])));
  return activity('running_tool', callOf(fields));
}

function notificationFacts(fields: Fields): readonly AgentFact[] {
  if (fields['notification_type'] !== 'ToolPermission') return [];
  const details = fieldsOf(fields['details']);
  switch (details['type']) {
    case 'ask_user':
      return [];
    case 'exit_plan_mode':
      return [activity('needs_answer', 'Shall the plan be carried out?')];
    case 'exec':
      return [activity('needs_permission', textOf(details['command']) ?? textOf(details['title']))];
    case 'edit':
      return [activity('needs_permission', editWords(details, fields['cwd']))];
    default:
      return [activity('needs_permission', textOf(details['toolDisplayName']) ?? textOf(details['toolName']) ?? textOf(details['title']) ?? textOf(fields['message']))];
  }
}

function editWords(details: Fields, cwd: unknown): string {
  const path = textOf(details['filePath'], 120);
  const file = path === undefined ? textOf(details['fileName'], 120) : shortPath(path, cwd);
  return file === undefined ? 'an edit' : `Edit ${file}`;
}

function callOf(fields: Fields): string | undefined {
  return toolWords(fields['tool_name'], fields['tool_input'], fields['cwd']);
}

function writtenBy(fields: Fields): readonly AgentFact[] {
  const failed = fieldsOf(fields['tool_response'])['error'];
  if (!writingTools.has(fields['tool_name']) || (failed !== undefined && failed !== null)) return [];
  return artifactFacts(fieldsOf(fields['tool_input'])['file_path']);
}
