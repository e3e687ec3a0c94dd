import { messageOf } from '../../base/errors.ts';
import type { LaunchContext, LaunchPlan, LaunchRequest } from '../../core/driver.ts';
import type { PermissionPolicy } from '../../core/session.ts';
import { hookEnv, hookLine, hookShell } from '../shared/hookLine.ts';
import { joinPath } from '../shared/platformPath.ts';
import { promptForArgv } from '../shared/promptArgument.ts';
import { parseSettings, withHooks } from './systemDefaults.ts';

/** What a plan needs to know of the machine. */
export interface GeminiMachine {
  readonly env: (name: string) => string | undefined;
  /** @throws Error of the system. */
  readonly readText: (path: string) => Promise<string>;
}

/** Hooks that say something about the state ("gemini hooks"). Not AfterModel: it fires for each piece of an answer. */
export const geminiEvents = ['SessionStart', 'BeforeAgent', 'PreCompress', 'BeforeTool', 'Notification', 'AfterTool', 'AfterAgent', 'SessionEnd'] as const;

/** Measured with gemini 0.61.0. */
export const geminiPolicies: Readonly<Record<PermissionPolicy, readonly string[]>> = {
  ask: ['--approval-mode', 'default'],
  allow: ['--approval-mode', 'auto_edit'],
  deny: ['--approval-mode', 'plan'],
  bypass: ['--approval-mode', 'yolo'],
};

/** Set by Gemini for what its tools run: a Gemini that is started in there must not speak for this session. */
const nestedMark = 'GEMINI_CLI';
const defaultsFile = 'gemini-system-defaults.json';
const defaultsVariable = 'GEMINI_CLI_SYSTEM_DEFAULTS_PATH';
/** Milliseconds; Gemini waits for each hook. */
const hookTimeout = 5000;

/**
 * `gemini [extra] --approval-mode MODE [--skip-trust --session-id ID] [--prompt-interactive=PROMPT]`. In a folder that is not trusted, Gemini
 * asks, and restarts itself after the answer; with a chosen id it would then die because the id exists (exit code 42, measured).
 */
export async function planGemini(request: LaunchRequest, context: LaunchContext, machine: GeminiMachine): Promise<LaunchPlan> {
  const prompt = promptForArgv(request, context);
  const hooks = await planHooks(context, machine);
  return {
    argv: [
      context.executable,
      ...context.extraArgs,
      ...geminiPolicies[request.policy],
      ...(request.folderTrusted ? ['--skip-trust', '--session-id', request.conversationId] : []),
      // In one argument, so that no prompt can be taken for an option.
      ...(prompt === undefined ? [] : [`--prompt-interactive=${prompt}`]),
    ],
    promptInArgv: prompt !== undefined,
    ...hooks,
    ...(request.folderTrusted ? { conversationId: request.conversationId } : {}),
  };
}

/** Our file takes the place of the machine's, so it holds that one's content. If that cannot be read, it stays, and ours stays away. */
async function planHooks(context: LaunchContext, machine: GeminiMachine): Promise<Pick<LaunchPlan, 'env' | 'files' | 'note'>> {
  const shell = hookShell(context.platform, 'powershell');
  const hooks = Object.fromEntries(
    geminiEvents.map((event) => [
      event,
      // Gemini shows the name while the hook runs: short.
      [{ matcher: '*', hooks: [{ name: `fleet-${event}`, type: 'command', command: hookLine(event, shell, nestedMark), timeout: hookTimeout }] }],
    ]),
  );
  const existing = defaultsPath(context.platform, machine);
  try {
    const settings = await readSettings(existing, machine);
    return {
      env: { ...hookEnv(shell, context), [defaultsVariable]: joinPath(context.platform, context.sessionDir, defaultsFile) },
      files: [{ name: defaultsFile, content: JSON.stringify(withHooks(settings, hooks)) }],
    };
  } catch (error) {
    return { env: {}, files: [], note: `Gemini’s defaults in ${existing} cannot be read, so only its window title tells what it does: ${messageOf(error)}` };
  }
}

/** Where Gemini looks for the defaults of the machine (read in gemini 0.61.0). */
export function defaultsPath(platform: LaunchContext['platform'], machine: GeminiMachine): string {
  const named = machine.env(defaultsVariable);
  if (named !== undefined && named !== '') return named;
  const settings = machine.env('GEMINI_CLI_SYSTEM_SETTINGS_PATH');
  if (settings !== undefined && settings !== '') return joinPath(platform, settings, '..', 'system-defaults.json');
  const folders = { linux: '/etc/gemini-cli', darwin: '/Library/Application Support/GeminiCli', win32: 'C:\\ProgramData\\gemini-cli' };
  return joinPath(platform, folders[platform], 'system-defaults.json');
}

async function readSettings(path: string, machine: GeminiMachine): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await machine.readText(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code))) return {};
    throw error;
  }
  return parseSettings(text);
}
