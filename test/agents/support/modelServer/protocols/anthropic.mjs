/** Anthropic Messages. */
import { newId } from '../reply.mjs';
import { textOf } from './text.mjs';

const errorTypes = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [429, 'rate_limit_error'],
  [529, 'overloaded_error'],
]);

/** @type {import('../types.mjs').Protocol} */
export const anthropic = {
  name: 'anthropic',
  path: /\/messages$/,

  read(body) {
    /** @type {import('../types.mjs').Turn[]} */
    const turns = [];
    for (const message of body.messages ?? []) {
      if (message.role === 'assistant') {
        turns.push({ role: 'model', text: textOf(message.content) });
        continue;
      }
      const parts = Array.isArray(message.content) ? message.content : [{ type: 'text', text: message.content }];
      // A prompt that was queued while a tool ran travels in the same message as the tool's result.
      if (parts.some((/** @type {any} */ part) => part.type === 'tool_result')) {
        turns.push({ role: 'tool', text: '' });
      }
      const text = textOf(parts.filter((/** @type {any} */ part) => part.type === 'text'));
      if (text !== '') {
        turns.push({ role: 'user', text });
      }
    }
    return {
      turns,
      tools: (body.tools ?? []).map((/** @type {any} */ tool) => ({
        name: tool.name,
        schema: tool.input_schema ?? {},
        description: tool.description,
      })),
      stream: body.stream === true,
      model: body.model,
      schema: body.output_config?.format?.schema ?? body.output_format?.schema ?? null,
      body,
    };
  },

  async answer(out, request, answer) {
    const usage = {
      input_tokens: 100,
      output_tokens: 20,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
    };
    const message = { id: newId('msg_'), type: 'message', role: 'assistant', model: request.model };
    const stopReason = answer.call === null ? 'end_turn' : 'tool_use';
    /** @type {any[]} */
    const content = [];
    if (answer.text !== '') {
      content.push({ type: 'text', text: answer.text });
    }
    if (answer.call !== null) {
      content.push({ type: 'tool_use', id: newId('toolu_'), name: answer.call.name, input: answer.call.args });
    }
    if (!request.stream) {
      out.json({ ...message, content, stop_reason: stopReason, stop_sequence: null, usage });
      return;
    }
    /** @param {string} type @param {Record<string, unknown>} [data] */
    const send = (type, data = {}) => out.event({ type, ...data }, type);
    out.startEvents();
    send('message_start', {
      message: { ...message, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } },
    });
    send('ping');
    for (const [index, block] of content.entries()) {
      if (block.type === 'text') {
        send('content_block_start', { index, content_block: { type: 'text', text: '' } });
        await out.words(block.text, (text) => send('content_block_delta', { index, delta: { type: 'text_delta', text } }));
      } else {
        send('content_block_start', { index, content_block: { ...block, input: {} } });
        const partial = JSON.stringify(block.input);
        send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: partial } });
      }
      send('content_block_stop', { index });
    }
    send('message_delta', { delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 20 } });
    send('message_stop');
    out.end();
  },

  error(step) {
    const type = step.errorType ?? errorTypes.get(step.status ?? 500) ?? 'api_error';
    return { type: 'error', error: { type, message: step.message } };
  },
};
