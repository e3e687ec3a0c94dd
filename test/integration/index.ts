import { readdir } from 'node:fs/promises';
import path from 'node:path';
import Mocha from 'mocha';
import { installSurface } from './support/surface.ts';

/**
 * Which window this is. `first`: a fresh workspace, everything but what needs an earlier window. `damaged`: the same workspace opened again, its
 * registry truncated meanwhile.
 */
const phase = process.env['AGENT_FLEET_TEST_PHASE'] === 'damaged' ? 'damaged' : 'first';
const filesOfDamagedPhase = new Set(['damagedRegistry.test.cjs']);
/** What must see the window untouched comes first, what counts leftovers comes last. */
const first = 'activation.test.cjs';
const last = 'leaks.test.cjs';

/** Called by the editor inside its extension host: runs every test file of this phase that lies beside this one. */
export async function run(): Promise<void> {
  // Before the extension is activated: what it creates then can be looked at.
  installSurface();
  const root = path.resolve(__dirname, '../..');
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    forbidOnly: true,
    color: false,
    reporter: path.join(root, 'test/support/countingReporter.cjs'),
    ...(process.env['AGENT_FLEET_TEST_GREP'] ? { grep: process.env['AGENT_FLEET_TEST_GREP'] } : {}),
  });
  const names = (await readdir(__dirname)).filter((name) => name.endsWith('.test.cjs') && filesOfDamagedPhase.has(name) === (phase === 'damaged'));
  const rank = (name: string): number => (name === first ? 0 : name === last ? 2 : 1);
  for (const name of names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))) mocha.addFile(path.join(__dirname, name));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} integration tests failed`);
}
