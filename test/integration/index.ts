import { readdir } from 'node:fs/promises';
import path from 'node:path';
import Mocha from 'mocha';

/** Called by the editor inside its extension host: runs every test file that lies beside this one. */
export async function run(): Promise<void> {
  const root = path.resolve(__dirname, '../..');
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    forbidOnly: true,
    color: false,
    reporter: path.join(root, 'test/support/countingReporter.cjs'),
  });
  for (const name of await readdir(__dirname)) if (name.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, name));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failures > 0) throw new Error(`${failures} integration tests failed`);
}
