import assert from 'node:assert/strict';
import { isFleetError } from '../../../../src/base/errors.ts';
import { hookEnv, hookLine, hookShell } from '../../../../src/drivers/shared/hookLine.ts';
import { aContext, platforms } from './planning.ts';

describe('the line of a hook', () => {
  it('is a POSIX line everywhere but on Windows, where each agent has its shell', () => {
    assert.deepEqual(platforms.map((platform) => hookShell(platform, 'cmd')), ['sh', 'sh', 'cmd']);
    assert.deepEqual(platforms.map((platform) => hookShell(platform, 'powershell')), ['sh', 'sh', 'powershell']);
  });

  // Codex asks its user again whenever this text changes: change it only for a reason.
  it('is the same text for every session and machine', () => {
    assert.equal(hookLine('Stop', 'sh'), '{ [ -d "$FLEET_HOOK_DIR" ] && head -c 1048577 > "$FLEET_HOOK_DIR/Stop.$$.hook"; } 2>/dev/null; exit 0');
    assert.equal(hookLine('Stop', 'cmd'), 'if defined FLEET_HOOK_DIR set ELECTRON_RUN_AS_NODE=1&& %FLEET_HOOK_COMMAND% Stop >nul 2>nul & exit 0');
    assert.equal(
      hookLine('Stop', 'powershell'),
      "if ($env:FLEET_HOOK_DIR) { $env:ELECTRON_RUN_AS_NODE = '1'; & $env:FLEET_HOOK_NODE $env:FLEET_HOOK_PROGRAM Stop 2>$null | Out-Null }; exit 0",
    );
  });

  it('can keep out of an agent that was started inside the agent', () => {
    assert.match(hookLine('Stop', 'sh', 'GEMINI_CLI'), /\] && \[ -z "\$GEMINI_CLI" \] && head/);
    assert.match(hookLine('Stop', 'cmd', 'GEMINI_CLI'), /^if not defined GEMINI_CLI if defined FLEET_HOOK_DIR set/);
    assert.match(hookLine('Stop', 'powershell', 'GEMINI_CLI'), /^if \(\$env:FLEET_HOOK_DIR -and -not \$env:GEMINI_CLI\) \{/);
  });

  it('takes plain event names only', () => {
    for (const event of ['', 'a b', 'a"b', '../x', 'a.b', '$(x)', '%PATH%', 'x'.repeat(80)]) {
      assert.throws(() => hookLine(event, 'sh'), (error) => isFleetError(error, 'BadHookEvent'), event);
    }
  });

  it('needs no paths in a POSIX shell', () => {
    assert.deepEqual(hookEnv('sh', aContext('darwin')), { SHLVL: '1' });
  });

  it('gets paths with blanks and ampersands from variables on Windows', () => {
    const context = aContext('win32');
    assert.deepEqual(hookEnv('cmd', context), { FLEET_HOOK_COMMAND: '"C:\\Program Files\\Editor\\Editor.exe" "C:\\ext & co\\dist\\hook.cjs"' });
    assert.deepEqual(hookEnv('powershell', context), { FLEET_HOOK_NODE: 'C:\\Program Files\\Editor\\Editor.exe', FLEET_HOOK_PROGRAM: 'C:\\ext & co\\dist\\hook.cjs' });
    assert.throws(() => hookEnv('cmd', { ...context, assetsDir: 'C:\\a"b' }), (error) => isFleetError(error, 'BadPath'));
  });
});
