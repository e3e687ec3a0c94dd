import { parentPort } from 'node:worker_threads';

/** A worker that stands in for the real one: it tells what it heard, and ends itself when `search.text` says so. */
const heard: string[] = [];
let advanced = 0;

parentPort?.on('message', (message: { id?: number; method: string; params: { q?: number; upTo?: number; role?: string; search?: { text?: string } } }) => {
  const { id, method, params } = message;
  if (method === 'advance') {
    advanced = params.q ?? 0;
    return;
  }
  heard.push(method === 'open' || method === 'become' ? `${method} ${params.role ?? ''}` : method);
  const answer = (result: unknown): void => parentPort?.postMessage({ id, ok: true, result });
  if (method === 'open' || method === 'become') return answer({ sessions: [], skipped: 0, lost: 0, setAside: [], lastQ: advanced, epoch: 0, rungs: [], replayed: 0 });
  if (method === 'search' && params.search?.text === 'die') process.exit(1);
  if (method === 'search' && params.search?.text === 'throw') throw new Error('out of order');
  if (method === 'search' && params.search?.text === 'refuse') {
    return parentPort?.postMessage({ id, ok: false, error: { code: 'EngineFailed', message: 'no engine', details: { a: 1 } } });
  }
  if (method === 'counts') return answer({ heard, advanced });
  if (method === 'snapshot') parentPort?.postMessage({ event: 'respawn', why: 'memory' });
  answer(null);
});
