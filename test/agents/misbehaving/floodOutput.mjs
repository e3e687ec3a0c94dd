/** Prints without end. */
import { stay } from './lifetime.mjs';

stay();
console.log(`ready ${process.pid}`);
const line = `\u001b[3${process.pid % 8}m${'x'.repeat(200)}\u001b[0m\n`.repeat(50);
const more = () => {
  while (process.stdout.write(line));
  process.stdout.once('drain', more);
};
more();
