import assert from 'node:assert/strict';
import { isFleetError } from '../../../../src/base/errors.ts';
import type { LaunchContext, LaunchRequest } from '../../../../src/core/driver.ts';
import { createCustomDriver } from '../../../../src/drivers/custom/customDriver.ts';
import { customDriverId, readCustomDefinitions } from '../../../../src/drivers/custom/definition.ts';
import { genericHookFacts } from '../../../../src/drivers/custom/genericHooks.ts';

const request: LaunchRequest = { sessionId: 'agent-1', name: 'mine', policy: 'ask', cwd: '/work', conversationId: 'c', folderTrusted: true };
const context: LaunchContext = {
  platform: 'linux',
  executable: '/usr/bin/my-agent',
  extraArgs: [],
  sessionDir: '/private/agent-1',
  node: { executable: '/opt/editor', env: { ELECTRON_RUN_AS_NODE: '1' } },
  assetsDir: '/ext/dist',
  hooksAllowed: true,
};

function driverOf(definition: object) {
  const { definitions, problems } = readCustomDefinitions([{ name: 'My Agent', ...definition }]);
  assert.deepEqual(problems, []);
  const [first] = definitions;
  assert.ok(first);
  return createCustomDriver(first);
}

const argvOf = async (definition: object, part: Partial<LaunchRequest> = {}, more: Partial<LaunchContext> = {}) => {
  const plan = await driverOf(definition).plan({ ...request, ...part }, { ...context, ...more });
  return [plan.argv.slice(1), plan.promptInArgv];
};

describe('custom driver', () => {
  const command = ['my-agent', '--quiet'];

  it('starts the executable that was found, with its own arguments', async () => {
    const plan = await driverOf({ command, env: { MODE: 'x', PAGER: null } }).plan(request, { ...context, extraArgs: ['--more'] });
    assert.deepEqual(plan, {
      argv: ['/usr/bin/my-agent', '--quiet', '--more'],
      env: { MODE: 'x', PAGER: null },
      files: [],
      promptInArgv: false,
    });
  });

  it('has the name of its definition and the binary to look for', () => {
    const { info, provesPrompts, interrupt } = driverOf({ command });
    assert.deepEqual([info.id, info.label, info.binaries], ['custom:my-agent', 'My Agent', ['my-agent']]);
    assert.equal(provesPrompts, false);
    assert.deepEqual(interrupt, { type: 'keys', keys: '\u001b' });
    assert.deepEqual(driverOf({ command, interrupt: 'ctrl-c' }).interrupt, { type: 'keys', keys: '\u0003' });
  });

  it('has the prompt typed when the command has no place for it', async () => {
    assert.deepEqual(await argvOf({ command }, { prompt: 'do it' }), [['--quiet'], false]);
  });

  it('puts the prompt where the placeholder is, as it is', async () => {
    const withPlace = { command: ['my-agent', '--message={prompt}', '--quiet'] };
    assert.deepEqual(await argvOf(withPlace, { prompt: '$& "a"\n; rm' }), [['--message=$& "a"\n; rm', '--quiet'], true]);
    assert.deepEqual(await argvOf(withPlace), [['--quiet'], false]);
  });

  it('puts the prompt behind everything else by promptArg', async () => {
    assert.deepEqual(await argvOf({ command, promptArg: '-m' }, { prompt: 'p' }, { extraArgs: ['--x'] }), [['--quiet', '--x', '-m', 'p'], true]);
    assert.deepEqual(await argvOf({ command, promptArg: '--m={prompt}' }, { prompt: 'p' }), [['--quiet', '--m=p'], true]);
    assert.deepEqual(await argvOf({ command, promptArg: '-m' }), [['--quiet'], false]);
  });

  it('never lets a prompt become an option', async () => {
    assert.deepEqual(await argvOf({ command, promptArg: '{prompt}' }, { prompt: '--yes' }), [['--quiet', ' --yes'], true]);
  });

  it('refuses a prompt that a command line cannot hold', async () => {
    const run = argvOf({ command, promptArg: '{prompt}' }, { prompt: 'x'.repeat(50_000) }, { platform: 'win32' });
    await assert.rejects(run, (error) => isFleetError(error, 'PromptTooLong'));
  });

  it('knows policies only from its definition', async () => {
    const policies = { allow: ['--yes'], ask: ['--ask'] };
    assert.deepEqual(await argvOf({ command, policies }, { policy: 'allow' }), [['--quiet', '--yes'], false]);
    assert.deepEqual(await argvOf({ command, policies }), [['--quiet', '--ask'], false]);
    for (const policy of ['deny', 'bypass'] as const) {
      await assert.rejects(argvOf({ command, policies }, { policy }), (error) => {
        assert.ok(isFleetError(error, 'UnsupportedPolicy'));
        assert.match(error.message, /“My Agent” has no arguments for the policy/);
        return true;
      });
    }
  });

  it('takes no facts from titles', () => {
    assert.deepEqual(driverOf({ command }).readTitle('idle'), []);
  });
});

