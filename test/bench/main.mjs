// Lists the benchmarks of this folder (`*.bench.mjs`), or runs one of them.
import { readdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * @typedef {object} Figure
 * @property {string} figure
 * @property {number} value
 * @property {string} unit
 * @property {string} [wanted]  for example "<= 10"; a figure without a goal explains another one
 * @property {string} [peer]  what it is compared with, with its version
 * @property {Record<string, unknown>} [detail]
 *
 * @typedef {object} Bench
 * @property {string} what  one line for the list
 * @property {(report: (figure: Figure) => void) => Promise<void>} run
 */

const folder = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const json = args.includes('--json');
const [name, ...more] = args.filter((arg) => !arg.startsWith('--'));
const names = (await readdir(folder)).filter((file) => file.endsWith('.bench.mjs')).map((file) => file.slice(0, -'.bench.mjs'.length)).sort();
if (name === undefined) {
  console.log('npm run bench -- NAME [--json]\n');
  for (const known of names) console.log(`  ${known.padEnd(16)} ${(await load(known)).what}`);
} else if (!names.includes(name) || more.length > 0) {
  console.error(`There is no benchmark ${[name, ...more].join(' ')}. Known: ${names.join(', ')}.`);
  process.exitCode = 2;
} else {
  await (await load(name)).run((figure) => print(name, figure));
}

/**
 * @param {string} bench
 * @returns {Promise<Bench>}
 */
async function load(bench) {
  return import(pathToFileURL(join(folder, `${bench}.bench.mjs`)).href);
}

/**
 * @param {string} bench
 * @param {Figure} given
 */
function print(bench, { figure, value, unit, wanted, peer, detail }) {
  const rounded = Number(value.toPrecision(4));
  const met = wanted === undefined ? undefined : isMet(value, wanted);
  const machine = { cores: cpus().length, node: process.versions.node, platform: `${process.platform}-${process.arch}` };
  if (json) {
    console.log(JSON.stringify({ bench, figure, value: rounded, unit, ...(wanted === undefined ? {} : { wanted, met }), ...(peer === undefined ? {} : { peer }), detail: { ...machine, ...detail } }));
    return;
  }
  const goal = wanted === undefined ? '' : `  wanted ${wanted}: ${met ? 'met' : 'MISSED'}`;
  console.log(`${figure.padEnd(34)} ${String(rounded).padStart(9)} ${unit}${goal}${peer === undefined ? '' : `  (against ${peer})`}`);
}

/**
 * @param {number} value
 * @param {string} wanted
 */
function isMet(value, wanted) {
  const [sign, limit] = wanted.split(' ');
  if (sign === '<=') return value <= Number(limit);
  if (sign === '<') return value < Number(limit);
  if (sign === '>=') return value >= Number(limit);
  return value === Number(limit);
}
