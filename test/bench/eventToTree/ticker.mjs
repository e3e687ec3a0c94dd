// An agent that says what time it is: by a line of its events file, or by a hook file. Steady, save for a jitter that keeps eight of them out of step.
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [kind = 'events', every = '500'] = process.argv.slice(2);
const everyMs = Number(every);
setTimeout(() => process.exit(99), 180_000);
let count = 0;

function tick() {
  setTimeout(tick, everyMs * (0.5 + Math.random()));
  count += 1;
  // As late as can be, so that the writing itself is part of what is measured.
  const now = () => (performance.timeOrigin + performance.now()).toFixed(3);
  if (kind === 'events') appendFileSync(process.env.FLEET_EVENTS, `${JSON.stringify({ state: 'running_tool', tool: 'bench', extra: { detail: `at ${now()}` } })}\n`);
  else {
    const path = join(process.env.FLEET_HOOK_DIR, `RunningTool.${process.pid}-${count}.hook`);
    writeFileSync(`${path}.part`, JSON.stringify({ detail: `at ${now()}` }));
    renameSync(`${path}.part`, path);
  }
}

tick();
console.log('ready');
