import type { LaunchContext, LaunchPlan, LaunchRequest } from '../../core/driver.ts';
import type { PermissionPolicy } from '../../core/session.ts';
import { joinPath } from '../shared/platformPath.ts';
import { guardedPrompt, promptForArgv } from '../shared/promptArgument.ts';
import { policyVariable } from './policyVariable.ts';

const extension = 'pi-extension.mjs';

/** pi has no permissions (0.87.1): `ask` and `allow` are our extension's doing (see `toolPolicy.ts`), `deny` leaves only the tools that read. */
export const piPolicies: Readonly<Record<PermissionPolicy, readonly string[]>> = {
  ask: [],
  allow: [],
  deny: ['--tools', 'read,grep,find,ls'],
  bypass: [],
};

/**
 * `pi --session-id ID -e EXTENSION [extra] [--tools …] [-- PROMPT]`. The id comes first: a first argument such as `update` would be a
 * subcommand. Of several `--tools` the last one counts, so the policy's comes behind the extra arguments. Behind `--` a text with `@` in front is still read as a file, hence the guard.
 */
export function planPi(request: LaunchRequest, context: LaunchContext): LaunchPlan {
  const prompt = promptForArgv(request, context);
  return {
    argv: [
      context.executable,
      '--session-id',
      request.conversationId,
      '-e',
      joinPath(context.platform, context.assetsDir, extension),
      ...context.extraArgs,
      ...piPolicies[request.policy],
      ...(prompt === undefined ? [] : ['--', guardedPrompt(prompt)]),
    ],
    env: { [policyVariable]: request.policy },
    files: [],
    promptInArgv: prompt !== undefined,
    conversationId: request.conversationId,
  };
}
