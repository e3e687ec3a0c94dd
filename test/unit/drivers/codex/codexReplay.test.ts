import assert from 'node:assert/strict';
import { codexDriver } from '../../../../src/drivers/codex/codexDriver.ts';
import { replay, shownIn, type Turn } from '../shared/replay.ts';

describe('a captured session of Codex', () => {
  let turns: readonly Turn[];
  let result: Awaited<ReturnType<typeof replay>>;

  before(async () => {
    result = await replay(codexDriver);
    ({ turns } = result);
  });

  it('shows prompt, tool and end; the flicker of titles at its start is not idle', () => {
    assert.deepEqual(shownIn(turns, ''), ['working (title)', 'working', 'running_tool: echo hello-from-tool > tool-out.txt && cat tool-out.txt', 'model_wait', 'idle']);
  });

  it('shows a question, and that it was allowed', () => {
    const command = 'echo allowed > perm-out.txt';
    assert.deepEqual(shownIn(turns, 'ask me scenario=perm'), ['working (title)', 'working', `running_tool: ${command}`, `needs_permission: ${command}`, 'working (title)', 'model_wait', 'idle']);
  });

  it('sees by the title that a question was denied', () => {
    assert.deepEqual(shownIn(turns, 'deny scenario=perm').slice(-3), ['needs_permission: echo allowed > perm-out.txt', 'working (title)', 'idle (title)']);
  });

  it('sees Esc by the title, while it thinks and while a tool runs', () => {
    assert.deepEqual(shownIn(turns, 'h scenario=hold'), ['working (title)', 'working', 'idle (title)']);
    assert.equal(shownIn(turns, 'l scenario=long').at(-1), 'idle (title)');
  });

  it('takes no event of a sub-agent for its own', () => {
    assert.deepEqual(shownIn(turns, 'sub scenario=subagent'), ['working (title)', 'working', 'running_tool: spawn_agent Say hello. scenario=text', 'model_wait', 'idle']);
    assert.equal(turns.find(({ prompt }) => prompt === 'sub scenario=subagent')?.promptsTaken, 1);
  });

  it('is idle again after a failed turn, by the title: no hook tells of it', () => {
    for (const prompt of ['bad scenario=err400', 'bad scenario=limit']) assert.deepEqual(shownIn(turns, prompt), ['working (title)', 'working', 'idle (title)']);
  });

  it('asks nothing when it answers its own question', () => {
    assert.deepEqual(shownIn(turns, 'ask scenario=ask'), ['working', 'idle']);
  });

  it('proves each prompt once, and knows its conversation', () => {
    assert.deepEqual(turns.map(({ promptsTaken }) => promptsTaken), turns.map(() => 1));
    assert.equal(result.session.conversationId, '0195a000-0000-7000-8000-0000000c0010');
    assert.equal(result.session.skipped, 0);
  });
});
