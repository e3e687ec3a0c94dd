// The suites of npm test, one after the other; each runs to its end whatever the others did.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { repoRoot } from '../editor/paths.mjs';
import { ensurePackages } from '../start/prepare.mjs';

const bin = join(repoRoot, 'node_modules', '.bin');
/** The Node.js of the packages: test files are TypeScript, which an older one cannot run. */
const node = join(bin, process.platform === 'win32' ? 'node.exe' : 'node');
const mocha = join(repoRoot, 'node_modules', 'mocha', 'bin', 'mocha.js');

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string} what  one line for the help
 * @property {string[]} command  arguments of Node.js
 * @property {boolean} [build]  needs the bundles
 * @property {boolean} [optional]  only when it is named
 */

/** @type {Suite[]} */
const suites = [
  { name: 'unit', what: 'pure parts, in seconds, without an editor', command: [mocha, '--config', 'test/mocharc.json', 'test/unit/**/*.test.ts'] },
  { name: 'contract', what: 'real files, sockets, processes and git', command: [mocha, '--config', 'test/mocharc.json', '--timeout', '60000', 'test/contract/**/*.test.ts'], build: true },
  { name: 'faults', what: 'kills, damaged files, failing disks: counts what is lost', command: [mocha, '--config', 'test/mocharc.json', '--timeout', '600000', 'test/faults/*.test.ts'], build: true, optional: true },
  { name: 'integration', what: 'inside the real extension host', command: ['test/integration/run.mjs'], build: true },
  { name: 'ui', what: 'the real workbench, by clicks and keys', command: [mocha, '--config', 'test/ui/mocharc.json', 'test/ui/**/*.test.mjs'], build: true },
  { name: 'agents', what: 'real agent CLIs against a scripted model', command: [mocha, '--config', 'test/ui/mocharc.json', 'test/agents/**/*.test.mjs'], build: true, optional: true },
  { name: 'desktop', what: 'the integration suite in a downloaded desktop VS Code', command: ['test/integration/run.mjs', '--desktop'], build: true, optional: true },
];

/**
 * @param {string[]} args  names of suites; none: all that are not optional
 * @returns {Promise<number>} exit code
 */
export async function main(args) {
  if (args.includes('--help')) {
    console.log(`npm test -- [SUITE …]\n\n${suites.map(({ name, what, optional }) => `  ${name.padEnd(12)} ${what}${optional ? ' (only when named)' : ''}`).join('\n')}`);
    return 0;
  }
  const unknown = args.filter((arg) => !suites.some(({ name }) => name === arg));
  if (unknown.length > 0) {
    console.error(`There is no suite ${unknown.join(', ')}. See npm test -- --help.`);
    return 2;
  }
  const chosen = suites.filter(({ name, optional }) => (args.length > 0 ? args.includes(name) : !optional));
  await ensurePackages();
  const scratch = await mkdtemp(join(tmpdir(), 'agent-fleet-test-counts-'));
  const total = { passed: 0, failed: 0, skipped: 0 };
  try {
    if (chosen.some((suite) => suite.build)) total.failed += (await run(['esbuild.js', '--tests'], {})) === 0 ? 0 : 1;
    for (const suite of total.failed > 0 ? [] : chosen) {
      console.log(`\n── ${suite.name}: ${suite.what}`);
      const counts = join(scratch, `${suite.name}.jsonl`);
      const code = await run(suite.command, { AGENT_FLEET_TEST_COUNTS: counts });
      const figures = await read(counts);
      // A suite that dies before it counts, or that counts no test, has failed.
      if (code !== 0 && figures.failed === 0) figures.failed = 1;
      if (figures.passed + figures.failed === 0) figures.failed = 1;
      console.log(`${suite.name}: ${figures.passed} passed, ${figures.failed} failed${figures.skipped > 0 ? `, ${figures.skipped} skipped` : ''} (${(figures.ms / 1000).toFixed(1)} s)`);
      total.passed += figures.passed;
      total.failed += figures.failed;
      total.skipped += figures.skipped;
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
  return total.failed === 0 ? 0 : 1;
}

/**
 * @param {string[]} command
 * @param {Record<string, string>} env
 * @returns {Promise<number>}
 */
function run(command, env) {
  return new Promise((resolve) => {
    const child = spawn(node, command, {
      cwd: repoRoot,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
    });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** @param {string} file */
async function read(file) {
  const figures = { passed: 0, failed: 0, skipped: 0, ms: 0 };
  const text = await readFile(file, 'utf8').catch(() => '');
  for (const line of text.split('\n').filter(Boolean)) {
    const counted = JSON.parse(line);
    figures.passed += counted.passed;
    figures.failed += counted.failed;
    figures.skipped += counted.skipped;
    figures.ms += counted.ms;
  }
  return figures;
}
