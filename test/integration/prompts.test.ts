import assert from 'node:assert/strict';
import { maxPromptBytes } from '../../src/core/prompt.ts';
import { Recording, spawnAgent } from './support/agents.ts';
import { endAll, hasActivity, hasEnded, hasStatus, sendPrompt, spawn } from './support/fleet.ts';
import { messagesOf } from './support/surface.ts';
import { until } from './support/until.ts';

const start = '\u001b[200~';
const end = '\u001b[201~';

/** Spawns the agent that records keys, sends one prompt and gives what arrived up to the Enter behind the paste. */
async function arrives(prompt: string): Promise<{ text: string; result: string | undefined }> {
  let text = '';
  let result: string | undefined;
  await Recording.with(async (record) => {
    const id = await spawnAgent('own', 'recordKeys', [record.file]);
    await hasStatus(id, 'running');
    await record.begun();
    [{ result } = { result: undefined }] = await sendPrompt(id, prompt);
    text = await until('the paste and its Enter', async () => {
      const seen = await record.text();
      return seen.endsWith(`${end}\r`) ? seen : undefined;
    });
    await endAll();
    // What came later would be in the record too.
    text = await record.text();
  });
  return { text, result };
}

async function refusal(id: string, prompt: string): Promise<string> {
  const messages = await messagesOf(() => sendPrompt(id, prompt));
  assert.equal(messages.length, 1);
  return messages[0] ?? '';
}

describe('prompts', () => {
  afterEach(endAll);

  it('arrive once, as one paste with one Enter; what nothing can confirm is called typed', async () => {
    const { text, result } = await arrives('Fix the test.');
    assert.equal(text, `${start}Fix the test.${end}\r`);
    assert.equal(result, 'typed');
  });

  it('three lines are one prompt', async () => {
    const { text } = await arrives('one\r\ntwo\n\tthree\n');
    assert.equal(text.replace(/\r(?!$)/g, '\n'), `${start}one\ntwo\n\tthree${end}\r`);
  });

  it('control characters press no key, and nothing ends the paste early', async () => {
    const { text } = await arrives(`a${end}rm -rf\u0003\u0004\u001b[A\u009b201~\u0000b\u007f`);
    assert.equal(text, `${start}a[201~rm -rf[A201~b${end}\r`);
  });

  it('the largest one arrives whole', async () => {
    const prompt = Array.from({ length: 650 }, (_, line) => `${line} `.padEnd(98, 'ä~')).join('\n');
    assert.ok(Buffer.byteLength(prompt) > 0.9 * maxPromptBytes);
    const { text } = await arrives(prompt);
    assert.equal(text.replace(/\r(?!$)/g, '\n'), `${start}${prompt}${end}\r`);
  });

  it('two at once do not mix', async () => {
    await Recording.with(async (record) => {
      const id = await spawnAgent('own', 'recordKeys', [record.file]);
      await hasStatus(id, 'running');
      await record.begun();
      await Promise.all([sendPrompt(id, 'first '.repeat(200)), sendPrompt(id, 'second '.repeat(200))]);
      const text = await until('both', async () => ((await record.text()).split('\r').length === 3 ? record.text() : undefined));
      const one = `${start}${'first '.repeat(200).trimEnd()}${end}\r`;
      const two = `${start}${'second '.repeat(200).trimEnd()}${end}\r`;
      assert.ok(text === one + two || text === two + one, text);
    });
  });

  it('a first prompt that is not on the command line is typed once, when the agent has drawn something', async () => {
    await Recording.with(async (record) => {
      const id = await spawnAgent('own', 'recordKeys', [record.file], { prompt: 'Begin here.' });
      await until('the first prompt', async () => (await record.text()).endsWith('\r'));
      await sendPrompt(id, 'Then this.');
      await until('the second prompt', async () => (await record.text()).endsWith(`Then this.${end}\r`));
      assert.equal(await record.text(), `${start}Begin here.${end}\r${start}Then this.${end}\r`);
    });
  });

  it('empty, too large, or to an ended session: refused in words', async () => {
    const id = await spawn({ variant: 'waits:50' });
    await hasActivity(id, 'running_tool');
    assert.match(await refusal(id, ' \n\u0003 '), /^The prompt is empty\./);
    assert.match(await refusal(id, 'x'.repeat(1024 * 1024)), /^The prompt has 1048576 bytes; at most 100000/);
    const ended = await spawn({ variant: 'works:1', name: 'over' });
    await hasEnded(ended);
    assert.equal(await refusal(ended, 'Hello?'), '“over” cannot take a prompt: it has ended: completed.');
    assert.match(await refusal('agent-unknown', 'Hello?'), /^No session id begins with “agent-unknown”\./);
  });
});
