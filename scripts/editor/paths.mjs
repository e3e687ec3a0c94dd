// Where things are: the repository, and the cache folder that outlives it. Nothing is created here.
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of this repository. */
export const repoRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * The folder for everything that is costly to make and safe to delete.
 * @returns {string}
 */
export function cacheFolder() {
  const { AGENT_FLEET_CACHE, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  if (AGENT_FLEET_CACHE) return resolve(AGENT_FLEET_CACHE);
  if (process.platform === 'win32') return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'agent-fleet', 'Cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'agent-fleet');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'agent-fleet');
}
