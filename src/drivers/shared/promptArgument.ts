import type { LaunchContext, LaunchRequest } from '../../core/driver.ts';
import { fitsArgument } from '../../core/prompt.ts';

/** The first prompt, if it can stand on the command line; otherwise it is typed once the agent is ready. */
export function promptForArgv(request: LaunchRequest, context: LaunchContext): string | undefined {
  const { prompt } = request;
  return prompt !== undefined && fitsArgument(prompt, context.platform) ? prompt : undefined;
}

/**
 * A space in front of a text that a command line would take for something else: `-x` an option, `@x` a file, and a single word a
 * subcommand (`claude -- update` updates; measured with claude 2.1.329). Agents take the space as part of the prompt, where it means nothing.
 */
export function guardedPrompt(prompt: string): string {
  return /^[-@]/.test(prompt) || !/\s/.test(prompt) ? ` ${prompt}` : prompt;
}
