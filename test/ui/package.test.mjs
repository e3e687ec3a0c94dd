// The packed extension, as somebody gets it: made by npm run package, installed into an editor that has nothing else, and used.
import assert from 'node:assert/strict';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'mocha';
import { packageExtension } from '../../scripts/package.mjs';
import { openFleet } from './fixtures/fleet.mjs';
import { useFleet } from './fixtures/useFleet.mjs';
import { until } from './support/until.mjs';

describe('the packed extension', () => {
  /** @type {string} */
  let scratch;
  const my = useFleet('package', async () => {
    scratch = await mkdtemp(join(tmpdir(), 'agent-fleet-package-'));
    const { file } = await packageExtension({ folder: scratch, log: () => undefined });
    return openFleet({ vsix: file });
  });
  after(() => rm(scratch, { recursive: true, force: true }));

  it('is installed as a folder of its own', async () => {
    const extensions = join(my.fleet.userDataDir, 'extensions');
    const [name = ''] = (await readdir(extensions)).filter((entry) => entry.startsWith('agent-fleet.'));
    const { version } = JSON.parse(await readFile(join(extensions, name, 'package.json'), 'utf8'));
    assert.equal(name, `agent-fleet.agent-fleet-${version}`);
    await access(join(extensions, name, 'dist', 'sql-wasm.wasm'));
  });

  it('runs the demo fleet to the end and shows what was made', async () => {
    const { fleet } = my;
    await fleet.showView();
    await fleet.tree.pane.getByRole('button', { name: 'Try the Demo Fleet' }).click();
    await fleet.groupsAre({ 'Needs you': ['login-flow'], Active: ['watcher'], Finished: ['changelog', 'migrate'] }, 30_000);
    await fleet.rowWhen('changelog', /^completed/);
    await fleet.tree.inlineAction('changelog', 'Open Artifact…');
    await fleet.window.quickPick.wait('Which file?');
    await fleet.window.quickPick.pick('README.md');
    await until('the comparison', () => fleet.window.isDiffEditor());
    assert.deepEqual(await fleet.window.viewBadge('Agent Fleet'), { text: '1', label: '1 session needs you' });
  });
});
