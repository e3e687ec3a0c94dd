import assert from 'node:assert/strict';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LaunchPlan } from '../../../src/core/driver.ts';
import { DiskSessionFolders } from '../../../src/link/sessionFolders.ts';

const plan: LaunchPlan = { argv: ['agent', '--x'], env: { A: '1', B: null, ELECTRON_RUN_AS_NODE: '1' }, files: [{ name: '../../settings.json', content: '{}' }], promptInArgv: true };

describe('link/sessionFolders', () => {
  let registryDir: string;
  let listened: number;
  let folders: DiskSessionFolders;
  beforeEach(async () => {
    registryDir = await mkdtemp(path.join(tmpdir(), 'fleet-folders-'));
    listened = 0;
    folders = new DiskSessionFolders({
      registryDir,
      endpointFile: path.join(registryDir, 'endpoint.json'),
      runnerScript: '/dist/runner.cjs',
      node: { executable: '/node', env: { ELECTRON_RUN_AS_NODE: '1', RUNNER_ONLY: '1' } },
      graceMs: () => 750,
      heartbeatMs: () => 5000,
      listen: () => Promise.resolve(void (listened += 1)),
    });
  });
  afterEach(() => rm(registryDir, { recursive: true, force: true }));
  const prepare = () => folders.prepare({ sessionId: 'agent-a', parentId: 'agent-p', name: 'A name', token: 'secret-token', cwd: '/work', plan });

  it('listens before a runner can call, and says how to start it', async () => {
    const launch = await prepare();
    assert.equal(listened, 1);
    assert.deepEqual(launch.argv, ['/node', '/dist/runner.cjs', path.join(registryDir, 'sessions', 'agent-a', 'launch.json')]);
    assert.deepEqual(launch.env, {
      AGENT_FLEET_ENV_A: '1',
      AGENT_FLEET_ENV_ELECTRON_RUN_AS_NODE: '1',
      AGENT_FLEET_ENV_FLEET_PARENT_ID: 'agent-p',
      ELECTRON_RUN_AS_NODE: '1',
      RUNNER_ONLY: '1',
    });
  });

  it('keeps everything private, and every file inside the folder', async () => {
    await prepare();
    const dir = folders.pathOf('agent-a');
    const modes = await Promise.all(['', 'launch.json', 'settings.json'].map(async (name) => (await stat(path.join(dir, name))).mode & 0o777));
    assert.deepEqual(modes, [0o700, 0o600, 0o600]);
  });

  it('S6: writes names of variables, never values', async () => {
    await prepare();
    const launch = JSON.parse(await readFile(path.join(folders.pathOf('agent-a'), 'launch.json'), 'utf8')) as { hideEnv: string[]; unsetEnv: string[]; env?: unknown };
    assert.deepEqual([launch.hideEnv, launch.unsetEnv, launch.env], [['ELECTRON_RUN_AS_NODE', 'RUNNER_ONLY'], ['B'], undefined]);
  });

  it('S6: refuses ids that could leave the folder', () => {
    for (const id of ['../x', '', '-a', 'a b', 'a/b', 'a\0b', 'x'.repeat(129)]) assert.throws(() => folders.pathOf(id), { code: 'BadSessionId' });
  });

  it('knows a start that never happened by its launch file', async () => {
    assert.deepEqual([await folders.exists('agent-a'), await folders.isLaunchPending('agent-a')], [false, false]);
    await prepare();
    assert.deepEqual([await folders.exists('agent-a'), await folders.isLaunchPending('agent-a')], [true, true]);
    const dir = folders.pathOf('agent-a');
    await rename(path.join(dir, 'launch.json'), path.join(dir, 'launch.taken.json'));
    assert.equal(await folders.isLaunchPending('agent-a'), true);
    await rm(path.join(dir, 'launch.taken.json'));
    assert.deepEqual([await folders.exists('agent-a'), await folders.isLaunchPending('agent-a')], [true, false]);
  });

  it('reads a damaged spool as far as it goes, and a missing one as empty', async () => {
    assert.deepEqual(await folders.spool('agent-a', 0), { events: [], skipped: 0 });
    await prepare();
    await writeFile(path.join(folders.pathOf('agent-a'), 'spool.jsonl'), 'garbage\nmore');
    const spool = await folders.spool('agent-a', 0);
    assert.deepEqual(spool.events, []);
    assert.ok(spool.skipped > 0);
  });

  it('removes a folder, also one that is not there', async () => {
    await prepare();
    await folders.remove('agent-a');
    await folders.remove('agent-a');
    await assert.rejects(stat(folders.pathOf('agent-a')));
  });
});
