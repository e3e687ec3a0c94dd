import assert from 'node:assert/strict';
import { defaultsPath, geminiEvents, planGemini, type GeminiMachine } from '../../../../src/drivers/gemini/geminiPlan.ts';
import { parseSettings, withHooks } from '../../../../src/drivers/gemini/systemDefaults.ts';
import { aContext, aRequest, bareMachine } from '../shared/planning.ts';

/** A machine whose administrator has set defaults. */
function machineWith(text: string, env: Readonly<Record<string, string>> = {}): GeminiMachine & { readonly read: string[] } {
  const read: string[] = [];
  return { read, env: (name) => env[name], readText: (path) => (read.push(path), Promise.resolve(text)) };
}

describe('the plan of Gemini', () => {
  it('trusts the folder for this session only when the person does, and only then names the conversation', async () => {
    const trusted = await planGemini(aRequest(), aContext(), bareMachine);
    assert.ok(trusted.argv.includes('--skip-trust') && trusted.argv.includes('--session-id'));
    assert.equal(trusted.conversationId, aRequest().conversationId);
    const untrusted = await planGemini(aRequest({ folderTrusted: false }), aContext(), bareMachine);
    assert.ok(!untrusted.argv.includes('--skip-trust') && !untrusted.argv.includes('--session-id'));
    assert.equal(untrusted.conversationId, undefined);
  });

  it('adds its hooks to the defaults of the machine', async () => {
    const machine = machineWith('\uFEFF{ // ours\n "ui": {"theme": "// not a comment"}, /* x */ "hooks": {"BeforeTool": [{"matcher": "a"}], "BeforeModel": [1]}}');
    const plan = await planGemini(aRequest(), aContext(), machine);
    assert.deepEqual(machine.read, ['/etc/gemini-cli/system-defaults.json']);
    assert.deepEqual(plan.env, { SHLVL: '1', GEMINI_CLI_SYSTEM_DEFAULTS_PATH: '/data/agent-1/gemini-system-defaults.json' });
    const written = JSON.parse(plan.files[0]?.content ?? '') as { ui: unknown; hooks: Record<string, unknown[]> };
    assert.deepEqual(written.ui, { theme: '// not a comment' });
    assert.deepEqual(written.hooks['BeforeModel'], [1]);
    assert.deepEqual(written.hooks['BeforeTool']?.[0], { matcher: 'a' });
    for (const event of geminiEvents) {
      const [group] = (written.hooks[event] ?? []).slice(-1) as [{ matcher: string; hooks: [{ name: string; command: string; timeout: number }] }];
      assert.equal(group.matcher, '*');
      assert.equal(group.hooks[0].name, `fleet-${event}`);
      assert.match(group.hooks[0].command, new RegExp(`/${event}\\.\\$\\$\\.hook`));
    }
  });

  it('leaves defaults that it cannot read in force, and says that hooks are missing', async () => {
    for (const text of ['{broken', '[]', '7']) {
      const plan = await planGemini(aRequest(), aContext(), machineWith(text));
      assert.deepEqual([plan.env, plan.files], [{}, []]);
      assert.match(plan.note ?? '', /\/etc\/gemini-cli\/system-defaults\.json cannot be read/);
    }
    const locked = { env: () => undefined, readText: () => Promise.reject(Object.assign(new Error('denied'), { code: 'EACCES' })) };
    assert.match((await planGemini(aRequest(), aContext(), locked)).note ?? '', /denied/);
  });

  it('looks where Gemini looks', () => {
    assert.equal(defaultsPath('darwin', bareMachine), '/Library/Application Support/GeminiCli/system-defaults.json');
    assert.equal(defaultsPath('win32', bareMachine), 'C:\\ProgramData\\gemini-cli\\system-defaults.json');
    assert.equal(defaultsPath('linux', machineWith('', { GEMINI_CLI_SYSTEM_SETTINGS_PATH: '/opt/g/settings.json' })), '/opt/g/system-defaults.json');
    assert.equal(defaultsPath('linux', machineWith('', { GEMINI_CLI_SYSTEM_DEFAULTS_PATH: '/opt/d.json' })), '/opt/d.json');
  });

  it('survives hooks of an odd shape', () => {
    assert.deepEqual(withHooks(parseSettings('{"hooks": 1}'), { Stop: [2] }), { hooks: { Stop: [2] } });
    assert.deepEqual(withHooks({ hooks: { Stop: 'x' } }, { Stop: [2] }), { hooks: { Stop: [2] } });
  });
});
