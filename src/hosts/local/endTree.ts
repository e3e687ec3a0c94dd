import { nullLogger, type Clock, type Timers } from '../../base/ports.ts';
import type { ProcessIdentity } from '../../core/session.ts';
import { agentMark } from './agentMark.ts';
import type { ProcessTable } from './processTable.ts';
import { ProcessTree } from './processTree.ts';
import { StopLadder } from './stopLadder.ts';
import { systemClock } from './systemPorts.ts';
import { livenessOf } from './verdict.ts';

/**
 * Ends an agent whose runner is gone, with everybody below it, by the ladder SIGTERM → SIGKILL. Resolves when all are gone or have outlived
 * SIGKILL; the caller asks for the evidence afterwards. Does nothing when the machine was started anew since: nobody of then is left.
 * @throws Error when the system does not list its processes.
 */
export async function endTree(
  table: ProcessTable,
  timers: Timers,
  sessionId: string,
  agent: ProcessIdentity,
  graceMs: number,
  clock: Clock = systemClock,
): Promise<void> {
  const bootId = await table.bootId();
  if (livenessOf(agent, { presence: 'unknown', ...(bootId === undefined ? {} : { bootId }) }) === 'dead') return;
  const tree = new ProcessTree(table, { root: agent, supervisorPid: process.pid, mark: agentMark(sessionId) });
  const ladder = new StopLadder({ tree, platform: process.platform, clock, timers, logger: nullLogger, onSignal: () => undefined });
  await ladder.begin('SIGTERM', graceMs);
}
