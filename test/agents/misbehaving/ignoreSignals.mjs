/**
 * Ignores everything that can be ignored, with a child, and with a grandchild in a session of its own whose parent is gone.
 * Prints `ready <pid> <child> <grandchild>`.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stay } from './lifetime.mjs';

const role = process.argv[2] ?? 'root';
const self = fileURLToPath(import.meta.url);
const deaf = () => undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, deaf);

if (role === 'parent') {
  // Starts the grandchild and leaves: the grandchild belongs to pid 1 from now on.
  const grandchild = spawn(process.execPath, [self, 'orphan'], { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  grandchild.once('message', () => {
    process.stdout.write(String(grandchild.pid), () => process.exit(0));
  });
} else if (role === 'orphan') {
  stay();
  process.on('disconnect', deaf);
  process.send?.('ready');
  process.disconnect?.();
} else if (role === 'child') {
  stay();
  process.stdout.write('ready');
} else {
  stay();
  const child = spawn(process.execPath, [self, 'child'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const parent = spawn(process.execPath, [self, 'parent'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let grandchild = '';
  parent.stdout.on('data', (data) => (grandchild += data));
  await Promise.all([
    new Promise((resolve) => child.stdout.once('data', resolve)),
    new Promise((resolve) => parent.once('exit', resolve)),
  ]);
  console.log(`ready ${process.pid} ${child.pid} ${grandchild}`);
}
