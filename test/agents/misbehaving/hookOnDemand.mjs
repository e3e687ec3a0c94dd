/** For each line on standard input, drops a hook whose payload is that line's time; `exit N` ends it. Prints `ready`. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { stay } from './lifetime.mjs';

stay();
let count = 0;
createInterface({ input: process.stdin }).on('line', (line) => {
  const exit = /^exit (\d+)$/.exec(line);
  if (exit !== null) process.exit(Number(exit[1]));
  const path = join(process.env.FLEET_HOOK_DIR, `Tick.${++count}.hook`);
  writeFileSync(`${path}.part`, JSON.stringify({ n: count, line, at: performance.timeOrigin + performance.now() }));
  renameSync(`${path}.part`, path);
});
console.log(`ready ${process.pid}`);