describe('custom definitions', () => {
  it('may be absent', () => {
    assert.deepEqual(readCustomDefinitions(undefined), { definitions: [], problems: [] });
  });

  it('are read one by one: a wrong one is explained and harms no other', () => {
    const good = { name: 'good', command: ['/opt/x y/run'] };
    const bad: readonly [object | string, RegExp][] = [
      ['my-agent', /must be an object/],
      [{ command: ['a'] }, /needs a "name"/],
      [{ name: '!!', command: ['a'] }, /needs a "name"/],
      [{ name: 'b', command: 'a -b' }, /needs a "command": a list/],
      [{ name: 'b', command: [] }, /needs a "command"/],
      [{ name: 'b', command: ['./tools/a'] }, /absolute path, not “\.\/tools\/a”/],
      [{ name: 'b', command: ['a b'] }, /absolute path/],
      [{ name: 'b', command: ['\\a'] }, /absolute path/],
      [{ name: 'b', command: ['{prompt}'] }, /absolute path/],
      [{ name: 'b', command: ['a', 'x\0'] }, /NUL/],
      [{ name: 'b', command: ['a'], env: { 'A=B': 'x' } }, /unusable name/],
      [{ name: 'b', command: ['a'], env: { FLEET_EVENTS: 'x' } }, /set by Agent Fleet/],
      [{ name: 'b', command: ['a'], env: { A: 1 } }, /not text/],
      [{ name: 'b', command: ['a'], promptArg: 1 }, /"promptArg"/],
      [{ name: 'b', command: ['a'], interrupt: 'kill' }, /neither "escape" nor "ctrl-c"/],
      [{ name: 'b', command: ['a'], policies: { yolo: [] } }, /unknown policy “yolo”/],
      [{ name: 'b', command: ['a'], policies: { allow: '--yes' } }, /not a list/],
      [{ name: 'GOOD', command: ['a'] }, /has the name of another one/],
    ];
    const { definitions, problems } = readCustomDefinitions([good, ...bad.map(([item]) => item)]);
    assert.deepEqual(definitions.map(({ name }) => name), ['good']);
    assert.equal(problems.length, bad.length);
    bad.forEach(([, expected], index) => assert.match(problems[index] ?? '', expected));
    assert.deepEqual(readCustomDefinitions('x').problems, ['The custom agents must be a list.']);
  });

  it('give stable ids', () => {
    assert.equal(customDriverId('My  Agent (v2)'), 'custom:my-agent-v2');
    assert.equal(customDriverId('Ärger'), 'custom:ärger');
  });
});

describe('generic hooks', () => {
  const rows: readonly [string, unknown, readonly unknown[]][] = [
    ['NeedsPermission', { detail: 'rm\n-r out' }, [{ type: 'activity', activity: 'needs_permission', detail: 'rm -r out' }]],
    ['NeedsAnswer', { detail: 7 }, [{ type: 'activity', activity: 'needs_answer' }]],
    ['Idle', null, [{ type: 'activity', activity: 'idle' }]],
    ['Working', undefined, [{ type: 'activity', activity: 'working' }]],
    ['RunningTool', { detail: 'make' }, [{ type: 'activity', activity: 'running_tool', detail: 'make' }]],
    ['ModelWait', 'x', [{ type: 'activity', activity: 'model_wait' }]],
    ['Starting', {}, [{ type: 'activity', activity: 'starting' }]],
    ['Blocked', { detail: 'no quota' }, [{ type: 'activity', activity: 'blocked', detail: 'no quota' }]],
    ['PromptTaken', {}, [{ type: 'promptTaken' }]],
    ['Artifact', { path: 'a.md' }, [{ type: 'artifact', path: 'a.md', kind: 'report' }]],
    ['Artifact', { path: 'a.diff', kind: 'patch' }, [{ type: 'artifact', path: 'a.diff', kind: 'patch' }]],
    ['Artifact', { path: '' }, []],
    ['Progress', { percent: 120, message: 'x' }, [{ type: 'progress', message: 'x', percent: 100 }]],
    ['Progress', {}, []],
    ['Completed', { detail: 'x' }, []],
    ['constructor', {}, []],
  ];
  for (const [name, payload, facts] of rows) {
    it(`${name} ${JSON.stringify(payload)}`, () => assert.deepEqual(genericHookFacts(name, payload), facts));
  }
});
