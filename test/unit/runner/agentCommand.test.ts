import assert from 'node:assert/strict';
import { isFleetError } from '../../../src/base/errors.ts';
import { startableArgv, windowsCandidates, type ProgramFiles } from '../../../src/runner/agentCommand.ts';
import { readNpmShim } from '../../../src/runner/npmShim.ts';

const npmShim = String.raw`@ECHO off
GOTO start
:find_dp0
SET dp0=%~dp0
EXIT /b
:start
SETLOCAL
CALL :find_dp0

IF EXIST "%dp0%\node.exe" (
  SET "_prog=%dp0%\node.exe"
) ELSE (
  SET "_prog=node"
  SET PATHEXT=%PATHEXT:;.JS;=;%
)

endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\node_modules\@openai\codex\bin\codex.js" %*
`;
const programShim = String.raw`@ECHO off
GOTO start
:find_dp0
SET dp0=%~dp0
EXIT /b
:start
SETLOCAL
CALL :find_dp0
"%dp0%\node_modules\@anthropic-ai\claude-code\bin\claude.exe"   %*
`;
const pnpmShim = String.raw`@SETLOCAL
@IF EXIST "%~dp0\node.exe" (
  "%~dp0\node.exe" --no-warnings "%~dp0\..\gemini\dist\index.js" %*
) ELSE (
  @SET PATHEXT=%PATHEXT:;.JS;=;%
  node  "%~dp0\..\gemini\dist\index.js" %*
)`;

function files(contents: Readonly<Record<string, string>>): ProgramFiles {
  return {
    isFile: (path) => Promise.resolve(Object.hasOwn(contents, path)),
    readText: (path) => Promise.resolve(contents[path] ?? ''),
  };
}

const env = { Path: 'C:\\npm;.;D:\\node', PATHEXT: '.COM;.EXE;.BAT;.CMD;.JS;.WSH' };

describe('npm\'s batch files', () => {
  it('are read for what they start', () => {
    assert.deepEqual(readNpmShim(npmShim), { type: 'script', path: String.raw`node_modules\@openai\codex\bin\codex.js`, args: [] });
    assert.deepEqual(readNpmShim(pnpmShim), { type: 'script', path: String.raw`..\gemini\dist\index.js`, args: ['--no-warnings'] });
    assert.deepEqual(readNpmShim(programShim), { type: 'program', path: String.raw`node_modules\@anthropic-ai\claude-code\bin\claude.exe`, args: [] });
  });

  it('others are not guessed at', () => {
    assert.equal(readNpmShim('@echo off\r\npython agent.py %*\r\n'), undefined);
    assert.equal(readNpmShim(''), undefined);
  });
});

describe('argv that the system can start', () => {
  const nasty = 'say "hi" & del %PATH% ^ !x!';

  it('is argv itself on Unix', async () => {
    const argv = ['claude', nasty] as const;
    assert.equal(await startableArgv(argv, {}, 'linux', files({})), argv);
  });

  it('goes past the batch file to the script, and every argument arrives as it is', async () => {
    const there = files({ 'C:\\npm\\codex.cmd': npmShim, 'D:\\node\\node.exe': '' });
    assert.deepEqual(await startableArgv(['codex', nasty], env, 'win32', there), ['D:\\node\\node.exe', 'C:\\npm\\node_modules\\@openai\\codex\\bin\\codex.js', nasty]);
  });

  it('prefers the node beside the batch file, as the batch file does', async () => {
    const there = files({ 'C:\\npm\\codex.cmd': npmShim, 'C:\\npm\\node.exe': '', 'D:\\node\\node.exe': '' });
    assert.equal((await startableArgv(['codex'], env, 'win32', there))[0], 'C:\\npm\\node.exe');
  });

  it('goes past the batch file to the program', async () => {
    const there = files({ 'C:\\npm\\claude.cmd': programShim });
    assert.deepEqual(await startableArgv(['claude', 'x'], env, 'win32', there), ['C:\\npm\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe', 'x']);
  });

  it('takes an executable before a batch file, and a full path as it is', async () => {
    const there = files({ 'C:\\npm\\a.exe': '', 'C:\\npm\\a.cmd': npmShim, 'E:\\b.exe': '' });
    assert.deepEqual(await startableArgv(['a'], env, 'win32', there), ['C:\\npm\\a.exe']);
    assert.deepEqual(await startableArgv(['E:\\b'], env, 'win32', there), ['E:\\b.exe']);
  });

  it('never looks in the current folder, nor for scripts of other hosts', () => {
    const candidates = windowsCandidates('a', env);
    assert.deepEqual(candidates.slice(0, 4), ['C:\\npm\\a.com', 'C:\\npm\\a.exe', 'C:\\npm\\a.bat', 'C:\\npm\\a.cmd']);
    assert.ok(candidates.every((path) => /^[CD]:\\/.test(path) && !path.endsWith('.js')));
  });

  it('refuses a batch file that it cannot read, and says what to do', async () => {
    const there = files({ 'C:\\npm\\own.bat': 'python agent.py %*' });
    await assert.rejects(startableArgv(['own'], env, 'win32', there), (error) => isFleetError(error, 'EINVAL') && /name the program itself/.test(error.message));
  });

  it('says what was not found', async () => {
    await assert.rejects(startableArgv(['nope'], env, 'win32', files({})), (error) => isFleetError(error, 'ENOENT') && /nope/.test(error.message));
    await assert.rejects(startableArgv(['codex'], env, 'win32', files({ 'C:\\npm\\codex.cmd': npmShim })), (error) => isFleetError(error, 'ENOENT') && /node/.test(error.message));
  });
});
