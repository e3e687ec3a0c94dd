/** Writes fleet events in pieces, with lines that are none, and half a line at the end. */
import { appendFileSync } from 'node:fs';

const write = (text) => appendFileSync(process.env.FLEET_EVENTS, text);
write('{"n":1}\n{"n":');
write('2}\n');
write('not json\n\n[1,2]\n');
write('{"n":3}\r\n{"n":4');
