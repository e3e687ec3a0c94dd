// From an agent's write to the tree's change event: real runners in real terminals, one window, eight live sessions.
import { build } from 'esbuild';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../../scripts/editor/paths.mjs';
import { run as execute } from '../../scripts/editor/run.mjs';
import { runInEditor } from './editor.mjs';
import { quantile, round } from './figures.mjs';

export const what = 'time from an agent’s event to the change of the tree, eight live sessions in one window';

/** Eight sessions write so often each; the calm round shows single changes, the busy ones what a busy fleet does to them. */
const rounds = [
  { name: 'event', kind: 'events', everyMs: 500 },
  { name: 'hook', kind: 'hooks', everyMs: 500 },
  { name: 'calm_event', kind: 'events', everyMs: 6000 },
];
const sessions = 8;

/** @param {(figure: import('./main.mjs').Figure) => void} report */
export async function run(report) {
  const scratch = await mkdtemp(join(tmpdir(), 'agent-fleet-bench-'));
  try {
    for (const { name, everyMs, spread, lost, loopDelayP99 } of await measure(scratch)) {
      const detail = { sessions, eventsPerSecond: round((1000 / everyMs) * sessions), samples: spread.tree.length, lost, windowLoopDelayP99: round(loopDelayP99), load: loadavg().map(round) };
      /** @type {(to: string, values: readonly number[], goals: readonly [string?, string?]) => void} */
      const figures = (to, values, goals) => {
        for (const [index, share] of [0.5, 0.99].entries()) {
          const wanted = goals[index];
          report({ figure: `${name}_to_${to}_p${share * 100}`, value: quantile(values, share), unit: 'ms', ...(wanted === undefined ? {} : { wanted }), detail: { ...detail, p95: round(quantile(values, 0.95)), max: round(Math.max(...values)) } });
        }
      };
      // The tree announces a first change at once, and those within 250 ms after it together: faster, the editor would not repaint at all.
      figures('runner', spread.runner, []);
      figures('fleet', spread.fleet, ['<= 10', '<= 50']);
      figures('tree', spread.tree, [name === 'calm_event' ? '<= 10' : undefined, '<= 300']);
      report({ figure: `${name}_gathered_share`, value: (100 * spread.gathered) / spread.tree.length, unit: '%', detail: { ...detail, meaning: 'changes that waited for the next announcement of the tree' } });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * @param {string} scratch
 * @returns {Promise<{ name: string, everyMs: number, lost: number, loopDelayP99: number, spread: { runner: number[], tree: number[], fleet: number[], gathered: number } }[]>}
 */
async function measure(scratch) {
  const folder = join(scratch, 'workspace');
  const bundle = join(repoRoot, 'out', 'bench', 'eventToTree.cjs');
  const results = join(scratch, 'results.json');
  await mkdir(folder);
  await execute(process.execPath, [join(repoRoot, 'esbuild.js'), '--production'], { cwd: repoRoot });
  await build({
    entryPoints: [join(repoRoot, 'test', 'bench', 'eventToTree', 'index.ts')],
    outfile: bundle,
    bundle: true, platform: 'node', format: 'cjs', target: 'node22', external: ['vscode'], logLevel: 'warning',
  });
  await runInEditor({
    extensions: [repoRoot],
    tests: bundle,
    folder,
    scratch,
    env: { AGENT_FLEET_BENCH_RESULTS: results, AGENT_FLEET_BENCH_ROUNDS: JSON.stringify(rounds), AGENT_FLEET_BENCH_SESSIONS: String(sessions) },
  });
  return JSON.parse(await readFile(results, 'utf8'));
}
