// Bundles each process entry into one file in dist/. `--production` minifies and drops source maps.
import { build } from 'esbuild';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const production = process.argv.includes('--production');
const withTests = process.argv.includes('--tests');
const root = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

const common = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};

const entries = [
  { entryPoints: ['src/extension.ts'], outfile: 'dist/extension.cjs', external: ['vscode'] },
  { entryPoints: ['src/runner/main.ts'], outfile: 'dist/runner.cjs' },
  { entryPoints: ['src/storage/worker/main.ts'], outfile: 'dist/registry-worker.cjs' },
  { entryPoints: ['src/demo/main.ts'], outfile: 'dist/demo.cjs' },
  { entryPoints: ['src/drivers/hook.ts'], outfile: 'dist/hook.cjs' },
  {
    // pi calls the default export of an extension; our sources have none.
    stdin: { contents: "export { fleetExtension as default } from './src/drivers/pi/extension.ts';", resolveDir: root, sourcefile: 'pi-extension.js' },
    outfile: 'dist/pi-extension.mjs',
    format: 'esm',
  },
];

process.chdir(root);
// Overwritten in place, so that an editor that runs from dist/ never finds it empty.
await mkdir('dist', { recursive: true });
if (production) for (const name of await readdir('dist')) if (name.endsWith('.map')) await rm(path.join('dist', name));
for (const entry of entries) {
  const result = await build({ ...common, ...entry });
  if (process.argv.includes('--meta')) {
    await writeFile(`${entry.outfile}.meta.json`, JSON.stringify(result.metafile));
  }
}
await copyFile('node_modules/sql.js/dist/sql-wasm.wasm', 'dist/sql-wasm.wasm');

if (withTests) {
  // Test files run inside the extension host, each as a bundle of its own; mocha is found in node_modules.
  const tests = (await readdir('test/integration')).filter((name) => name === 'index.ts' || name.endsWith('.test.ts'));
  await rm('out/integration', { recursive: true, force: true });
  await build({
    ...common,
    entryPoints: tests.map((name) => `test/integration/${name}`),
    outdir: 'out/integration',
    outExtension: { '.js': '.cjs' },
    external: ['vscode', 'mocha'],
    minify: false,
  });
}
const sizes = await readdir('dist');
console.log(`built ${sizes.filter((name) => !name.endsWith('.map')).join(', ')}`);
