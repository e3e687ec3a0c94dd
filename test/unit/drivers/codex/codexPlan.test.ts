import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { hashesIn } from '../../../../src/drivers/codex/appServer.ts';
import { createCodexDriver } from '../../../../src/drivers/codex/codexDriver.ts';
import { codexHookFacts } from '../../../../src/drivers/codex/codexHooks.ts';
import { codexEvents, codexHookFlags, codexTrustFlags } from '../../../../src/drivers/codex/codexHookFlags.ts';
import { cachedHashes } from '../../../../src/drivers/codex/hookHashes.ts';
import { patchedFiles } from '../../../../src/drivers/codex/patchedFiles.ts';
import { tomlString, tomlTable } from '../../../../src/drivers/codex/toml.ts';
import { aContext, aRequest, someHashes } from '../shared/planning.ts';

const driver = createCodexDriver(() => Promise.resolve(someHashes));

describe('the plan of Codex', () => {
  it('vouches for exactly the hooks whose hashes Codex told', async () => {
    const { argv } = await driver.plan(aRequest(), aContext());
    assert.deepEqual(argv.filter((part) => part.startsWith('hooks.')).map((part) => /^hooks\.(\w+)=/.exec(part)?.[1]), [...codexEvents, 'state']);
    assert.ok(argv.includes('hooks.state={"/<session-flags>/config.toml:stop:0:0"={trusted_hash="sha256:0a"},"/<session-flags>/config.toml:session_start:0:0"={trusted_hash="sha256:0b"}}'));
    assert.ok(!argv.includes('--dangerously-bypass-hook-trust'));
  });

  it('has no hooks while the person has not agreed', async () => {
    const plan = await driver.plan(aRequest(), aContext('linux', { hooksAllowed: false }));
    assert.ok(!plan.argv.some((part) => part.startsWith('hooks.')));
    assert.equal(plan.note, undefined);
  });

  it('does without hooks, and says so, when Codex does not tell their hashes', async () => {
    const silent = createCodexDriver(() => Promise.reject(new Error('no answer within 5 s')));
    const plan = await silent.plan(aRequest(), aContext());
    assert.ok(!plan.argv.some((part) => part.startsWith('hooks.')));
    assert.deepEqual(plan.env, {});
    assert.match(plan.note ?? '', /only its window title tells.*no answer within 5 s/);
  });

  it('answers the question about the folder only when the person trusts it', async () => {
    const trusted = await driver.plan(aRequest({ cwd: '/work/a "b"' }), aContext());
    assert.ok(trusted.argv.includes('projects={"/work/a \\"b\\""={trust_level="trusted"}}'));
    const untrusted = await driver.plan(aRequest({ folderTrusted: false }), aContext());
    assert.ok(!untrusted.argv.some((part) => part.startsWith('projects=')));
  });

  it('lets Codex choose the conversation', async () => {
    assert.equal((await driver.plan(aRequest(), aContext())).conversationId, undefined);
  });
});

describe('TOML of Codex’ flags', () => {
  it('escapes what a basic string cannot hold', () => {
    assert.equal(tomlString('a"b\\c\n\t\u0007\u007f\u0085\ud800'), '"a\\"b\\\\c\\n\\t\\u0007\\u007f\\u0085\ufffd"');
    assert.equal(tomlTable({ 'C:\\x y': '1' }), '{"C:\\\\x y"=1}');
  });

  it('is read back as the same text, and stays one line of harmless characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(JSON.parse(tomlString(text)), text);
      assert.doesNotMatch(tomlString(text), /[\u0000-\u001f\u007f]/);
    }));
  });

  it('keeps the text of the hooks the same for every session', () => {
    assert.deepEqual(codexHookFlags('sh'), codexHookFlags('sh'));
    assert.equal(codexHookFlags('sh').length, 2 * codexEvents.length);
    assert.deepEqual(codexTrustFlags(new Map()), ['-c', 'hooks.state={}']);
  });
});

describe('hashes of Codex’ hooks', () => {
  it('are taken from our own flags only', () => {
    const hook = (source: string, key: unknown): unknown => ({ source, key, currentHash: `sha256:${String(key)}` });
    const result = { data: [{ hooks: [hook('sessionFlags', 'a'), hook('user', 'b'), hook('project', 'c'), hook('sessionFlags', 7)] }] };
    assert.deepEqual([...hashesIn(result)], [['a', 'sha256:a']]);
    for (const odd of [undefined, null, 1, {}, { data: {} }, { data: [null, { hooks: 1 }] }]) assert.equal(hashesIn(odd).size, 0);
  });

  it('are asked for once per program and text; failures are asked again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agent-fleet-test-'));
    try {
      const executable = join(folder, 'codex');
      await writeFile(executable, 'one');
      let asked = 0;
      let fails = true;
      const hashes = cachedHashes(() => {
        asked++;
        return fails ? Promise.reject(new Error('busy')) : Promise.resolve(someHashes);
      });
      await assert.rejects(hashes(executable, ['-c', 'a']));
      fails = false;
      assert.equal(await hashes(executable, ['-c', 'a']), someHashes);
      await Promise.all([hashes(executable, ['-c', 'a']), hashes(executable, ['-c', 'a'])]);
      assert.equal(asked, 2);
      await hashes(executable, ['-c', 'b']);
      assert.equal(asked, 3);
      await writeFile(executable, 'another program');
      await hashes(executable, ['-c', 'a']);
      assert.equal(asked, 4);
      await assert.rejects(hashes(join(folder, 'gone'), []));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('patches of Codex', () => {
  const patch = '*** Begin Patch\n*** Add File: docs/new.md\n+*** Add File: not-this\n*** Update File: src/a.ts\n*** Move to: src/b.ts\n@@\n-x\n+y\n*** Delete File: old.txt\n*** End Patch';

  it('name the files that they write', () => {
    for (const input of [patch, { command: patch }, { input: patch }, { command: ['apply_patch', patch] }]) assert.deepEqual(patchedFiles(input), ['docs/new.md', 'src/b.ts']);
    for (const odd of [undefined, 7, {}, { command: 1 }, '']) assert.deepEqual(patchedFiles(odd), []);
  });

  it('become artifacts once they are applied, and short words before', () => {
    const call = { tool_name: 'apply_patch', tool_input: { command: patch }, cwd: '/work' };
    assert.deepEqual(codexHookFacts('PermissionRequest', call), [{ type: 'activity', activity: 'needs_permission', detail: 'Edit docs/new.md and 1 more' }]);
    assert.deepEqual(codexHookFacts('PostToolUse', call).slice(1).map((fact) => fact.type === 'artifact' && fact.path), ['docs/new.md', 'src/b.ts']);
  });
});
