/** Prints its environment, folder and arguments as one line of JSON. */
console.log(`env ${JSON.stringify({ env: process.env, cwd: process.cwd(), argv: process.argv.slice(2) })}`);
