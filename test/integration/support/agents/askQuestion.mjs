/** Says by a hook that it asks a question, waits for a line, and ends with 0 if that line is `yes`. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

setTimeout(() => process.exit(99), 60_000);
let count = 0;
const hook = (name, payload) => {
  const path = join(process.env.FLEET_HOOK_DIR, `${name}.${++count}.hook`);
  writeFileSync(`${path}.part`, JSON.stringify(payload));
  renameSync(`${path}.part`, path);
};
hook('NeedsAnswer', { detail: 'Which version?' });
createInterface({ input: process.stdin }).once('line', (line) => {
  hook('Working', { detail: 'goes on' });
  process.exit(line.trim() === 'yes' ? 0 : 5);
});
