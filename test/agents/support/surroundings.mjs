// A private corner of the disk and an environment that keep an agent under test away from the person's own: configuration, keys and network.
import { chmod, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../../scripts/agents/install.mjs';

/**
 * @typedef {object} Surroundings
 * @property {string} root         for files of the test and of the agent
 * @property {string} userDataDir  of the editor
 * @property {Record<string, string | undefined>} env  for the editor, and so for the agent; undefined removes a variable
 * @property {() => Promise<void>} remove
 */

/** Variables of the person that could lead an agent to an account, to the network, or to their configuration. */
const personal = /(_API_KEY|_TOKEN|_SECRET|_BASE_URL)$|^(ANTHROPIC|CLAUDE|CODEX|GEMINI|GOOGLE|OPENAI|PI|XDG)_|^(all|http|https)_proxy$/i;

/**
 * @param {string} name
 * @param {{ guardedEditor?: boolean }} [options]  `guardedEditor`: nobody but its owner can write above the editor's folder
 * @returns {Promise<Surroundings>}
 */
export async function makeSurroundings(name, { guardedEditor = false } = {}) {
  const root = await realpath(await mkdtemp(join(tmpdir(), `agent-fleet-${name}-`)));
  const made = [root];
  if (guardedEditor) {
    const runs = join(cacheFolder(), '..', 'runs');
    await mkdir(runs, { recursive: true, mode: 0o700 });
    made.push(await realpath(await mkdtemp(join(runs, `${name}-`))));
  }
  const userDataDir = join(made.at(-1) ?? root, 'editor');
  const [home, tmp] = [join(root, 'home'), join(root, 'tmp')];
  for (const folder of [home, tmp, userDataDir]) {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o700);
  }
  // Port 9 answers nobody: what does not stay on loopback fails at once.
  const nowhere = 'http://127.0.0.1:9';
  const env = {
    ...Object.fromEntries(Object.keys(process.env).filter((variable) => personal.test(variable)).map((variable) => [variable, undefined])),
    ...{ HOME: home, TMPDIR: tmp, SHELL: '/bin/bash', LANG: 'C.UTF-8' },
    ...{ http_proxy: nowhere, https_proxy: nowhere, no_proxy: 'localhost,127.0.0.1' },
  };
  const remove = async () => {
    for (const folder of made) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return { root, userDataDir, env, remove };
}
