import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { hookEnv, hookLine, maxHookBytes } from '../../../src/drivers/shared/hookLine.ts';
import { hookName } from '../../../src/runner/hookFolder.ts';

interface Result {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the line as agents do: text for a shell, payload on stdin. */
function run(line: string, payload: string | Buffer, env: Readonly<Record<string, string>>, shell = 'sh'): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(shell, ['-c', line], { env: { PATH: process.env['PATH'] ?? '', ...hookEnv('sh', surroundings), ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    child.stderr.on('data', (data) => (output += String(data)));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
    // What is behind the limit is not read: the pipe breaks.
    child.stdin.on('error', () => undefined);
    child.stdin.end(payload);
  });
}

/** Not used by a POSIX line. */
const surroundings = { node: { executable: '', env: {} }, assetsDir: '' };
const silent: Result = { code: 0, output: '' };
/** Root may write everywhere, so a folder of the kernel stands in for a read-only one. */
const isRoot = process.getuid?.() === 0;

(process.platform === 'win32' ? describe.skip : describe)('the line of a hook in a real shell', function () {
  this.timeout(30_000);
  const line = hookLine('PreToolUse', 'sh');
  let root: string;
  let folder: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'agent-fleet-hook-'));
    folder = join(root, 'a "folder" $with ; all & kinds');
    await mkdir(folder);
  });

  afterEach(async () => {
    await chmod(folder, 0o700).catch(() => undefined);
    await rm(root, { recursive: true, force: true });
  });

  it('keeps the payload in a file named after the event, and says nothing', async () => {
    const payload = JSON.stringify({ text: '$(rm -rf x) `y` "z" \\ ü', list: [1] });
    for (const shell of ['sh', 'bash']) assert.deepEqual(await run(line, payload, { FLEET_HOOK_DIR: folder }, shell), silent);
    const files = await readdir(folder);
    assert.equal(files.length, 2);
    for (const file of files) {
      assert.match(file, /^PreToolUse\.\d+\.hook$/);
      assert.equal(hookName(file), 'PreToolUse');
      assert.equal(await readFile(join(folder, file), 'utf8'), payload);
    }
  });

  it('does nothing outside a session', async () => {
    for (const env of [{}, { FLEET_HOOK_DIR: '' }, { FLEET_HOOK_DIR: join(root, 'gone') }]) assert.deepEqual(await run(line, '{}', env), silent);
    await writeFile(join(root, 'file'), '');
    assert.deepEqual(await run(line, '{}', { FLEET_HOOK_DIR: join(root, 'file') }), silent);
    assert.deepEqual((await readdir(root)).sort(), ['a "folder" $with ; all & kinds', 'file']);
  });

  it('keeps out of an agent inside the agent', async () => {
    const guarded = hookLine('PreToolUse', 'sh', 'GEMINI_CLI');
    assert.deepEqual(await run(guarded, '{}', { FLEET_HOOK_DIR: folder, GEMINI_CLI: '1' }), silent);
    assert.deepEqual(await readdir(folder), []);
    assert.deepEqual(await run(guarded, '{}', { FLEET_HOOK_DIR: folder }), silent);
    assert.equal((await readdir(folder)).length, 1);
  });

  // An exit code of 2 would forbid the agent what it is about to do.
  it('does not disturb the agent where the folder is read-only', async () => {
    await chmod(folder, 0o500);
    const readOnly = isRoot ? '/proc' : folder;
    for (const shell of ['sh', 'bash']) assert.deepEqual(await run(line, '{}', { FLEET_HOOK_DIR: readOnly }, shell), silent);
  });

  it('does not disturb the agent where the disk is full', async function () {
    // No file system is filled for this: the same line writes to a device that is always full.
    if (!(await stat('/dev/full').then(() => true, () => false))) this.skip();
    const full = line.replace('"$FLEET_HOOK_DIR/PreToolUse.$$.hook"', '/dev/full');
    assert.notEqual(full, line);
    assert.deepEqual(await run(full, '{"a":1}', { FLEET_HOOK_DIR: folder }), silent);
  });

  it('cuts two megabytes where the runner sees at once that they were cut', async () => {
    assert.deepEqual(await run(line, Buffer.alloc(2 * maxHookBytes, 'x'), { FLEET_HOOK_DIR: folder }), silent);
    const [file] = await readdir(folder);
    assert.equal((await stat(join(folder, file ?? ''))).size, maxHookBytes + 1);
  });

  it('does not run the startup file of a person who uses bash', async () => {
    await writeFile(join(root, '.bashrc'), 'echo welcome; echo oops >&2\n');
    assert.deepEqual(await run(line, '{}', { FLEET_HOOK_DIR: folder, HOME: root }, 'bash'), silent);
  });

  it('takes a moment', async () => {
    const payload = JSON.stringify({ tool_input: 'x'.repeat(2000) });
    const times: number[] = [];
    for (let call = 0; call < 200; call++) {
      const start = performance.now();
      await run(line, payload, { FLEET_HOOK_DIR: folder });
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    assert.equal((await readdir(folder)).length, 200);
    console.log(`      200 calls: p50 ${times[100]?.toFixed(1)} ms, p95 ${times[190]?.toFixed(1)} ms, the start of the shell included`);
  });
});
