import assert from 'node:assert/strict';
import { agentMark } from '../../../src/hosts/local/agentMark.ts';
import { agentEnvironment } from '../../../src/runner/agentEnvironment.ts';

const session = { sessionId: 'agent-1', hookDir: '/s/hooks', events: '/s/events.jsonl' };

describe('agent environment', () => {
  it('is the runner\'s own without what it needed itself, plus the session\'s', () => {
    const env = agentEnvironment({ PATH: '/bin', HOME: '/h', ELECTRON_RUN_AS_NODE: '1', AGENT_FLEET_ENV_FLEET_PARENT_ID: 'agent-0', GONE: undefined }, ['ELECTRON_RUN_AS_NODE'], session, 'linux');
    assert.deepEqual(env, {
      PATH: '/bin',
      HOME: '/h',
      FLEET_PARENT_ID: 'agent-0',
      FLEET_SESSION_ID: 'agent-1',
      FLEET_HOOK_DIR: '/s/hooks',
      FLEET_EVENTS: '/s/events.jsonl',
    });
  });

  it('unpacks what the plan sets, which the runner itself must not feel', () => {
    const own = { PATH: '/bin', LANG: 'C', AGENT_FLEET_ENV_PATH: '/agent', AGENT_FLEET_ENV_NODE_OPTIONS: '--x', AGENT_FLEET_ENV_CLAUDECODE: '1', AGENT_FLEET_ENV_FLEET_SESSION_ID: 'x' };
    const env = agentEnvironment({ ...own, ELECTRON_RUN_AS_NODE: '1', AGENT_FLEET_ENV_ELECTRON_RUN_AS_NODE: '2' }, ['LANG', 'ELECTRON_RUN_AS_NODE'], session, 'linux');
    assert.deepEqual(env, {
      PATH: '/agent',
      NODE_OPTIONS: '--x',
      CLAUDECODE: '1',
      ELECTRON_RUN_AS_NODE: '2',
      FLEET_SESSION_ID: 'agent-1',
      FLEET_HOOK_DIR: '/s/hooks',
      FLEET_EVENTS: '/s/events.jsonl',
    });
    assert.equal(agentEnvironment({ Path: 'C:', AGENT_FLEET_ENV_PATH: 'D:' }, [], session, 'win32')['Path'], undefined);
  });

  it('drops what another session left in the environment', () => {
    const env = agentEnvironment({ FLEET_PARENT_ID: 'x', FLEET_PI_POLICY: 'all', FLEET_HOOK_COMMAND: 'x' }, [], session, 'linux');
    assert.deepEqual(Object.keys(env).sort(), ['FLEET_EVENTS', 'FLEET_HOOK_DIR', 'FLEET_SESSION_ID']);
  });

  it('does not tell the agent that it runs inside another one', () => {
    const marks = {
      CLAUDECODE: '1',
      CLAUDE_CODE_ENTRYPOINT: 'cli',
      CLAUDE_CODE_SSE_PORT: '1',
      CLAUDE_CODE_SESSION_ID: 'x',
      CODEX_THREAD_ID: 'x',
      CODEX_SANDBOX: 'seatbelt',
      GEMINI_CLI: '1',
      OPENCODE: '1',
      QWEN_CODE: '1',
      COPILOT_CLI: '1',
      FLEET_SESSION_ID: 'agent-parent',
      FLEET_HOOK_DIR: '/parent/hooks',
    };
    const env = agentEnvironment(marks, [], session, 'linux');
    assert.deepEqual(Object.keys(env).sort(), ['FLEET_EVENTS', 'FLEET_HOOK_DIR', 'FLEET_SESSION_ID']);
    assert.equal(env['FLEET_SESSION_ID'], 'agent-1');
  });

  it('keeps what people set to configure the agent', () => {
    const own = { CLAUDE_CODE_USE_BEDROCK: '1', CLAUDE_CODE_MAX_OUTPUT_TOKENS: '9', CLAUDE_CODE_OAUTH_TOKEN: 't', CODEX_HOME: '/c', OPENCODE_CONFIG_CONTENT: '{}', ANTHROPIC_API_KEY: 'k' };
    const env = agentEnvironment(own, [], session, 'linux');
    for (const [name, value] of Object.entries(own)) assert.equal(env[name], value, name);
  });

  it('compares names without case on Windows only', () => {
    const own = { ClaudeCode: '1', Electron_Run_As_Node: '1', Path: 'C:\\' };
    assert.deepEqual(Object.keys(agentEnvironment(own, ['ELECTRON_RUN_AS_NODE'], session, 'win32')), ['Path', 'FLEET_SESSION_ID', 'FLEET_HOOK_DIR', 'FLEET_EVENTS']);
    assert.equal(agentEnvironment(own, [], session, 'linux')['ClaudeCode'], '1');
  });
});

describe('the mark of a session', () => {
  it('is the variable that the agent is given', () => {
    const { name, value } = agentMark('agent-1');
    assert.equal(agentEnvironment({}, [], session, 'linux')[name], value);
  });
});
