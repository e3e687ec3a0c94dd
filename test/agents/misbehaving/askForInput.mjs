/** Asks, prints the answer, exits 0. */
import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin });
process.stdout.write('Continue? [y/n] ');
lines.once('line', (answer) => {
  console.log(`answer: ${answer}`);
  lines.close();
  process.exit(0);
});
