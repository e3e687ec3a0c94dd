import type { LaunchContext, LaunchPlan, LaunchRequest } from '../../core/driver.ts';
import type { PermissionPolicy } from '../../core/session.ts';
import { hookEnv, hookLine, hookShell } from '../shared/hookLine.ts';
import { joinPath } from '../shared/platformPath.ts';
import { guardedPrompt, promptForArgv } from '../shared/promptArgument.ts';

/** Hooks that say something about the state ("claude hooks"). Each one is a process, so no others are asked for. */
export const claudeEvents = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PermissionRequest',
  'PermissionDenied',
  'PostToolUse',
  'PostToolUseFailure',
  'Notification',
  'Elicitation',
  'ElicitationResult',
  'PreCompact',
  'PostCompact',
  'Stop',
  'StopFailure',
  'SessionEnd',
] as const;

/** Measured with claude 2.1.329. `dontAsk`: what would need a question is refused to the model; reading goes on. */
export const claudePolicies: Readonly<Record<PermissionPolicy, readonly string[]>> = {
  ask: ['--permission-mode', 'default'],
  allow: ['--permission-mode', 'acceptEdits'],
  deny: ['--permission-mode', 'dontAsk'],
  bypass: ['--dangerously-skip-permissions'],
};

const settingsFile = 'claude-settings.json';
/** Seconds. Ours takes milliseconds; a folder on a hanging network drive must not hold the agent up for the default minute. */
const hookTimeout = 10;

/**
 * `claude [extra] --session-id ID --settings FILE --permission-mode MODE [-- PROMPT]`. The extra arguments come first: some of claude's
 * options take any number of values and would swallow the prompt.
 */
export function planClaude(request: LaunchRequest, context: LaunchContext): LaunchPlan {
  const prompt = promptForArgv(request, context);
  const shell = hookShell(context.platform, 'powershell');
  return {
    argv: [
      context.executable,
      ...context.extraArgs,
      '--session-id',
      request.conversationId,
      '--settings',
      joinPath(context.platform, context.sessionDir, settingsFile),
      ...claudePolicies[request.policy],
      ...(prompt === undefined ? [] : ['--', guardedPrompt(prompt)]),
    ],
    env: hookEnv(shell, context),
    files: [{ name: settingsFile, content: JSON.stringify({ hooks: hookSettings(shell) }) }],
    promptInArgv: prompt !== undefined,
    conversationId: request.conversationId,
  };
}

function hookSettings(shell: ReturnType<typeof hookShell>): Record<string, unknown> {
  // Elsewhere the default is right: the person's own bash, zsh or sh.
  const interpreter = shell === 'powershell' ? { shell } : {};
  return Object.fromEntries(
    claudeEvents.map((event) => [event, [{ hooks: [{ type: 'command', command: hookLine(event, shell), timeout: hookTimeout, ...interpreter }] }]]),
  );
}
