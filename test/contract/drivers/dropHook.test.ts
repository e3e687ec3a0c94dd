import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maxHookBytes } from '../../../src/drivers/shared/hookLine.ts';
import { keepDrop } from '../../../src/drivers/shared/dropHook.ts';
import { hookName } from '../../../src/runner/hookFolder.ts';

const program = fileURLToPath(new URL('../../../src/drivers/hook.ts', import.meta.url));

function run(event: string, payload: string | Buffer, env: Readonly<Record<string, string>>): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, event], { env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    child.stderr.on('data', (data) => (output += String(data)));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(payload);
  });
}

describe('the program that keeps hooks on Windows', function () {
  this.timeout(30_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agent-fleet-drop-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps the payload under a name that the runner reads, complete at once', async () => {
    assert.deepEqual(await run('Stop', '{"a":"ü"}', { FLEET_HOOK_DIR: folder }), { code: 0, output: '' });
    const [file, ...others] = await readdir(folder);
    assert.deepEqual(others, []);
    assert.match(file ?? '', /^Stop\.\d+-1\.hook$/);
    assert.equal(hookName(file ?? ''), 'Stop');
    assert.equal(await readFile(join(folder, file ?? ''), 'utf8'), '{"a":"ü"}');
  });

  it('cuts what is too long', async () => {
    assert.equal((await run('Stop', Buffer.alloc(2 * maxHookBytes, 'x'), { FLEET_HOOK_DIR: folder })).code, 0);
    const [file] = await readdir(folder);
    assert.equal((await stat(join(folder, file ?? ''))).size, maxHookBytes + 1);
  });

  it('does nothing, quietly, outside a session and for a name that is none', async () => {
    for (const env of [{}, { FLEET_HOOK_DIR: '' }, { FLEET_HOOK_DIR: join(folder, 'gone') }]) assert.deepEqual(await run('Stop', '{}', env), { code: 0, output: '' });
    for (const event of ['', '../Stop', 'a.b']) assert.deepEqual(await run(event, '{}', { FLEET_HOOK_DIR: folder }), { code: 0, output: '' });
    assert.deepEqual(await readdir(folder), []);
  });

  it('numbers the reports of one process in their order, and leaves nothing half written', async () => {
    for (let index = 0; index < 3; index++) await keepDrop(folder, 'input', 77, `{"n":${index}}`);
    const files = (await readdir(folder)).sort((a, b) => Number(/-(\d+)/.exec(a)?.[1]) - Number(/-(\d+)/.exec(b)?.[1]));
    assert.deepEqual(await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8'))), ['{"n":0}', '{"n":1}', '{"n":2}']);
    await assert.rejects(keepDrop(join(folder, 'gone'), 'input', 77, '{}'));
  });
});
