/** The variable that every process of a session inherits; the runner sets it (`agentEnv.sessionId` of the launch file). */
const markName = 'FLEET_SESSION_ID';

/** How the processes of a session are found when they have left the tree. */
export function agentMark(sessionId: string): { readonly name: string; readonly value: string } {
  return { name: markName, value: sessionId };
}
