import type { LaunchContext, LaunchRequest } from '../../../../src/core/driver.ts';
import type { AgentDriver } from '../../../../src/core/driver.ts';
import { claudeDriver } from '../../../../src/drivers/claude/claudeDriver.ts';
import { createCodexDriver } from '../../../../src/drivers/codex/codexDriver.ts';
import { createGeminiDriver } from '../../../../src/drivers/gemini/geminiDriver.ts';
import { piDriver } from '../../../../src/drivers/pi/piDriver.ts';

export const platforms = ['linux', 'darwin', 'win32'] as const;

/** A request in a trusted folder, changed as told. */
export function aRequest(patch: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    sessionId: 'agent-1',
    name: 'docs',
    prompt: 'Fix the tests',
    policy: 'ask',
    cwd: '/work/docs',
    folderTrusted: true,
    conversationId: '11111111-2222-4333-8444-555555555555',
    ...patch,
  };
}

/** The request as it is made without a prompt. */
export function withoutPrompt(): LaunchRequest {
  const { prompt: _prompt, ...request } = aRequest();
  return request;
}

/** Surroundings on a platform, with paths as they look there. */
export function aContext(platform: LaunchContext['platform'] = 'linux', patch: Partial<LaunchContext> = {}): LaunchContext {
  const windows = platform === 'win32';
  return {
    platform,
    executable: windows ? 'C:\\npm\\agent.cmd' : '/usr/bin/agent',
    extraArgs: [],
    hooksAllowed: true,
    sessionDir: windows ? 'C:\\data\\agent-1' : '/data/agent-1',
    node: {
      executable: windows ? 'C:\\Program Files\\Editor\\Editor.exe' : '/opt/editor/editor',
      env: { ELECTRON_RUN_AS_NODE: '1' },
    },
    assetsDir: windows ? 'C:\\ext & co\\dist' : '/ext/dist',
    ...patch,
  };
}

/** Two of nine, which is enough for a test. */
export const someHashes: ReadonlyMap<string, string> = new Map([
  ['/<session-flags>/config.toml:stop:0:0', 'sha256:0a'],
  ['/<session-flags>/config.toml:session_start:0:0', 'sha256:0b'],
]);

/** A machine without defaults of Gemini. */
export const bareMachine = {
  env: () => undefined,
  readText: () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
};

/** The agents that people install, cut off from this machine. */
export const installedDrivers: readonly AgentDriver[] = [
  claudeDriver,
  createCodexDriver(() => Promise.resolve(someHashes)),
  createGeminiDriver(bareMachine),
  piDriver,
];

/** The value behind an option. */
export function after(argv: readonly string[], option: string): string | undefined {
  return argv.includes(option) ? argv[argv.indexOf(option) + 1] : undefined;
}
