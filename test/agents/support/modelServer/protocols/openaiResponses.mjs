/** OpenAI Responses. */
import { newId } from '../reply.mjs';
import { openaiError } from './openaiError.mjs';
import { textOf } from './text.mjs';

const callTypes = new Set(['function_call', 'custom_tool_call', 'local_shell_call']);

/** @type {import('../types.mjs').Protocol} */
export const openaiResponses = {
  name: 'openai-responses',
  path: /\/responses$/,

  read(body) {
    /** @type {import('../types.mjs').Turn[]} */
    const turns = [];
    const items = typeof body.input === 'string' ? [{ role: 'user', content: body.input }] : (body.input ?? []);
    for (const item of items) {
      if (callTypes.has(item.type)) {
        turns.push({ role: 'model', text: '' });
      } else if (String(item.type ?? '').endsWith('_output')) {
        turns.push({ role: 'tool', text: '' });
      } else if (item.role === 'assistant') {
        turns.push({ role: 'model', text: textOf(item.content) });
      } else if (item.role === 'user') {
        turns.push({ role: 'user', text: textOf(item.content) });
      }
    }
    return {
      turns,
      tools: (body.tools ?? []).flatMap((/** @type {any} */ tool) => toolsIn(tool, undefined)),
      stream: body.stream === true,
      model: body.model,
      schema: body.text?.format?.schema ?? null,
      body,
    };
  },

  async answer(out, request, answer) {
    const items = outputItems(answer);
    /** @param {string} status @param {any[]} output */
    const response = (status, output) => ({
      ...{ id, object: 'response', created_at: createdAt, status, model: request.model, output },
      ...{ parallel_tool_calls: true, tool_choice: 'auto', tools: [], error: null, incomplete_details: null },
      usage: status === 'completed' ? usage : null,
    });
    const id = newId('resp_');
    const createdAt = Math.floor(Date.now() / 1000);
    if (!request.stream) {
      out.json(response('completed', items));
      return;
    }
    let sequence = 0;
    /** @param {string} type @param {Record<string, unknown>} data */
    const send = (type, data) => out.event({ type, sequence_number: sequence++, ...data }, type);
    out.startEvents();
    send('response.created', { response: response('in_progress', []) });
    send('response.in_progress', { response: response('in_progress', []) });
    for (const [index, item] of items.entries()) {
      await sendItem(out, send, index, item);
    }
    send('response.completed', { response: response('completed', items) });
    out.end();
  },

  error: openaiError,
};

const usage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 120,
};

/**
 * Codex groups some tools below a namespace.
 * @param {any} tool @param {string | undefined} namespace @returns {import('../types.mjs').Tool[]}
 */
function toolsIn(tool, namespace) {
  if (tool.type === 'namespace' || (Array.isArray(tool.tools) && tool.parameters === undefined)) {
    return (tool.tools ?? []).flatMap((/** @type {any} */ inner) => toolsIn(inner, tool.name));
  }
  const schema = tool.parameters ?? tool.input_schema ?? {};
  return [{ name: tool.name ?? tool.type, schema, kind: tool.type, ...(namespace === undefined ? {} : { namespace }) }];
}

/** @param {import('../types.mjs').Answer} answer @returns {any[]} */
function outputItems({ text, call }) {
  /** @type {any[]} */
  const items = [];
  if (text !== '') {
    const content = [{ type: 'output_text', text, annotations: [] }];
    items.push({ id: newId('msg_'), type: 'message', status: 'completed', role: 'assistant', content });
  }
  if (call !== null) {
    const common = { status: 'completed', call_id: newId('call_'), name: call.name };
    items.push(
      call.freeform === undefined
        ? {
            ...{ id: newId('fc_'), type: 'function_call', ...common, arguments: JSON.stringify(call.args) },
            ...(call.namespace === undefined ? {} : { namespace: call.namespace }),
          }
        : { id: newId('ctc_'), type: 'custom_tool_call', ...common, input: call.freeform },
    );
  }
  return items;
}

/**
 * @param {import('../reply.mjs').Reply} out
 * @param {(type: string, data: Record<string, unknown>) => void} send
 * @param {number} index
 * @param {any} item
 */
async function sendItem(out, send, index, item) {
  const at = { item_id: item.id, output_index: index };
  if (item.type === 'message') {
    const [part] = item.content;
    const inPart = { ...at, content_index: 0 };
    send('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress', content: [] } });
    send('response.content_part.added', { ...inPart, part: { ...part, text: '' } });
    await out.words(part.text, (delta) => send('response.output_text.delta', { ...inPart, delta }));
    send('response.output_text.done', { ...inPart, text: part.text });
    send('response.content_part.done', { ...inPart, part });
  } else if (item.type === 'function_call') {
    send('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress', arguments: '' } });
    send('response.function_call_arguments.delta', { ...at, delta: item.arguments });
    send('response.function_call_arguments.done', { ...at, arguments: item.arguments });
  } else {
    send('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress', input: '' } });
  }
  send('response.output_item.done', { output_index: index, item });
}
