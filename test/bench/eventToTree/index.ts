import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { focusViewCommand, settingIds } from '../../../src/presentation/contributions.ts';
import { setSetting } from '../../integration/support/agents.ts';
import { endAll, fleetApi, hasStatus, repoRoot, spawn } from '../../integration/support/fleet.ts';
import { installSurface, surface } from '../../integration/support/surface.ts';
import { Meter, type Spread } from './meter.ts';

interface Round {
  readonly name: string;
  readonly kind: 'events' | 'hooks';
  readonly everyMs: number;
}

interface Result {
  readonly spread: Spread;
  readonly lost: number;
  readonly loopDelayP99: number;
}

const warmUpMs = 4000;
const measureMs = 25_000;

/** Called by the editor inside its extension host. */
export async function run(): Promise<void> {
  installSurface();
  const rounds = JSON.parse(process.env['AGENT_FLEET_BENCH_ROUNDS'] ?? '[]') as Round[];
  const sessions = Number(process.env['AGENT_FLEET_BENCH_SESSIONS']);
  await fleetApi();
  await vscode.commands.executeCommand(focusViewCommand);
  const results: (Round & Result)[] = [];
  for (const round of rounds) results.push({ ...round, ...(await measure(round, sessions)) });
  await writeFile(process.env['AGENT_FLEET_BENCH_RESULTS'] ?? '', JSON.stringify(results));
}

async function measure(round: Round, sessions: number): Promise<Result> {
  const script = path.join(repoRoot, 'test', 'bench', 'eventToTree', 'ticker.mjs');
  await setSetting(settingIds.customAgents, [{ name: 'Ticker', command: [process.execPath, script, round.kind, String(round.everyMs)] }]);
  for (let n = 0; n < sessions; n++) await hasStatus(await spawn({ driver: 'custom:ticker', name: `ticker-${round.name}-${n}` }), 'running');
  await pause(warmUpMs);
  const api = await fleetApi();
  const tree = surface().treeData;
  if (tree?.onDidChangeTreeData === undefined) throw new Error('the extension made no tree');
  // How long this window's own thread was busy with something else: what no road to it can make up for.
  const loop = monitorEventLoopDelay({ resolution: 5 });
  const meter = new Meter(api, tree.onDidChangeTreeData);
  loop.enable();
  await pause(measureMs);
  loop.disable();
  const spread = meter.stop();
  const lost = api.sessions().reduce((sum, session) => sum + session.skipped, 0);
  await endAll();
  return { spread, lost, loopDelayP99: loop.percentile(99) / 1e6 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
