import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { permissionPolicies } from '../../../../src/core/session.ts';
import { aContext, aRequest, installedDrivers, platforms } from '../shared/planning.ts';

const snapshot = new URL('./plans.snapshot.json', import.meta.url);

/** The hooks' own text has tests of its own (`hookLine.test.ts`). */
function shortened(argument: string): string {
  return /^hooks\.\w+=\[/.test(argument) ? argument.replace(/command=".*"\}\]\}\]$/, 'command="…"}]}]') : argument;
}

describe('plans of the installed agents', () => {
  // `UPDATE_SNAPSHOTS=1` writes the file anew; read the difference before you keep it.
  it('are as they were measured, for each policy and platform', async () => {
    const plans: Record<string, unknown> = {};
    for (const driver of installedDrivers) {
      for (const platform of platforms) {
        for (const policy of permissionPolicies) {
          const cwd = platform === 'win32' ? 'C:\\work\\docs' : '/work/docs';
          const plan = await driver.plan(aRequest({ policy, cwd }), aContext(platform));
          plans[`${driver.info.id} ${policy} ${platform}`] = { argv: plan.argv.map(shortened), env: plan.env, files: plan.files.map(({ name }) => name) };
        }
      }
    }
    if (process.env['UPDATE_SNAPSHOTS'] === '1') await writeFile(snapshot, `${JSON.stringify(plans, undefined, 1)}\n`);
    assert.deepEqual(plans, JSON.parse(await readFile(snapshot, 'utf8')));
  });

  for (const driver of installedDrivers) {
    const { id } = driver.info;

    it(`${id}: extra arguments stand before the prompt, and the prompt is the last argument`, async () => {
      const { argv } = await driver.plan(aRequest(), aContext('linux', { extraArgs: ['--model', 'large'] }));
      assert.ok(argv.indexOf('--model') > 0 && argv.indexOf('large') === argv.indexOf('--model') + 1);
      assert.ok(argv.at(-1)?.endsWith('Fix the tests'));
    });

    it(`${id}: a prompt is never taken for an option, a file or a subcommand`, async () => {
      for (const prompt of ['--help', '-p x', '@secrets.txt look', 'update', 'mcp']) {
        const { argv, promptInArgv } = await driver.plan(aRequest({ prompt }), aContext());
        const last = argv.at(-1) ?? '';
        assert.ok(promptInArgv && last.endsWith(prompt));
        assert.ok(argv.at(-2) === '--' || last.startsWith('--prompt-interactive='), last);
      }
    });

    it(`${id}: a prompt that Windows cannot take as an argument is typed later`, async () => {
      const { argv, promptInArgv } = await driver.plan(aRequest({ prompt: 'x'.repeat(50_000) }), aContext('win32'));
      assert.equal(promptInArgv, false);
      assert.ok(argv.every((part) => part.length < 1000));
      assert.ok(!argv.includes('--'));
    });

    it(`${id}: files lie in the session's folder, the person's own variables stay`, async () => {
      const plan = await driver.plan(aRequest(), aContext());
      for (const { name, content } of plan.files) {
        assert.match(name, /^[\w-]+\.json$/);
        JSON.parse(content);
      }
      assert.ok(Object.keys(plan.env).every((name) => name.startsWith('FLEET_') || ['SHLVL', 'GEMINI_CLI_SYSTEM_DEFAULTS_PATH'].includes(name)), Object.keys(plan.env).join());
      assert.ok(!('ELECTRON_RUN_AS_NODE' in plan.env));
    });
  }
});
