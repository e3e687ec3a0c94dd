/** Asks for bracketed paste, and writes whatever is typed, byte for byte, to the file that it is given. The file is there once it reads. Ctrl-C does not end it. */
import { appendFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
setTimeout(() => process.exit(99), 60_000);
process.stdin.setRawMode?.(true);
process.stdin.on('data', (chunk) => appendFileSync(file, chunk));
appendFileSync(file, '');
process.stdout.write('\u001b[?2004hready\r\n');
