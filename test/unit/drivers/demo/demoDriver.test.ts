import assert from 'node:assert/strict';
import { join } from 'node:path';
import { isFleetError } from '../../../../src/base/errors.ts';
import type { LaunchContext, LaunchRequest } from '../../../../src/core/driver.ts';
import { permissionPolicies } from '../../../../src/core/session.ts';
import { demoScripts, readDemoOptions } from '../../../../src/demo/options.ts';
import { demoDriver, demoVariants } from '../../../../src/drivers/demo/demoDriver.ts';

const request: LaunchRequest = { sessionId: 'agent-1', name: 'try-out', policy: 'ask', cwd: '/work', conversationId: 'c', folderTrusted: true };
const context: LaunchContext = {
  platform: 'linux',
  executable: '/opt/editor',
  extraArgs: [],
  sessionDir: '/private/agent-1',
  node: { executable: '/opt/editor', env: { ELECTRON_RUN_AS_NODE: '1' } },
  assetsDir: '/ext/dist',
  hooksAllowed: true,
};

describe('demo driver', () => {
  it('runs the bundled agent with the editor as Node', async () => {
    const plan = await demoDriver.plan({ ...request, variant: 'asks', prompt: '--wild\nprompt' }, context);
    assert.deepEqual(plan, {
      argv: ['/opt/editor', join('/ext/dist', 'demo.cjs'), '--script', 'asks', '--policy', 'ask', '--name=try-out', '--prompt=--wild\nprompt'],
      env: { ELECTRON_RUN_AS_NODE: '1' },
      files: [],
      promptInArgv: true,
    });
  });

  it('takes the pace from the variant', async () => {
    const { argv, promptInArgv } = await demoDriver.plan({ ...request, variant: 'waits:30' }, context);
    assert.deepEqual(argv.slice(2), ['--script', 'waits', '--pace', '30', '--policy', 'ask', '--name=try-out']);
    assert.equal(promptInArgv, false);
  });

  it('is understood by the demo agent, for each variant, policy and awkward text', async () => {
    for (const { id } of demoVariants) {
      for (const policy of permissionPolicies) {
        const plan = await demoDriver.plan({ ...request, variant: id, policy, name: '-n', prompt: '--prompt=$(x) "y"' }, context);
        assert.deepEqual(readDemoOptions(plan.argv.slice(2)), { script: id, policy, paceMs: 1000, name: '-n', prompt: '--prompt=$(x) "y"' });
      }
    }
    assert.deepEqual(demoVariants.map(({ id }) => id), [...demoScripts]);
  });

  it('has a default, and refuses what it does not know', async () => {
    assert.equal((await demoDriver.plan(request, context)).argv[3], 'works');
    for (const variant of ['', 'dances', 'works:0', 'works:999999', '--script', 'constructor']) {
      await assert.rejects(demoDriver.plan({ ...request, variant }, context), (error) => isFleetError(error, 'UnknownVariant'));
    }
  });

  it('types a prompt that a Windows command line cannot hold', async () => {
    const plan = await demoDriver.plan({ ...request, prompt: 'x'.repeat(50_000) }, { ...context, platform: 'win32' });
    assert.equal(plan.promptInArgv, false);
    assert.ok(plan.argv.every((part) => part.length < 1000));
  });

  it('knows nothing from titles and hooks', () => {
    assert.deepEqual(demoDriver.readTitle('◇ x: working'), []);
    assert.deepEqual(demoDriver.readHook('Idle', {}), []);
  });
});
