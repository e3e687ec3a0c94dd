import { FleetError } from '../../base/errors.ts';
import type { AgentDriver, LaunchContext, LaunchPlan, LaunchRequest } from '../../core/driver.ts';
import { fitsArgument } from '../../core/prompt.ts';
import type { PermissionPolicy } from '../../core/session.ts';
import { customDriverId, type CustomDefinition } from './definition.ts';
import { genericHookFacts } from './genericHooks.ts';

const placeholder = '{prompt}';
const keysOf = { escape: '\u001b', 'ctrl-c': '\u0003' } as const;

/** The driver of one custom command. Its terminal titles are not trusted to mean anything. */
export function createCustomDriver(definition: CustomDefinition): AgentDriver {
  const [executable] = definition.command;
  return {
    info: {
      id: customDriverId(definition.name),
      label: definition.name,
      binaries: [executable],
      installHint: `Install the command “${executable}”, or correct it in the setting of the custom agents.`,
    },
    provesPrompts: false,
    interrupt: { type: 'keys', keys: keysOf[definition.interrupt] },
    plan: (request, context) => Promise.resolve().then(() => planCustom(definition, request, context)),
    readHook: genericHookFacts,
    readTitle: () => [],
  };
}

/** @throws FleetError `UnsupportedPolicy`, `PromptTooLong`. */
function planCustom(definition: CustomDefinition, request: LaunchRequest, context: LaunchContext): LaunchPlan {
  const [, ...template] = definition.command;
  const { prompt } = request;
  const inArgv = definition.promptArg !== undefined || template.some((part) => part.includes(placeholder));
  if (inArgv && prompt !== undefined && !fitsArgument(prompt, context.platform)) {
    throw new FleetError('PromptTooLong', 'The prompt is too long for a command line. Put the text into a file and name the file in the prompt.');
  }
  return {
    argv: [
      context.executable,
      ...template.flatMap((part) => fill(part, prompt)),
      ...policyArgs(definition, request.policy),
      ...context.extraArgs,
      ...promptArgs(definition.promptArg, prompt),
    ],
    env: { ...definition.env },
    files: [],
    promptInArgv: inArgv && prompt !== undefined,
  };
}

/** An argument with the placeholder disappears when there is no prompt. */
function fill(part: string, prompt: string | undefined): readonly string[] {
  if (!part.includes(placeholder)) return [part];
  if (prompt === undefined) return [];
  // A prompt that begins with a dash must not become an option.
  const text = part.startsWith(placeholder) && prompt.startsWith('-') ? ` ${prompt}` : prompt;
  // Not `replaceAll` with a text: `$&` in a prompt would mean something.
  return [part.split(placeholder).join(text)];
}

function promptArgs(promptArg: string | undefined, prompt: string | undefined): readonly string[] {
  if (promptArg === undefined || prompt === undefined) return [];
  return promptArg.includes(placeholder) ? fill(promptArg, prompt) : [promptArg, prompt];
}

function policyArgs(definition: CustomDefinition, policy: PermissionPolicy): readonly string[] {
  const args = definition.policies[policy];
  if (args !== undefined) return args;
  if (policy === 'ask') return [];
  throw new FleetError(
    'UnsupportedPolicy',
    `“${definition.name}” has no arguments for the policy “${policy}”. Choose “ask”, or add them under "policies" in its definition.`,
    { details: { driver: customDriverId(definition.name), policy } },
  );
}
