import { agentMark } from '../../../src/hosts/local/agentMark.ts';
import { systemProcessTable } from '../../../src/hosts/local/systemTable.ts';
import { until } from './until.ts';

/** Pids of everything that an agent of this session started, the agent included. Only Linux tells whose they are. */
export async function processesOf(sessionId: string): Promise<number[]> {
  const table = systemProcessTable();
  const mark = agentMark(sessionId);
  const found: number[] = [];
  for (const { pid } of (await table.list()).rows) if (await table.hasVariable(pid, mark.name, mark.value)) found.push(pid);
  return found;
}

/** Waits until nothing of a session runs any more. */
export async function processesGone(sessionId: string, ms: number): Promise<void> {
  await until(`the processes of ${sessionId} to be gone`, async () => (await processesOf(sessionId)).length === 0, { ms });
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
