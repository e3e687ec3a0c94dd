#!/usr/bin/env node
/**
 * A scripted model for end-to-end tests of real agent CLIs. It speaks Anthropic Messages, OpenAI Responses
 * and Chat Completions, and Gemini, and answers on loopback only.
 *
 *   const server = await startModelServer();          // in a test
 *   server.url, server.requests(), server.until(() => server.held() === 1), server.release(), server.close()
 *
 *   node test/agents/support/modelServer.mjs [--port N]   // by hand; prints {"url","pid"}
 *   GET /__requests[?since=N]   GET /__held   POST /__release[?mark=TEXT]   POST /__reset
 *   POST /__scenario {"name","steps","params"}
 *
 * A prompt chooses what happens with `scenario=NAME`; see modelServer/scenarios.mjs for the names.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelServer } from './modelServer/server.mjs';

/**
 * @typedef {object} RunningModelServer
 * @property {string} url
 * @property {ModelServer['requests']} requests  what was asked so far
 * @property {ModelServer['held']} held  number of replies that are kept back
 * @property {ModelServer['release']} release  lets kept replies go
 * @property {ModelServer['addScenario']} addScenario
 * @property {ModelServer['until']} until  waits for a condition on the above
 * @property {ModelServer['reset']} reset  forgets the log, lets all replies go
 * @property {ModelServer['close']} close
 */

/**
 * Starts a server on a free port, or on the given one.
 * @param {{port?: number}} [options]
 * @returns {Promise<RunningModelServer>}
 */
export async function startModelServer({ port = 0 } = {}) {
  const server = new ModelServer();
  const url = await server.listen(port);
  return {
    url,
    requests: server.requests.bind(server),
    held: server.held.bind(server),
    release: server.release.bind(server),
    addScenario: server.addScenario.bind(server),
    until: server.until.bind(server),
    reset: server.reset.bind(server),
    close: server.close.bind(server),
  };
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const portAt = process.argv.indexOf('--port');
  const { url } = await startModelServer({ port: portAt < 0 ? 0 : Number(process.argv[portAt + 1]) });
  console.log(JSON.stringify({ url, pid: process.pid }));
}
