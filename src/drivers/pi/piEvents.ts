import { fieldsOf, listOf, type Fields } from '../shared/payload.ts';

const maxText = 2000;
const maxEntries = 20;
const maxDepth = 4;

/** What is reported of each event of pi. Whole events may hold the whole conversation. */
export const reported: Readonly<Record<string, (event: Fields) => Record<string, unknown>>> = {
  session_start: ({ reason }) => ({ reason }),
  session_shutdown: ({ reason }) => ({ reason }),
  input: ({ source, streamingBehavior }) => ({ source, streamingBehavior }),
  agent_start: () => ({}),
  before_provider_request: () => ({}),
  after_provider_response: ({ status }) => ({ status }),
  tool_execution_start: ({ toolCallId, toolName, args }) => ({ toolCallId, toolName, args: bounded(args) }),
  tool_execution_end: ({ toolCallId, toolName, isError }) => ({ toolCallId, toolName, isError }),
  ui_prompt_start: ({ kind, title }) => ({ kind, title: bounded(title) }),
  ui_prompt_end: ({ kind }) => ({ kind }),
  agent_end: (event) => endOf(event),
  agent_settled: () => ({}),
  session_before_compact: () => ({}),
  session_compact: () => ({}),
};

/** How an attempt ended, out of its last message. */
function endOf(event: Fields): Record<string, unknown> {
  const { stopReason, errorMessage } = fieldsOf(listOf(event['messages']).at(-1));
  return { stopReason, errorMessage: bounded(errorMessage) };
}

/** A copy in which texts, lists and depth are limited. */
export function bounded(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.slice(0, maxText);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= maxDepth) return undefined;
  if (Array.isArray(value)) return value.slice(0, maxEntries).map((item) => bounded(item, depth + 1));
  return Object.fromEntries(Object.entries(value).slice(0, maxEntries).map(([key, item]) => [key.slice(0, 100), bounded(item, depth + 1)]));
}
