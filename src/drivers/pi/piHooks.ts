import type { AgentFact } from '../../core/driver.ts';
import { failureFact, failureText } from '../shared/failure.ts';
import { activity, artifactFacts, conversationFacts, fieldsOf, textOf, type Fields } from '../shared/payload.ts';
import { toolWords } from '../shared/toolWords.ts';

/** Facts of what our extension in pi reports: pi's own events (measured with pi 0.87.1), `permission_asked` and `permission_answered`. */
export function piHookFacts(name: string, payload: unknown): readonly AgentFact[] {
  const fields = fieldsOf(payload);
  switch (name) {
    case 'project_trust':
      return [activity('needs_answer', 'Do you trust this folder?')];
    case 'session_start':
      return [...conversationFacts(fields['sessionId']), activity(fields['idle'] === false ? 'working' : 'idle')];
    case 'input':
      // What another extension puts in proves nothing about a prompt of ours.
      return fields['source'] === 'extension' ? [] : [{ type: 'promptTaken' }];
    case 'agent_start':
      return [activity('working')];
    case 'before_provider_request':
      return [activity('model_wait')];
    case 'permission_answered':
      // Its start was reported before the question.
      return [fields['allowed'] === true ? activity('running_tool', callOf(fields)) : activity('working')];
    case 'after_provider_response':
      return [activity('working')];
    case 'tool_execution_start':
      return [activity('running_tool', callOf(fields))];
    case 'tool_execution_end':
      return [activity('working'), ...(fields['isError'] === false ? artifactFacts(fields['path']) : [])];
    case 'permission_asked':
      return [activity('needs_permission', callOf(fields))];
    case 'ui_prompt_start':
      return [activity('needs_answer', textOf(fields['title']))];
    case 'ui_prompt_end':
      return [fields['idle'] === true ? activity('idle') : activity('working')];
    case 'agent_end':
      return agentEndFacts(fields);
    case 'agent_settled':
      return [settledFact(fields)];
    case 'session_before_compact':
      return [activity('working', 'compacts the conversation')];
    case 'session_compact':
      return [fields['idle'] === true ? activity('idle') : activity('working')];
    default:
      return [];
  }
}

/** One attempt has ended; pi may try again by itself, so only `agent_settled` is idle. */
function agentEndFacts(fields: Fields): readonly AgentFact[] {
  if (fields['stopReason'] !== 'error') return [];
  const said = failureText(fields['errorMessage']);
  return [activity('working', said === undefined ? undefined : `an attempt failed: ${said}`)];
}

function settledFact(fields: Fields): AgentFact {
  const { stopReason, errorMessage } = fields;
  // A tool that is interrupted ends with "error", too (measured).
  const isInterrupted = stopReason === 'aborted' || (stopReason === 'error' && /\babort/i.test(textOf(errorMessage) ?? ''));
  if (isInterrupted) return activity('idle', 'interrupted');
  return stopReason === 'error' ? failureFact(errorMessage) : activity('idle');
}

function callOf(fields: Fields): string | undefined {
  return toolWords(fields['toolName'], fields['args'], fields['cwd']);
}
