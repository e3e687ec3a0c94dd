/**
 * The HTTP side: takes requests in any of the protocols, keeps a log of them, holds replies back.
 * Listens on loopback only.
 * @typedef {import('./types.mjs').LogEntry} LogEntry
 * @typedef {import('./types.mjs').Scenario} Scenario
 * @typedef {import('./types.mjs').Step} Step
 */
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseStep } from './conversation.mjs';
import { anthropic } from './protocols/anthropic.mjs';
import { gemini } from './protocols/gemini.mjs';
import { openaiChat } from './protocols/openaiChat.mjs';
import { openaiResponses } from './protocols/openaiResponses.mjs';
import { Reply } from './reply.mjs';
import { builtInScenarios } from './scenarios.mjs';
import { sampleOf } from './schema.mjs';
import { answerFor } from './tools.mjs';

const protocols = [anthropic, openaiResponses, openaiChat, gemini];
const sideText = 'scripted title';

export class ModelServer {
  #http = http.createServer((request, response) => void this.#serve(request, response));
  /** @type {Map<string, Scenario>} */
  #scenarios = new Map(Object.entries(builtInScenarios));
  /** @type {LogEntry[]} */
  #log = [];
  /** @type {Map<() => void, string>} how to let a held reply go, and the mark of its prompt */
  #held = new Map();
  /** @type {Set<() => void>} */
  #watchers = new Set();

  /** @param {number} port @returns {Promise<string>} the server's URL */
  async listen(port) {
    await new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, '127.0.0.1', () => resolve(undefined));
    });
    const address = this.#http.address();
    return `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`;
  }

  /** @param {number} [since] @returns {LogEntry[]} */
  requests(since = 0) {
    return this.#log.slice(since);
  }

  held() {
    return this.#held.size;
  }

  /** Lets held replies go, all or those whose prompt has this in it. @param {string} [inMark] @returns {number} how many */
  release(inMark = '') {
    const some = [...this.#held].filter(([, mark]) => mark.includes(inMark));
    for (const [letGo] of some) {
      letGo();
    }
    return some.length;
  }

  /** @param {string} name @param {Step[]} steps @param {Record<string, string>} [params] */
  addScenario(name, steps, params = {}) {
    this.#scenarios.set(name.toLowerCase(), { steps, params });
  }

  reset() {
    this.release();
    this.#log.length = 0;
  }

  /**
   * Waits until the condition holds, looked at after every change of the log or of the held replies.
   * @param {() => boolean} condition @param {number} [timeout] milliseconds
   */
  async until(condition, timeout = 20_000) {
    if (condition()) {
      return;
    }
    await new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const look = () => {
        if (condition()) {
          done();
          resolve(undefined);
        }
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`The model server saw nothing of it in ${timeout} ms: ${condition}`));
      }, timeout);
      this.#watchers.add(look);
    });
  }

  async close() {
    this.release();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #serve(request, response) {
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const chunks = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      const raw = Buffer.concat(chunks).toString('utf8');
      const body = raw === '' ? {} : JSON.parse(raw);
      if (!this.#control(url, body, new Reply(response, 0))) {
        await this.#model(request.method ?? 'GET', url, body, response);
      }
    } catch (error) {
      if (!response.destroyed) {
        new Reply(response, 0).json({ error: { message: String(error), type: 'scripted_server' } }, 500);
      }
    }
  }

  /** What tests in another process ask for. @param {URL} url @param {any} body @param {Reply} out */
  #control(url, body, out) {
    switch (url.pathname) {
      case '/__requests':
        out.json(this.requests(Number(url.searchParams.get('since') ?? 0)));
        return true;
      case '/__held':
        out.json({ held: this.held() });
        return true;
      case '/__release':
        out.json({ released: this.release(url.searchParams.get('mark') ?? '') });
        return true;
      case '/__reset':
        this.reset();
        out.json({ ok: true });
        return true;
      case '/__scenario':
        this.addScenario(body.name, body.steps, body.params);
        out.json({ ok: true });
        return true;
      default:
        return false;
    }
  }

  /** @param {string} method @param {URL} url @param {any} body @param {http.ServerResponse} response */
  async #model(method, url, body, response) {
    const path = url.pathname;
    const protocol = method === 'POST' ? protocols.find((one) => one.path.test(path)) : undefined;
    if (protocol === undefined) {
      this.#note({ path });
      answerSmallThings(path, new Reply(response, 0));
      return;
    }
    const request = protocol.read(body, url);
    const { name, index, mark, line, step } = chooseStep(request.turns, this.#scenarios);
    // Titles, summaries and classifications are asked for without tools, but Codex hands its patches out everywhere. They never take a step.
    const side = request.tools.every((tool) => tool.name === 'apply_patch');
    this.#note({
      ...{ path, protocol: protocol.name, model: request.model, scenario: name, step: index, side },
      tools: request.tools.map((tool) => tool.name),
      prompt: (request.turns.at(-1)?.text ?? '').slice(-200),
      ...(mark === undefined ? {} : { mark, line }),
    });
    if (step.delay !== undefined && !side) {
      await sleep(step.delay);
    }
    if (step.hold === true && !side) {
      await this.#hold(response, mark ?? '');
    }
    if (response.destroyed) {
      return;
    }
    const out = new Reply(response, step.chunk ?? 0);
    if (step.drop === true) {
      response.destroy();
    } else if (step.status !== undefined) {
      out.json(protocol.error(step), step.status, step.headers);
    } else if (side) {
      const text = request.schema === null ? sideText : JSON.stringify(sampleOf(request.schema, sideText));
      await protocol.answer(out, request, { text, call: null });
    } else {
      await protocol.answer(out, request, answerFor(request, step));
    }
  }

  /** @param {http.ServerResponse} response @param {string} mark */
  async #hold(response, mark) {
    await new Promise((resolve) => {
      const letGo = () => {
        this.#held.delete(letGo);
        this.#changed();
        resolve(undefined);
      };
      this.#held.set(letGo, mark);
      // The agent gives up when the person presses Esc.
      response.on('close', letGo);
      this.#changed();
    });
  }

  /** @param {Omit<LogEntry, 'n' | 'at'>} entry */
  #note(entry) {
    this.#log.push({ n: this.#log.length, at: Date.now(), ...entry });
    this.#changed();
  }

  #changed() {
    for (const look of [...this.#watchers]) {
      look();
    }
  }
}

/**
 * Lists of models, token counts and probes, which agents send around the real requests.
 * @param {string} path @param {Reply} out
 */
function answerSmallThings(path, out) {
  const model = {
    ...{ id: 'scripted-model', slug: 'scripted-model', object: 'model', type: 'model', display_name: 'Scripted' },
    ...{ created: 1, created_at: '2026-01-01T00:00:00Z', owned_by: 'scripted' },
  };
  if (/\/messages\/count_tokens$|:countTokens$/.test(path)) {
    out.json({ input_tokens: 100, totalTokens: 100 });
  } else if (/\/models\/?$/.test(path)) {
    out.json({ object: 'list', data: [model], has_more: false, first_id: model.id, last_id: model.id });
  } else if (path === '/') {
    out.json({});
  } else {
    out.json({ error: { message: `not scripted: ${path}` } }, 404);
  }
}
