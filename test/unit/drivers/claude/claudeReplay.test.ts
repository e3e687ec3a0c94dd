import assert from 'node:assert/strict';
import { claudeDriver } from '../../../../src/drivers/claude/claudeDriver.ts';
import { replay, shownIn, type Turn } from '../shared/replay.ts';

describe('a captured session of Claude Code', () => {
  let turns: readonly Turn[];
  let result: Awaited<ReturnType<typeof replay>>;
  const long = 'timeout --foreground 60 tail -f /dev/null & echo $! > long.pid; wait $!';

  before(async () => {
    result = await replay(claudeDriver);
    ({ turns } = result);
  });

  it('shows prompt, tool, question, answer and end', () => {
    assert.deepEqual(shownIn(turns, ''), ['idle', 'working', 'running_tool: Write hello.txt', 'needs_permission: Write hello.txt', 'working (title)', 'model_wait', 'idle']);
  });

  it('keeps a question that was denied by Esc until something else happens: no hook tells, and the title is the same', () => {
    assert.deepEqual(shownIn(turns, 'deny scenario=write file=b.txt'), ['working (title)', 'working', 'running_tool: Write b.txt', 'needs_permission: Write b.txt']);
    assert.equal(shownIn(turns, 'env scenario=envcheck')[0], 'working (title)');
  });

  it('sees Esc by the title, while it thinks and while a tool runs', () => {
    assert.deepEqual(shownIn(turns, 'h scenario=hold'), ['working (title)', 'working', 'idle (title)']);
    assert.deepEqual(shownIn(turns, 'l scenario=long'), ['working (title)', 'working', `running_tool: ${long}`, `needs_permission: ${long}`, 'working (title)', 'idle (title)']);
  });

  it('is not idle while a sub-agent works in the background, and takes none of its events', () => {
    assert.deepEqual(shownIn(turns, 'sub scenario=subagent'), ['working', 'running_tool: Agent scripted', 'model_wait', 'working: waits for a background task', 'working', 'idle']);
  });

  it('shows the question that it asks', () => {
    assert.deepEqual(shownIn(turns, 'ask scenario=ask'), ['working (title)', 'working', 'needs_answer: Which colour?', 'working (title)', 'model_wait', 'idle']);
  });

  it('is idle after a failed turn and blocked at a rate limit, with the words of the error', () => {
    assert.deepEqual(shownIn(turns, 'bad scenario=err400').at(-1), 'idle: the turn failed: API Error: 400 scripted bad request');
    assert.deepEqual(shownIn(turns, 'bad scenario=err429').at(-1), 'blocked: rate limit: API Error: Request rejected (429) · scripted rate limit');
  });

  it('goes on with a queued prompt', () => {
    assert.deepEqual(shownIn(turns, 'queued scenario=text'), ['idle', 'working (title)', 'idle']);
  });

  it('proves each prompt once; the one of a background task is none', () => {
    assert.deepEqual(turns.map(({ promptsTaken }) => promptsTaken), turns.map(() => 1));
  });

  it('knows its conversation and the files it wrote', () => {
    const { session } = result;
    assert.equal(session.conversationId, '0195a000-0000-7000-8000-000000000100');
    assert.deepEqual(session.artifacts.map(({ path }) => path), ['/home/dev/project/hello.txt', '/home/dev/project/notes.txt']);
    assert.equal(session.skipped, 0);
  });
});
