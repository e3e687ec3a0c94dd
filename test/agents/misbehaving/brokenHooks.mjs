/** Drops hooks: a good one, half of one, one that is completed later, a huge one, a link, an empty one, another good one. */
import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.FLEET_HOOK_DIR;
const drop = (name, content) => writeFileSync(join(folder, name), content);
drop('First.1.hook', '{"n":1}');
drop('Half.2.hook', '{"n":2');
drop('Late.3.hook', '{"n":');
drop('Huge.4.hook', JSON.stringify({ n: 'x'.repeat(1024 * 1024) }));
symlinkSync('/etc/hostname', join(folder, 'Link.5.hook'));
drop('Empty.6.hook', '');
drop('notes.txt', 'not a hook');
appendFileSync(join(folder, 'Late.3.hook'), '3}');
drop('Last.7.hook', '{"n":7}');
