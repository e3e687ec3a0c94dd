// npm test: does all of its own set-up, runs every suite, and ends with one line "N passed, N failed".
import process from 'node:process';

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Agent Fleet needs Node.js 20 or newer; this is ${process.version}. Install a newer one and run npm test again.`);
  process.exit(1);
}

// Loaded only now: an older Node.js could not even read it.
const { main } = await import('./test/main.mjs');
process.exitCode = await main(process.argv.slice(2));
