import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import type { AgentFact } from '../../../../src/core/driver.ts';
import type { ActivityKind } from '../../../../src/core/session.ts';
import { claudeEvents } from '../../../../src/drivers/claude/claudePlan.ts';
import { codexEvents } from '../../../../src/drivers/codex/codexHookFlags.ts';
import { geminiEvents } from '../../../../src/drivers/gemini/geminiPlan.ts';
import { reported } from '../../../../src/drivers/pi/piEvents.ts';
import { installedDrivers } from '../shared/planning.ts';

const piEvents = [...Object.keys(reported), 'project_trust', 'permission_asked', 'permission_answered'];
const events: Readonly<Record<string, readonly string[]>> = { claude: claudeEvents, codex: codexEvents, gemini: geminiEvents, pi: piEvents };
const activities: readonly ActivityKind[] = ['starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked'];

/** Keys that drivers look at, so that arbitrary payloads reach deeper than the first check. */
const keys = ['session_id', 'sessionId', 'tool_name', 'toolName', 'tool_input', 'args', 'questions', 'question', 'background_tasks', 'status', 'error', 'errorMessage', 'stopReason', 'prompt', 'details', 'type', 'command', 'file_path', 'path', 'cwd', 'source', 'notification_type', 'message', 'last_assistant_message', 'tool_response', 'isError', 'title', '__proto__', 'constructor'];
const words = ['Write', 'Edit', 'Bash', 'apply_patch', 'write_file', 'write', 'AskUserQuestion', 'ask_user', 'ToolPermission', 'exec', 'edit', 'startup', 'running', 'rate_limit', 'error', 'aborted', '*** Add File: a.txt', '429: {"message":1}', '\u001b]0;x\u0007', '\ud800', '../../etc/passwd', 'C:\\x'];
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, fc.constantFrom(...words), fc.jsonValue({ maxDepth: 1 }), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(fc.constantFrom(...keys), tie('any'), { maxKeys: 8 })),
})).any;

function checkFact(fact: AgentFact): void {
  switch (fact.type) {
    case 'activity':
      assert.ok(activities.includes(fact.activity));
      if (fact.detail !== undefined) {
        assert.ok(fact.detail.length > 0 && fact.detail.length <= 400, `${fact.detail.length} characters`);
        assert.doesNotMatch(fact.detail, /[\u0000-\u001f\u007f-\u009f]/);
      }
      break;
    case 'conversation':
      assert.match(fact.id, /^[\w.:-]{1,128}$/);
      break;
    case 'artifact':
      assert.ok(fact.path !== '' && fact.path.length <= 4096 && !/[\0\n]/.test(fact.path));
      assert.equal(fact.kind, 'file');
      break;
    case 'promptTaken':
      break;
    case 'progress':
      assert.fail('no driver reports progress');
  }
}

describe('what agents hand over is checked', () => {
  for (const driver of installedDrivers) {
    const { id } = driver.info;
    const known = events[id] ?? [];

    it(`${id}: any payload of any event gives valid facts, and never an error`, () => {
      fc.assert(
        fc.property(fc.oneof(fc.constantFrom(...known), fc.string()), value, (name, payload) => driver.readHook(name, payload).forEach(checkFact)),
        { numRuns: 600 },
      );
    });

    it(`${id}: any title gives valid facts`, () => {
      fc.assert(fc.property(fc.string({ unit: 'binary' }), (title) => driver.readTitle(title).forEach(checkFact)));
    });

    it(`${id}: unknown events change nothing`, () => {
      for (const name of ['', 'Unheard', 'constructor', '__proto__', 'toString', 'SubagentStart', 'SubagentStop', 'SessionEnd', 'session_shutdown']) {
        assert.deepEqual(driver.readHook(name, { session_id: 's-1', sessionId: 's-1', tool_name: 'Bash' }), [], name);
      }
    });

    it(`${id}: a payload of a megabyte is read in a moment`, () => {
      const long = 'x \u001b['.repeat(260_000);
      for (const name of known) {
        driver.readHook(name, { prompt: long, tool_name: long, tool_input: { command: long, file_path: long }, toolName: long, args: { command: long }, message: long, errorMessage: long, last_assistant_message: long, title: long, details: { type: 'exec', command: long } }).forEach(checkFact);
      }
    });

    if (id === 'claude' || id === 'codex') {
      it(`${id}: nothing of a sub-agent touches its parent, but that it asks the person`, () => {
        fc.assert(fc.property(fc.constantFrom(...known), fc.dictionary(fc.constantFrom(...keys), value), (name, payload) => {
          const facts = driver.readHook(name, { ...payload, agent_id: 'sub-1' });
          const asks = facts.every((fact) => fact.type === 'activity' && (fact.activity === 'needs_permission' || fact.activity === 'needs_answer'));
          assert.ok(name === 'PermissionRequest' ? asks : facts.length === 0);
        }));
      });
    }
  }

  it('titles mean what the fixture says', async () => {
    const file = await readFile(new URL('../../../fixtures/titles.json', import.meta.url), 'utf8');
    const fixture = JSON.parse(file) as Record<string, readonly { title: string; activity: string | null }[]>;
    let titles = 0;
    for (const driver of installedDrivers) {
      for (const { title, activity } of fixture[driver.info.id] ?? []) {
        titles++;
        const expected =
          activity === null ? []
          : activity === 'not-working' ? [{ type: 'activity', activity: 'idle', weak: true }]
          // A spinner of Codex may still turn while a question opens.
          : driver.info.id === 'codex' && activity === 'working' ? [{ type: 'activity', activity, weak: true }]
          : [{ type: 'activity', activity }];
        assert.deepEqual(driver.readTitle(title), expected, `${driver.info.id}: ${title}`);
      }
    }
    assert.ok(titles >= 26);
  });
});
