// Bundles what runs in processes and threads of its own, and runs it.
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { repoRoot } from '../../../scripts/editor/paths.mjs';

const execute = promisify(execFile);

/** Bundles as esbuild.js does. @param {string} folder */
export async function bundle(folder) {
  const common = /** @type {const} */ ({ bundle: true, platform: 'node', target: 'node22', minify: true, logLevel: 'warning' });
  const entry = join(folder, 'registry-worker.cjs');
  const child = join(folder, 'child.mjs');
  await build({ ...common, format: 'cjs', entryPoints: [join(repoRoot, 'src', 'storage', 'worker', 'main.ts')], outfile: entry });
  await build({ ...common, format: 'esm', entryPoints: [join(repoRoot, 'test', 'bench', 'registry', 'child.mjs')], outfile: child });
  return { entry, child, wasmFile: join(repoRoot, 'node_modules', 'sql.js', 'dist', 'sql-wasm.wasm') };
}

/**
 * @param {string} child
 * @param {'open' | 'memory' | 'live'} mode
 * @param {import('./store.mjs').StoreOptions & { loads?: readonly { perSecond: number, seconds: number, firstSession: number }[] }} options
 * @returns {Promise<any>}
 */
export async function runChild(child, mode, options) {
  const { stdout } = await execute(process.execPath, [child, mode, JSON.stringify(options)]);
  const found = JSON.parse(stdout);
  if (found.warnings.length > 0) throw new Error(`The store warned: ${found.warnings.join('; ')}`);
  return found;
}

/** Memory of a process that does nothing, bytes. */
export async function emptyRss() {
  const { stdout } = await execute(process.execPath, ['-e', 'setTimeout(() => console.log(process.memoryUsage.rss()), 2000)']);
  return Number(stdout);
}
