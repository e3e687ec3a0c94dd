// Runs one program and makes sure that nothing of it is left behind. Its standard input is a pipe from whoever started
// it: when that closes, for whatever reason (stop, exception, Ctrl-C, even SIGKILL), the program's whole tree is ended.
// Usage: node supervisor.mjs <mark> <program> <arguments…>
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { endTree, markVariable } from './processes.mjs';

const [mark = '', program = '', ...args] = process.argv.slice(2);
const child = spawn(program, args, { env: { ...process.env, [markVariable]: mark }, stdio: ['ignore', 'inherit', 'inherit'], windowsHide: true });

let ending = false;
/** @param {number} code */
async function end(code) {
  if (ending) return;
  ending = true;
  await endTree({ pid: child.pid, mark });
  process.exit(code);
}

for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(name, () => void end(0));
process.stdin.on('end', () => void end(0)).on('error', () => void end(0)).resume();
child.on('error', (error) => {
  console.error(error.message);
  void end(1);
});
// Terminals outlive a server that crashed: they have to be looked for even then.
child.on('exit', (code, signal) => void end(code ?? 128 + (signal ? constants.signals[signal] : 0)));
