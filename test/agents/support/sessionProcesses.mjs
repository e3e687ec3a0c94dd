// The processes of one session, found as the product finds them: by the mark that each of them inherits. Linux only, as /proc is.
import { readFile } from 'node:fs/promises';
import { listProcesses } from '../../../scripts/editor/processes.mjs';

/** @typedef {import('../../../scripts/editor/processes.mjs').ProcessInfo} ProcessInfo */

/**
 * Lists what carries the mark of this session: the agent, its tools and what they started, wherever they stand in the tree.
 * @param {string} sessionId
 * @returns {Promise<ProcessInfo[]>}
 */
export async function processesOf(sessionId) {
  const all = await listProcesses();
  const marked = await Promise.all(
    all.map(async (one) => {
      const environment = await readFile(`/proc/${one.pid}/environ`, 'utf8').catch(() => '');
      return environment.split('\0').includes(`FLEET_SESSION_ID=${sessionId}`);
    }),
  );
  return all.filter((_, index) => marked[index]);
}

/**
 * The same without what comes and goes: the pauses of a waiting tool. Sorted ids.
 * @param {string} sessionId
 * @returns {Promise<number[]>}
 */
export async function lastingPids(sessionId) {
  const found = await processesOf(sessionId);
  return found.filter(({ command }) => !/^sleep /.test(command)).map(({ pid }) => pid).sort((a, b) => a - b);
}
