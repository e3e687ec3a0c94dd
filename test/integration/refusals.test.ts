import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { agentSettingIds, commandIds, settingIds } from '../../src/presentation/contributions.ts';
import { setSetting } from './support/agents.ts';
import { command, endAll, fleetApi, hasEnded, spawn, trySpawn, withFolder, workspaceFolder, type SpawnWish } from './support/fleet.ts';
import { messagesOf } from './support/surface.ts';

/** What the person is told, when nothing is to come of a spawn. */
async function refusal(wish: SpawnWish): Promise<string> {
  const before = (await fleetApi()).sessions().length;
  let id: string | undefined;
  const messages = await messagesOf(async () => (id = await trySpawn(wish)));
  assert.equal(id, undefined, 'nothing was spawned');
  assert.equal(messages.length, 1, `one message, not: ${messages.join(' | ')}`);
  assert.equal((await fleetApi()).sessions().length, before, 'no row is left');
  return messages[0] ?? '';
}

describe('a spawn that cannot be', () => {
  after(endAll);

  it('folder gone', async () => {
    const cwd = path.join(tmpdir(), 'fleet-nowhere', 'at-all');
    assert.equal(await refusal({ cwd }), `The folder ${cwd} does not exist. Choose another folder.`);
  });

  it('folder outside the workspace', async () => {
    assert.equal(await refusal({ cwd: tmpdir() }), `The folder ${tmpdir()} does not belong to this trusted workspace. Open it as a workspace folder first.`);
  });

  it('agent not installed: names it and how to get it', async () => {
    const { path: id } = agentSettingIds('claude');
    await setSetting(id, path.join(tmpdir(), 'fleet-nowhere', 'claude'));
    try {
      assert.match(await refusal({ driver: 'claude' }), /^Claude Code was not found\. .*agentFleet\.agents\.claude\.path\./);
    } finally {
      await setSetting(id, undefined);
    }
    await setSetting(settingIds.customAgents, [{ name: 'Ghost', command: ['fleet-no-such-program'] }]);
    assert.match(await refusal({ driver: 'custom:ghost' }), /^Ghost was not found\. .*“fleet-no-such-program”/);
  });

  it('no such agent, no such script', async () => {
    assert.equal(await refusal({ driver: 'nobody' }), 'No agent is called “nobody”.');
    assert.match(await refusal({ variant: 'dances' }), /^The demo agent does not know “dances”\./);
  });

  it('a name that is empty, too long, or hides something', async () => {
    assert.match(await refusal({ name: '   ' }), /^The name is empty\./);
    assert.match(await refusal({ name: 'x'.repeat(81) }), /^The name is too long: at most 80 characters\./);
    assert.match(await refusal({ name: 'a\u001b[31mb' }), /^The name holds control characters\./);
  });

  it('a prompt of 1 MB', async () => {
    assert.match(await refusal({ prompt: 'x'.repeat(1024 * 1024) }), /^The prompt has 1048576 bytes; at most 100000 can be sent\./);
  });

  it('its folder went away between two attempts', async () => {
    const cwd = await mkdtemp(path.join(workspaceFolder(), 'fleet-gone-'));
    const id = await spawn({ variant: 'fails:1', cwd });
    await hasEnded(id);
    await rm(cwd, { recursive: true });
    assert.deepEqual(await messagesOf(() => command(commandIds.restart, id)), [`The folder ${cwd} does not exist. Choose another folder.`]);
  });

  it('a program that is there but cannot be started: failed, with the reason', async () => {
    await withFolder(async (cwd) => {
      // Found, and executable by its mode, but its interpreter is nowhere.
      const program = path.join(cwd, 'agent');
      await writeFile(program, '#!/nowhere/interpreter\n', { mode: 0o755 });
      await setSetting(settingIds.customAgents, [{ name: 'Broken', command: [program] }]);
      const ended = await hasEnded(await spawn({ driver: 'custom:broken', cwd }));
      assert.equal(ended.status, 'failed');
      assert.match(ended.outcome?.type === 'failed' ? ended.outcome.error : '', /names an interpreter that was not found/);
    });
  });
});
