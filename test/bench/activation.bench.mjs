// The cost of being there: activation, and the time until the tree stands in the view; against the least that a tree view takes, in the same window.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { chromiumFlags, ensureChromium } from '../../scripts/editor/chromium.mjs';
import { ensureEditor } from '../../scripts/editor/install.mjs';
import { linkExtension } from '../../scripts/editor/linkExtension.mjs';
import { repoRoot } from '../../scripts/editor/paths.mjs';
import { run as execute } from '../../scripts/editor/run.mjs';
import { startEditor } from '../../scripts/editor/server.mjs';
import { fillRegistry } from './activation/registry.mjs';
import { median, round } from './figures.mjs';

export const what = 'activation and first paint of the tree, with an empty registry and with 1,000 sessions';

const rounds = 5;
const sessions = 1000;
const patienceMs = 60_000;

/** @param {(figure: import('./main.mjs').Figure) => void} report */
export async function run(report) {
  await execute(process.execPath, [join(repoRoot, 'esbuild.js'), '--production'], { cwd: repoRoot });
  const scratch = await mkdtemp(join(tmpdir(), 'agent-fleet-bench-'));
  try {
    const samples = await measure(scratch);
    for (const [name, list] of Object.entries(samples)) reportOne(report, name, list);
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * One window after the other, the two registries in turn.
 * @param {string} scratch
 */
async function measure(scratch) {
  const folder = join(scratch, 'workspace');
  await mkdir(folder);
  const empty = join(scratch, 'empty');
  const full = join(scratch, 'full');
  /** @type {Record<string, Sample[]>} */
  const samples = { empty: [], thousand: [] };
  // Warm-up: code caches, and the storage folder's name.
  await oneWindow(empty, folder, 'welcome');
  const { storage } = await oneWindow(full, folder, 'welcome');
  const registry = join(storage, 'agent-fleet.agent-fleet');
  const bytes = await fillRegistry(registry, sessions, folder);
  for (let n = 0; n < rounds; n++) {
    samples.empty?.push({ ...(await oneWindow(empty, folder, 'welcome')), bytes: 0 });
    samples.thousand?.push({ ...(await oneWindow(full, folder, 'rows')), bytes });
  }
  return samples;
}

/**
 * @typedef {{ load: number, call: number, finish: number }} Activation  milliseconds, as the editor measured them
 * @typedef {{ activeAt: { fleet: number, peer: number }, fleet: Activation, peer: Activation, engineLoads: number, storage: string, editor: string,
 *   painted: { fleet: number, peer: number }, bytes?: number }} Sample
 */

/**
 * @param {string} home
 * @param {string} folder
 * @param {'welcome' | 'rows'} sign  what of our view is waited for
 * @returns {Promise<Sample>}
 */
async function oneWindow(home, folder, sign) {
  const results = join(home, 'results.json');
  await rm(results, { force: true });
  const extensionsDir = join(home, 'extensions');
  for (const name of ['peer', 'probe']) await linkExtension(join(repoRoot, 'test', 'bench', 'activation', name), extensionsDir);
  const executablePath = await ensureChromium();
  const { playwright } = await ensureEditor();
  const { chromium } = /** @type {typeof import('playwright-core')} */ (await import(pathToFileURL(playwright).href));
  const editor = await startEditor({ folder, userDataDir: join(home, 'user-data'), extensionsDir, extensionDevelopmentPath: repoRoot, env: { AGENT_FLEET_BENCH_RESULTS: results } });
  const browser = await chromium.launch({ executablePath, args: chromiumFlags });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'en-US' });
    await page.addInitScript(watchPaints, sign);
    await page.goto(editor.url);
    await page.waitForFunction(() => window.agentFleetPainted.fleet > 0 && window.agentFleetPainted.peer > 0, undefined, { timeout: patienceMs });
    const painted = await page.evaluate(() => window.agentFleetPainted);
    return { ...(await readResults(results)), painted };
  } finally {
    await browser.close();
    await editor.stop();
  }
}

/**
 * Runs in the page: notes when the first row (or the welcome text) of each of the two views was painted, wall clock.
 * @param {'welcome' | 'rows'} sign
 */
function watchPaints(sign) {
  const painted = (window.agentFleetPainted = {});
  const look = () => {
    for (const pane of document.querySelectorAll('.pane')) {
      const rows = [...pane.querySelectorAll('.monaco-list-row')];
      const name = rows.some((row) => row.textContent?.includes('bench-peer-row')) ? 'peer' : pane.querySelector('.pane-header')?.textContent?.includes('Peer') ? undefined : 'fleet';
      if (name === undefined || name in painted) continue;
      const isThere = name === 'peer' || (sign === 'rows' ? rows.some((row) => row.textContent?.includes('task-')) : pane.querySelector('.welcome-view-content')?.textContent?.includes('Spawn Agent'));
      // A frame later it is on the screen.
      if (isThere) {
        painted[name] = 0;
        const { requestAnimationFrame } = window;
        requestAnimationFrame(() => requestAnimationFrame(() => (painted[name] = performance.timeOrigin + performance.now())));
      }
    }
  };
  new globalThis.MutationObserver(look).observe(document, { childList: true, subtree: true, characterData: true });
}

/**
 * @param {string} file
 * @returns {Promise<Omit<Sample, 'painted'>>}
 */
async function readResults(file) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text !== '') return JSON.parse(text);
    if (Date.now() > deadline) throw new Error('the window did not write its figures');
    await pause(100);
  }
}

/**
 * @param {(figure: import('./main.mjs').Figure) => void} report
 * @param {string} name
 * @param {readonly Sample[]} list
 */
function reportOne(report, name, list) {
  const of = (/** @type {(sample: Sample) => number} */ take) => median(list.map(take));
  const activate = (/** @type {Activation} */ one) => one.call + one.finish;
  const whole = (/** @type {Activation} */ one) => one.load + activate(one);
  // Both are active when their activation is over: the rest is the way to the screen.
  const paint = (/** @type {'fleet' | 'peer'} */ who) => of((sample) => sample.painted[who] - (sample.activeAt[who] - whole(sample[who])));
  const detail = { rounds: list.length, editor: list[0]?.editor, registryBytes: list[0]?.bytes };
  const peer = 'a tree view of one row and nothing else, same window';
  report({ figure: `activate_${name}`, value: of((sample) => activate(sample.fleet)), unit: 'ms', wanted: '< 150', peer, detail: { ...detail, peerMs: round(of((sample) => activate(sample.peer))), loadCodeMs: round(of((sample) => sample.fleet.load)), all: list.map((sample) => activate(sample.fleet)) } });
  report({ figure: `first_paint_${name}`, value: paint('fleet'), unit: 'ms', peer, detail: { ...detail, peerMs: round(paint('peer')), from: 'begin of the activation' } });
  report({ figure: `first_paint_${name}_ratio`, value: paint('fleet') / paint('peer'), unit: 'x', peer, detail });
  const loads = Math.max(...list.map((sample) => sample.engineLoads));
  report({ figure: `engine_loads_${name}`, value: loads, unit: 'times', wanted: name === 'empty' ? '<= 0' : '<= 1', detail });
}
