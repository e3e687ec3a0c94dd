import assert from 'node:assert/strict';
import { Deferred } from '../../../../src/base/async.ts';
import { permissionPolicies } from '../../../../src/core/session.ts';
import { register } from '../../../../src/drivers/pi/extension.ts';
import { questionFor } from '../../../../src/drivers/pi/permissionQuestion.ts';
import { asksBefore } from '../../../../src/drivers/pi/toolPolicy.ts';
import { bounded } from '../../../../src/drivers/pi/piEvents.ts';

/** pi, as far as an extension sees it. */
class FakePi {
  readonly drops: { event: string; payload: Record<string, unknown> }[] = [];
  readonly asked: { title: string; message: string }[] = [];
  answer: () => Promise<boolean> = () => Promise.resolve(true);
  dropFault: Error | undefined;
  readonly #handlers = new Map<string, (event: unknown, context: unknown) => unknown>();
  readonly context = {
    hasUI: true,
    cwd: '/work',
    ui: { confirm: (title: string, message: string) => (this.asked.push({ title, message }), this.answer()) },
    sessionManager: { getSessionId: () => 's-1' },
    isIdle: () => false,
  };

  constructor(policy: string | undefined) {
    register(
      { on: (event, handler) => this.#handlers.set(event, handler) },
      {
        policy,
        drop: async (event, payload) => {
          await Promise.resolve();
          if (this.dropFault !== undefined) throw this.dropFault;
          this.drops.push({ event, payload: JSON.parse(payload) as Record<string, unknown> });
        },
      },
    );
  }

  async fire(event: string, payload: unknown, context: unknown = this.context): Promise<unknown> {
    const handler = this.#handlers.get(event);
    assert.ok(handler !== undefined, event);
    return await handler(payload, context);
  }

  get events(): readonly string[] {
    return this.drops.map(({ event }) => event);
  }
}

const bash = { toolCallId: 'c1', toolName: 'bash', input: { command: 'rm -r build' } };

describe('which tools pi asks before', () => {
  it('is as the policy says', () => {
    const table = permissionPolicies.map((policy) => [policy, ...['read', 'ls', 'edit', 'write', 'bash', 'powershell', 'deploy'].filter((tool) => asksBefore(policy, tool))]);
    assert.deepEqual(table, [['ask', 'edit', 'write', 'bash', 'powershell', 'deploy'], ['allow', 'bash', 'powershell', 'deploy'], ['deny'], ['bypass']]);
    assert.equal(asksBefore(undefined, 'bash'), true);
    assert.equal(asksBefore('typo', 'edit'), true);
  });
});

describe('our extension in pi', () => {
  it('asks, reports the question and the answer, and lets an allowed tool run', async () => {
    const pi = new FakePi('ask');
    assert.equal(await pi.fire('tool_call', bash), undefined);
    assert.deepEqual(pi.asked, [{ title: 'Allow bash?', message: 'rm -r build' }]);
    assert.deepEqual(pi.events, ['permission_asked', 'permission_answered']);
    assert.deepEqual(pi.drops[0]?.payload, { toolCallId: 'c1', toolName: 'bash', args: { command: 'rm -r build' }, sessionId: 's-1', cwd: '/work', idle: false });
    assert.equal(pi.drops[1]?.payload['allowed'], true);
  });

  it('stops a tool that is denied, that nobody can be asked about, or whose question fails', async () => {
    const pi = new FakePi('ask');
    pi.answer = () => Promise.resolve(false);
    assert.deepEqual(await pi.fire('tool_call', bash), { block: true, reason: 'The person did not allow this.' });
    assert.deepEqual(await pi.fire('tool_call', bash, { hasUI: false }), { block: true, reason: 'There is nobody to ask for permission.' });
    assert.deepEqual(await pi.fire('tool_call', bash, null), await pi.fire('tool_call', bash, 7));
    pi.answer = () => Promise.reject(new Error('the dialog was closed'));
    assert.deepEqual(await pi.fire('tool_call', bash), { block: true, reason: 'The person did not allow this.' });
    assert.equal(pi.events.at(-1), 'permission_answered');
    assert.equal(pi.drops.at(-1)?.payload['allowed'], false);
  });

  it('asks one question at a time, and reports no other dialog meanwhile', async () => {
    const pi = new FakePi('ask');
    const [first, second] = [new Deferred<boolean>(), new Deferred<boolean>()];
    const answers = [first, second];
    pi.answer = () => (answers.shift() as Deferred<boolean>).promise;
    const calls = [pi.fire('tool_call', bash), pi.fire('tool_call', { ...bash, toolCallId: 'c2' })];
    while (pi.asked.length === 0) await Promise.resolve();
    await pi.fire('ui_prompt_start', { kind: 'confirm', title: 'Allow bash?' });
    await pi.fire('ui_prompt_end', { kind: 'confirm', title: 'Allow bash?' });
    assert.deepEqual(pi.events, ['permission_asked']);
    first.resolve(true);
    second.resolve(false);
    const results = await Promise.all(calls);
    assert.deepEqual(results.map((result) => result === undefined), [true, false]);
    assert.deepEqual(pi.events, ['permission_asked', 'permission_answered', 'permission_asked', 'permission_answered']);
    await pi.fire('ui_prompt_start', { kind: 'select', title: 'Which?' });
    assert.equal(pi.events.at(-1), 'ui_prompt_start');
  });

  it('leaves tools alone that need no question', async () => {
    for (const [policy, tool] of [['bypass', 'bash'], ['allow', 'edit'], ['ask', 'read']] as const) {
      const pi = new FakePi(policy);
      assert.equal(await pi.fire('tool_call', { ...bash, toolName: tool }), undefined);
      assert.deepEqual(pi.drops, []);
    }
  });

  it('leaves the question about the folder to the person', async () => {
    const pi = new FakePi('ask');
    assert.deepEqual(await pi.fire('project_trust', { cwd: '/work' }), { trusted: 'undecided' });
    assert.deepEqual(pi.events, ['project_trust']);
  });

  it('tells with the settled turn how it ended', async () => {
    const pi = new FakePi('ask');
    await pi.fire('agent_end', { messages: [{ stopReason: 'error', errorMessage: '429: {}', content: ['secret'] }] });
    await pi.fire('agent_settled', {});
    assert.deepEqual([pi.drops[1]?.payload['stopReason'], pi.drops[1]?.payload['errorMessage']], ['error', '429: {}']);
    assert.ok(!JSON.stringify(pi.drops).includes('secret'));
    await pi.fire('agent_start', {});
    await pi.fire('agent_settled', {});
    assert.equal(pi.drops[3]?.payload['stopReason'], undefined);
  });

  it('names the file that a tool wrote, and no prompt', async () => {
    const pi = new FakePi('bypass');
    await pi.fire('tool_execution_start', { toolCallId: 'c1', toolName: 'write', args: { path: 'a.txt', content: 'x'.repeat(5000) } });
    await pi.fire('tool_execution_end', { toolCallId: 'c1', toolName: 'write', isError: false });
    assert.equal(pi.drops[1]?.payload['path'], 'a.txt');
    assert.ok(JSON.stringify(pi.drops[0]).length < 3000);
    await pi.fire('input', { text: 'my secret plan', source: 'interactive' });
    assert.ok(!JSON.stringify(pi.drops).includes('secret'));
  });

  it('never disturbs pi when a report cannot be kept, or an event has an odd shape', async () => {
    const pi = new FakePi('ask');
    pi.dropFault = new Error('no space left');
    assert.equal(await pi.fire('agent_start', {}), undefined);
    assert.equal(await pi.fire('tool_call', bash), undefined);
    pi.dropFault = undefined;
    for (const odd of [undefined, null, 7, 'x', [], { messages: 7 }, { args: [[[[[[]]]]]] }]) {
      for (const event of ['agent_end', 'tool_execution_start', 'tool_execution_end', 'input', 'session_start', 'ui_prompt_start']) await pi.fire(event, odd, odd);
    }
  });

  it('limits what it reports', () => {
    const circle: Record<string, unknown> = { a: 1 };
    circle['self'] = circle;
    assert.ok(JSON.stringify(bounded(circle)).length < 200);
    assert.equal((bounded(Array.from({ length: 100 })) as unknown[]).length, 20);
  });

  it('shows a command as it stands, without control characters', () => {
    assert.equal(questionFor({ command: 'a\n\u001b[31mb\u0007' }), 'a\nb');
    assert.equal(questionFor({ path: 'src/a.ts', content: 'x' }), 'src/a.ts');
    assert.equal(questionFor({ target: 'prod' }), '{"target":"prod"}');
    assert.equal(questionFor(undefined), '');
    assert.equal(questionFor({ command: 'x'.repeat(9000) }).length, 2000);
  });
});
