import assert from 'node:assert/strict';
import { failureFact, failureText } from '../../../../src/drivers/shared/failure.ts';
import { questionOf, textOf } from '../../../../src/drivers/shared/payload.ts';
import { guardedPrompt } from '../../../../src/drivers/shared/promptArgument.ts';
import { toolWords } from '../../../../src/drivers/shared/toolWords.ts';

describe('words for a tool call', () => {
  it('are the command of a shell, in one line', () => {
    assert.equal(toolWords('Bash', { command: 'npm test\n&& echo  ok' }), 'npm test && echo ok');
    assert.equal(toolWords('shell', { command: ['npm', 'test'] }), 'npm test');
    assert.equal(toolWords('Bash', { command: `echo ${'x'.repeat(500)}` })?.length, 200);
  });

  it('are the tool and what it acts on, a file relative to the folder', () => {
    assert.equal(toolWords('Edit', { file_path: '/work/docs/src/a.ts', old_string: 'x' }, '/work/docs'), 'Edit src/a.ts');
    assert.equal(toolWords('Edit', { file_path: '/work/docs/src/a.ts' }, '/work/docs/'), 'Edit src/a.ts');
    assert.equal(toolWords('Edit', { file_path: 'C:\\work\\src\\a.ts' }, 'C:\\work'), 'Edit src\\a.ts');
    assert.equal(toolWords('Edit', { file_path: '/etc/hosts' }, '/work/docs'), 'Edit /etc/hosts');
    assert.equal(toolWords('WebFetch', { url: 'https://example.org', prompt: 'sum up' }), 'WebFetch https://example.org');
    assert.equal(toolWords('Agent', { description: 'find the bug', prompt: 'long text' }), 'Agent find the bug');
  });

  it('are the bare tool, or nothing, when there is no more', () => {
    assert.equal(toolWords('TodoWrite', { todos: [] }), 'TodoWrite');
    assert.equal(toolWords('Edit', { file_path: 7, command: { a: 1 } }), 'Edit');
    assert.equal(toolWords(undefined, { path: 'x' }), undefined);
    assert.equal(toolWords('', null), undefined);
  });
});

describe('words for a failure', () => {
  it('say that a limit or a login stops the agent', () => {
    assert.deepEqual(failureFact('429: {"message":"slow down","code":"429"}'), { type: 'activity', activity: 'blocked', detail: 'rate limit: 429 slow down' });
    for (const [said, reason] of [
      ['You have hit your usage limit. Try again at 5 pm.', 'usage limit'],
      ['insufficient_quota', 'usage limit'],
      ['401: {"error":{"message":"bad key"}}', 'login needed'],
      ['Invalid API key · Please run /login', 'login needed'],
      ['RESOURCE_EXHAUSTED', 'rate limit'],
    ] as const) {
      const fact = failureFact(said);
      assert.ok(fact.type === 'activity' && fact.activity === 'blocked' && fact.detail?.startsWith(`${reason}: `), JSON.stringify(fact));
    }
  });

  it('say otherwise that the turn failed, and the agent is idle', () => {
    assert.deepEqual(failureFact('400: {"message":"bad request"}'), { type: 'activity', activity: 'idle', detail: 'the turn failed: 400 bad request' });
    assert.deepEqual(failureFact(undefined), { type: 'activity', activity: 'idle', detail: 'the turn failed' });
    assert.deepEqual(failureFact('line 4290 is wrong'), { type: 'activity', activity: 'idle', detail: 'the turn failed: line 4290 is wrong' });
  });

  it('leave what they cannot read as it is', () => {
    assert.equal(failureText('500: {broken'), '500: {broken');
    assert.equal(failureText('500: {"a":1}'), '500: {"a":1}');
    assert.equal(failureText('500: {"error":null}'), '500: {"error":null}');
    assert.equal(failureText(''), undefined);
    assert.equal(failureText(12), undefined);
  });
});

describe('texts of payloads', () => {
  it('are one line, cut, or nothing', () => {
    assert.equal(textOf('a\nb\u001b[31m'), 'a b');
    assert.equal(textOf('  \n'), undefined);
    assert.equal(textOf({}), undefined);
  });

  it('tell the first question and how many more there are', () => {
    assert.equal(questionOf({ questions: [{ question: 'Which?' }] }), 'Which?');
    assert.equal(questionOf({ questions: [{ question: 'Which?' }, {}, {}] }), 'Which? (and 2 more)');
    assert.equal(questionOf({ questions: 'Which?' }), undefined);
  });

  it('guard a prompt that a command line would misread, and no other', () => {
    assert.deepEqual(['-x y', '@a b', 'update', 'Fix it', ' -x'].map(guardedPrompt), [' -x y', ' @a b', ' update', 'Fix it', ' -x']);
  });
});
