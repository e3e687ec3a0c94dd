import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { isFleetError } from '../../../src/base/errors.ts';
import { parseLaunch } from '../../../src/runner/launch.ts';
import { hookName } from '../../../src/runner/hookFolder.ts';
import { LineSplitter } from '../../../src/runner/lineSplitter.ts';
import { closeFrame, endLine, exitStatus, openFrame, restoreModes, spawnFailedLine } from '../../../src/runner/words.ts';

describe('what the runner prints', () => {
  it('frames the agent as one command', () => {
    assert.equal(openFrame, '\u001b]633;A\u0007\u001b]633;B\u0007\u001b]633;E;agent\u0007\u001b]633;C\u0007');
    assert.equal(closeFrame(3), '\u001b]633;D;3\u0007');
    assert.equal(closeFrame(), '\u001b]633;D\u0007');
  });

  it('says how it ended in one line', () => {
    assert.equal(endLine('docs', { code: 3, signal: null, stopped: false }).trim(), '[Agent Fleet] docs ended with exit code 3. Press Enter to close this terminal.');
    assert.equal(endLine('docs', { code: null, signal: 'SIGKILL', stopped: false }).trim(), '[Agent Fleet] docs was ended by SIGKILL. Press Enter to close this terminal.');
    assert.equal(endLine('docs', { code: 130, signal: null, stopped: true }).trim(), '[Agent Fleet] docs was stopped. Press Enter to close this terminal.');
  });

  it('lets no name or message draw on the terminal', () => {
    const line = endLine('a\u001b[2J\nb\u0007', { code: 0, signal: null, stopped: false }) + spawnFailedLine('x', 'the program \u001b]0;t\u0007y was not found');
    assert.doesNotMatch(line, /[\u001b\u0007]/);
  });

  it('reports signals as shells do', () => {
    assert.equal(exitStatus(3, null), 3);
    assert.equal(exitStatus(null, 'SIGKILL'), 137);
    assert.equal(exitStatus(null, 'SIGWHAT'), 1);
  });

  it('moves the cursor only when the agent could not tidy up', () => {
    assert.match(restoreModes(true), /\u001b\[999;1H$/);
    assert.doesNotMatch(restoreModes(false), /\u001b\[999;1H/);
    // 1049 would move the cursor of an agent that never left the main screen.
    assert.doesNotMatch(restoreModes(true), /1049/);
  });
});

describe('hook names', () => {
  it('are what stands before the unique part', () => {
    assert.equal(hookName('PreToolUse.4711-1.hook'), 'PreToolUse');
    assert.equal(hookName('a.b.c.hook'), 'a.b');
    assert.equal(hookName('plain.hook'), 'plain');
    assert.equal(hookName('$(x).1.hook'), 'x');
    assert.equal(hookName('.1.hook'), 'unknown');
  });
});

describe('line splitter', () => {
  it('keeps half a line, also when it is cut inside a character', () => {
    const bytes = Buffer.from('{"a":"ü"}\nrest');
    const splitter = new LineSplitter(100);
    const cut = bytes.indexOf(0xc3) + 1;
    assert.deepEqual(splitter.push(bytes.subarray(0, cut)), []);
    assert.deepEqual(splitter.push(bytes.subarray(cut)), [{ type: 'line', text: '{"a":"ü"}' }]);
    assert.ok(splitter.hasRest);
    assert.deepEqual(splitter.takeRest(), { type: 'line', text: 'rest' });
    assert.ok(!splitter.hasRest);
  });

  it('drops a line that is too long, and goes on', () => {
    const splitter = new LineSplitter(4);
    assert.deepEqual(splitter.push(Buffer.from('12345')), []);
    assert.deepEqual(splitter.push(Buffer.from('678\nok\n')), [{ type: 'tooLong', bytes: 8 }, { type: 'line', text: 'ok' }]);
  });
});

describe('launch file', () => {
  const good = {
    version: 1, sessionId: 'agent-1', name: 'n', token: 't', argv: ['a', ''], cwd: '/w', endpointFile: '/e', sessionDir: '/s', hideEnv: [], unsetEnv: ['LANG'], graceMs: 750, heartbeatMs: 5000,
  };

  it('is taken when complete', () => assert.deepEqual(parseLaunch(JSON.stringify(good)), good));

  const bad: readonly object[] = [
    { version: 2 }, { argv: [] }, { argv: ['a\0b'] }, { argv: 'a' }, { cwd: 'relative' }, { token: '' }, { hideEnv: [1] }, { unsetEnv: null }, { graceMs: -1 }, { heartbeatMs: 0 }, { sessionDir: null },
  ];
  for (const change of bad) {
    it(`is refused with ${JSON.stringify(change)}`, () => assert.throws(() => parseLaunch(JSON.stringify({ ...good, ...change })), (error) => isFleetError(error, 'BadLaunch')));
  }

  it('is refused when it is not JSON, without quoting it', () => {
    assert.throws(() => parseLaunch('{"token":"secret"'), (error) => isFleetError(error, 'BadLaunch') && !error.message.includes('secret'));
  });
});
