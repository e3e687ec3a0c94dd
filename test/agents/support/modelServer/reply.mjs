/**
 * One HTTP reply: JSON at once, or server-sent events.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export class Reply {
  #response;
  #chunkDelay;

  /** @param {import('node:http').ServerResponse} response @param {number} chunkDelay milliseconds between two words */
  constructor(response, chunkDelay) {
    this.#response = response;
    this.#chunkDelay = chunkDelay;
  }

  /** @param {unknown} value @param {number} [status] @param {Record<string, string>} [headers] */
  json(value, status = 200, headers = {}) {
    if (!this.#response.headersSent) {
      this.#response.writeHead(status, { 'content-type': 'application/json', ...headers });
    }
    this.#response.end(JSON.stringify(value));
  }

  startEvents() {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      connection: 'keep-alive',
      'x-request-id': newId('req_'),
    });
  }

  /** @param {unknown} data @param {string} [type] */
  event(data, type) {
    const name = type === undefined ? '' : `event: ${type}\n`;
    this.#response.write(`${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  }

  end() {
    this.#response.end();
  }

  /**
   * Hands the text out word by word, slowly if the step says so.
   * @param {string} text @param {(word: string) => void} send
   */
  async words(text, send) {
    for (const word of text.match(/\S+\s*|\s+/g) ?? []) {
      if (this.#response.destroyed) {
        return;
      }
      send(word);
      if (this.#chunkDelay > 0) {
        await sleep(this.#chunkDelay);
      }
    }
  }
}

/** @param {string} prefix */
export function newId(prefix) {
  return prefix + randomBytes(9).toString('hex');
}
