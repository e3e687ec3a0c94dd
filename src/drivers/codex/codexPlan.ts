import { messageOf } from '../../base/errors.ts';
import type { LaunchContext, LaunchPlan, LaunchRequest } from '../../core/driver.ts';
import type { PermissionPolicy } from '../../core/session.ts';
import { hookEnv, hookShell } from '../shared/hookLine.ts';
import { promptForArgv } from '../shared/promptArgument.ts';
import { codexHookFlags, codexTrustFlags } from './codexHookFlags.ts';
import type { HookHashes } from './hookHashes.ts';
import { tomlString, tomlTable } from './toml.ts';

/** Measured with codex 0.169.0. `ask` asks only when the model wants out of the sandbox; the others never ask. */
export const codexPolicies: Readonly<Record<PermissionPolicy, readonly string[]>> = {
  ask: ['-a', 'on-request', '-s', 'workspace-write'],
  allow: ['-a', 'never', '-s', 'workspace-write'],
  deny: ['-a', 'never', '-s', 'read-only'],
  bypass: ['--dangerously-bypass-approvals-and-sandbox'],
};

/**
 * `codex [extra] --no-daemon -a … -s … [-c hooks…] [-c projects…] [-- PROMPT]`. Behind `--` nothing is an option or a subcommand. Codex chooses the
 * conversation id itself; its first hook tells it.
 */
export async function planCodex(request: LaunchRequest, context: LaunchContext, hashes: HookHashes): Promise<LaunchPlan> {
  const prompt = promptForArgv(request, context);
  const hooks = await planHooks(context, hashes);
  return {
    argv: [
      context.executable,
      ...context.extraArgs,
      '--no-daemon',
      ...codexPolicies[request.policy],
      ...hooks.flags,
      // The dialog about the folder would swallow the prompt; the person has answered it in the editor. Only for this run.
      ...(request.folderTrusted ? ['-c', `projects=${tomlTable({ [request.cwd]: `{trust_level=${tomlString('trusted')}}` })}`] : []),
      ...(prompt === undefined ? [] : ['--', prompt]),
    ],
    env: hooks.env,
    files: [],
    promptInArgv: prompt !== undefined,
    ...(hooks.note === undefined ? {} : { note: hooks.note }),
  };
}

interface Hooks {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly note?: string;
}

/** Hooks that Codex does not know to be agreed to would bring up a dialog that holds the prompt back: then rather none. */
async function planHooks(context: LaunchContext, hashes: HookHashes): Promise<Hooks> {
  if (!context.hooksAllowed) return { flags: [], env: {} };
  try {
    const shell = hookShell(context.platform, 'cmd');
    const flags = codexHookFlags(shell);
    const env = hookEnv(shell, context);
    return { flags: [...flags, ...codexTrustFlags(await hashes(context.executable, flags))], env };
  } catch (error) {
    return { flags: [], env: {}, note: `Codex did not say how it identifies hooks, so only its window title tells what it does: ${messageOf(error)}` };
  }
}
