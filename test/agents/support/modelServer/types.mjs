/**
 * The shapes that the parts of the scripted model server share. Types only.
 *
 * @typedef {object} Step  what the model answers once
 * @property {string} [text]  words to say, before the tool call if there is one
 * @property {string} [shell]  run this command with the agent's own shell tool
 * @property {{path: string, content: string}} [write]  write a file below the agent's folder
 * @property {{path: string, from: string, to: string}} [edit]  replace text in such a file
 * @property {string} [subagent]  start a sub-agent with this prompt
 * @property {string} [ask]  ask the person this question
 * @property {string} [tool]  call the tool whose name matches this pattern, with `args` as they are
 * @property {Record<string, unknown>} [args]  extra arguments; used where the tool knows them
 * @property {number} [status]  answer with this HTTP error instead
 * @property {string} [message]  the error's message
 * @property {string} [errorType]  the error's type, where the protocol has one
 * @property {Record<string, string>} [headers]  the error's headers
 * @property {boolean} [drop]  close the connection without an answer
 * @property {boolean} [hold]  keep the reply back until it is released
 * @property {number} [delay]  milliseconds before the first byte
 * @property {number} [chunk]  milliseconds between two words
 *
 * @typedef {object} Scenario
 * @property {Record<string, string>} [params]  names and defaults of `{{name}}` in the steps
 * @property {Step[]} steps
 *
 * @typedef {{name: string, schema: Schema, description?: string, kind?: string, namespace?: string}} Tool
 *
 * @typedef {any} Schema  a JSON schema as an agent wrote it; anything may be missing
 *
 * @typedef {{role: 'user' | 'model' | 'tool', text: string}} Turn
 *
 * @typedef {object} ModelRequest  a request, whatever protocol it came in
 * @property {Turn[]} turns
 * @property {Tool[]} tools
 * @property {boolean} stream
 * @property {string} model
 * @property {Schema | null} schema  shape of the JSON answer that is wanted, or null for free text
 * @property {any} body
 *
 * @typedef {{name: string, args: Record<string, unknown>, freeform?: string, namespace?: string}} ToolCall
 *
 * @typedef {{text: string, call: ToolCall | null}} Answer
 *
 * @typedef {object} Protocol
 * @property {string} name
 * @property {RegExp} path
 * @property {(body: any, url: URL) => ModelRequest} read
 * @property {(out: import('./reply.mjs').Reply, request: ModelRequest, answer: Answer) => Promise<void>} answer
 * @property {(step: Step) => unknown} error
 *
 * @typedef {object} LogEntry  one request as the tests see it
 * @property {number} n
 * @property {number} at  milliseconds since the epoch
 * @property {string} path
 * @property {string} [protocol]  missing for lists of models, token counts and unknown paths
 * @property {string} [model]
 * @property {string} [scenario]
 * @property {number} [step]
 * @property {boolean} [side]  a request without tools to work with: a title, a summary, a classification
 * @property {string[]} [tools]
 * @property {string} [mark]  the prompt's line from `scenario=` on
 * @property {string} [line]  the whole of that line
 * @property {string} [prompt]  end of the newest turn's text
 */
export {};
