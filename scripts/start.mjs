// npm start: tries Agent Fleet out in a real editor, on a machine where only Node.js, npm and git are installed.
import process from 'node:process';

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Agent Fleet needs Node.js 20 or newer; this is ${process.version}. Install a newer one and run npm start again.`);
  process.exit(1);
}

// Loaded only now: an older Node.js could not even read it.
const { main } = await import('./start/main.mjs');
await main(process.argv.slice(2));
