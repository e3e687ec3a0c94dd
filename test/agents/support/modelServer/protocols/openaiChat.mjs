/** OpenAI Chat Completions. */
import { newId } from '../reply.mjs';
import { openaiError } from './openaiError.mjs';
import { textOf } from './text.mjs';

/** @type {import('../types.mjs').Protocol} */
export const openaiChat = {
  name: 'openai-chat',
  path: /\/chat\/completions$/,

  read(body) {
    /** @type {import('../types.mjs').Turn[]} */
    const turns = [];
    for (const message of body.messages ?? []) {
      if (message.role === 'assistant') {
        turns.push({ role: 'model', text: textOf(message.content) });
      } else if (message.role === 'tool' || message.role === 'function') {
        turns.push({ role: 'tool', text: '' });
      } else if (message.role === 'user') {
        turns.push({ role: 'user', text: textOf(message.content) });
      }
    }
    const format = body.response_format;
    return {
      turns,
      tools: (body.tools ?? []).map((/** @type {any} */ tool) => ({
        name: tool.function?.name ?? tool.name,
        schema: tool.function?.parameters ?? {},
        description: tool.function?.description,
      })),
      stream: body.stream === true,
      model: body.model,
      schema: format?.json_schema?.schema ?? (format?.type === 'json_object' ? {} : null),
      body,
    };
  },

  async answer(out, request, answer) {
    const head = { id: newId('chatcmpl-'), created: Math.floor(Date.now() / 1000), model: request.model };
    const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
    const finish = answer.call === null ? 'stop' : 'tool_calls';
    const call = answer.call && {
      id: newId('call_'),
      type: 'function',
      function: { name: answer.call.name, arguments: JSON.stringify(answer.call.args) },
    };
    if (!request.stream) {
      const message = { role: 'assistant', content: answer.text || null, ...(call ? { tool_calls: [call] } : {}) };
      const choices = [{ index: 0, message, finish_reason: finish }];
      out.json({ ...head, object: 'chat.completion', choices, usage });
      return;
    }
    /** @param {Record<string, unknown>} delta @param {string | null} [reason] */
    const send = (delta, reason = null) => {
      const choices = [{ index: 0, delta, finish_reason: reason }];
      out.event({ ...head, object: 'chat.completion.chunk', choices });
    };
    out.startEvents();
    send({ role: 'assistant', content: '' });
    await out.words(answer.text, (content) => send({ content }));
    if (call) {
      const { name, arguments: args } = call.function;
      send({ tool_calls: [{ index: 0, id: call.id, type: 'function', function: { name, arguments: '' } }] });
      send({ tool_calls: [{ index: 0, function: { arguments: args } }] });
    }
    send({}, finish);
    out.event({ ...head, object: 'chat.completion.chunk', choices: [], usage });
    out.event('[DONE]');
    out.end();
  },

  error: openaiError,
};
