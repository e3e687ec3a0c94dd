// Which agents are run beyond those that always are.

/**
 * Whether $AGENT_FLEET_AGENTS names this agent: `all`, or names with commas between them.
 * @param {string} agent
 * @returns {boolean}
 */
export function isNamed(agent) {
  const named = (process.env.AGENT_FLEET_AGENTS ?? '').split(',').map((name) => name.trim());
  return named.includes('all') || named.includes(agent);
}
