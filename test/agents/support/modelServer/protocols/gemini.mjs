/** Gemini generateContent. */
import { newId } from '../reply.mjs';
import { textOf } from './text.mjs';

const errorNames = new Map([
  [400, 'INVALID_ARGUMENT'],
  [401, 'UNAUTHENTICATED'],
  [429, 'RESOURCE_EXHAUSTED'],
]);

/** @type {import('../types.mjs').Protocol} */
export const gemini = {
  name: 'gemini',
  path: /:(stream)?generateContent$/i,

  read(body, url) {
    /** @type {import('../types.mjs').Turn[]} */
    const turns = [];
    for (const message of body.contents ?? []) {
      const parts = message.parts ?? [];
      if (message.role === 'model') {
        turns.push({ role: 'model', text: textOf(parts) });
        continue;
      }
      if (parts.some((/** @type {any} */ part) => part.functionResponse !== undefined)) {
        turns.push({ role: 'tool', text: '' });
      }
      const text = textOf(parts);
      if (text !== '') {
        turns.push({ role: 'user', text });
      }
    }
    const declared = (body.tools ?? []).flatMap((/** @type {any} */ tool) => tool.functionDeclarations ?? []);
    return {
      turns,
      tools: declared.map((/** @type {any} */ tool) => ({
        name: tool.name,
        schema: tool.parametersJsonSchema ?? tool.parameters ?? {},
        description: tool.description,
      })),
      stream: url.pathname.includes('streamGenerateContent'),
      model: /models\/([^:/]+)/.exec(url.pathname)?.[1] ?? '',
      schema: body.generationConfig?.responseJsonSchema ?? body.generationConfig?.responseSchema ?? null,
      body,
    };
  },

  async answer(out, request, answer) {
    const meta = {
      usageMetadata: { promptTokenCount: 100, candidatesTokenCount: 20, totalTokenCount: 120 },
      modelVersion: request.model,
      responseId: newId(''),
    };
    /** @param {unknown[]} parts @param {boolean} last */
    const chunk = (parts, last) => ({
      candidates: [{ content: { role: 'model', parts }, index: 0, ...(last ? { finishReason: 'STOP' } : {}) }],
      ...meta,
    });
    const call = answer.call && { functionCall: { name: answer.call.name, args: answer.call.args, id: newId('fc_') } };
    if (!request.stream) {
      out.json(chunk([...(answer.text === '' ? [] : [{ text: answer.text }]), ...(call ? [call] : [])], true));
      return;
    }
    out.startEvents();
    await out.words(answer.text, (text) => out.event(chunk([{ text }], false)));
    out.event(chunk(call ? [call] : [{ text: '' }], true));
    out.end();
  },

  error(step) {
    const status = errorNames.get(step.status ?? 500) ?? 'INTERNAL';
    return { error: { code: step.status, message: step.message, status } };
  },
};
