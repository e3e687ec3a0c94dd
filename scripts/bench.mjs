// npm run bench: lists the benchmarks; npm run bench -- NAME [--json] runs one.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensurePackages } from './start/prepare.mjs';

await ensurePackages();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
// The Node.js of the packages: benchmarks load TypeScript, which an older one cannot.
const node = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node');
const child = spawn(node, [join(root, 'test', 'bench', 'main.mjs'), ...process.argv.slice(2)], { stdio: 'inherit' });
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(name, () => child.kill(name));
child.on('exit', (code) => (process.exitCode = code ?? 1));
