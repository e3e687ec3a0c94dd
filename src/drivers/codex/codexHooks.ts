import type { AgentFact } from '../../core/driver.ts';
import { activity, artifactFacts, conversationFacts, fieldsOf, type Fields } from '../shared/payload.ts';
import { shortPath, toolWords } from '../shared/toolWords.ts';
import { patchedFiles } from './patchedFiles.ts';

/**
 * Facts of Codex' hooks (measured with codex 0.169.0). Hooks of sub-agents carry the parent's `session_id` and an `agent_id`: they say
 * nothing about the parent. Esc, a denied question and a failed request fire no hook at all: the title tells.
 */
export function codexHookFacts(name: string, payload: unknown): readonly AgentFact[] {
  const fields = fieldsOf(payload);
  // A sub-agent's question is asked in the session's own terminal, so it is the session that needs the person.
  const isSubAgent = fields['agent_id'] !== undefined && fields['agent_id'] !== null;
  if (isSubAgent && name !== 'PermissionRequest') return [];
  switch (name) {
    case 'SessionStart':
      return conversationFacts(fields['session_id']);
    case 'UserPromptSubmit':
      return [...conversationFacts(fields['session_id']), { type: 'promptTaken' }, activity('working')];
    case 'PreToolUse':
      // Outside plan mode Codex answers this one itself (measured); where it asks, the title says so.
      return [fields['tool_name'] === 'request_user_input' ? activity('working') : activity('running_tool', callOf(fields))];
    case 'PermissionRequest':
      return [activity('needs_permission', callOf(fields))];
    case 'PostToolUse':
      return [activity('model_wait'), ...writtenBy(fields)];
    case 'PreCompact':
      return [activity('working', 'compacts the conversation')];
    case 'PostCompact':
      return [fields['trigger'] === 'manual' ? activity('idle') : activity('model_wait')];
    case 'Stop':
      return [activity('idle')];
    default:
      return [];
  }
}

/** A patch is shown by the files that it changes. */
function callOf(fields: Fields): string | undefined {
  if (fields['tool_name'] !== 'apply_patch') return toolWords(fields['tool_name'], fields['tool_input'], fields['cwd']);
  const [first, ...others] = patchedFiles(fields['tool_input']);
  if (first === undefined) return 'apply_patch';
  return `Edit ${shortPath(first, fields['cwd'])}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}

/** What a shell command wrote cannot be known. */
function writtenBy(fields: Fields): readonly AgentFact[] {
  return fields['tool_name'] === 'apply_patch' ? patchedFiles(fields['tool_input']).flatMap(artifactFacts) : [];
}
