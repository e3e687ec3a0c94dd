import { join } from 'node:path';
import { FleetError } from '../../base/errors.ts';
import { oneLine } from '../../base/text.ts';
import type { AgentDriver, LaunchContext, LaunchPlan, LaunchRequest } from '../../core/driver.ts';
import { fitsArgument } from '../../core/prompt.ts';

/** What a demo session can do, with a sentence for each. */
export const demoVariants = [
  { id: 'works', description: 'Takes a few steps, changes files, and completes' },
  { id: 'asks', description: 'Asks for permission before it writes' },
  { id: 'fails', description: 'Writes a file, then fails with exit code 3' },
  { id: 'waits', description: 'Works until it is interrupted, prompted or ended' },
] as const;

/** `works`, or with the milliseconds per step: `works:30`. */
const variantForm = /^(works|asks|fails|waits)(?::([1-9][0-9]{0,4}))?$/;
const bundle = 'demo.cjs';

/** The demo agent. `variant` is a script with an optional pace in milliseconds per step: `asks:200`; absent: `works`. */
export const demoDriver: AgentDriver = {
  info: {
    id: 'demo',
    label: 'Demo agent',
    binaries: [],
    installHint: 'The demo agent comes with Agent Fleet; nothing needs to be installed.',
  },
  provesPrompts: true,
  interrupt: { type: 'signal', signal: 'SIGINT' },
  plan: (request, context) => Promise.resolve().then(() => planDemo(request, context)),
  readHook: () => [],
  readTitle: () => [],
};

/** @throws FleetError `UnknownVariant`. */
function planDemo(request: LaunchRequest, context: LaunchContext): LaunchPlan {
  const [, script, pace] = variantForm.exec(request.variant ?? 'works') ?? [];
  if (script === undefined) {
    const known = demoVariants.map(({ id }) => id).join(', ');
    throw new FleetError('UnknownVariant', `The demo agent does not know “${oneLine(request.variant ?? '', 60)}”. It knows ${known}.`);
  }
  const { prompt } = request;
  const promptInArgv = prompt !== undefined && fitsArgument(prompt, context.platform);
  return {
    argv: [
      context.node.executable,
      join(context.assetsDir, bundle),
      '--script',
      script,
      ...(pace === undefined ? [] : ['--pace', pace]),
      '--policy',
      request.policy,
      // One argument each, so that a text with leading dashes stays a value.
      `--name=${request.name}`,
      ...(promptInArgv ? [`--prompt=${prompt}`] : []),
      ...context.extraArgs,
    ],
    env: { ...context.node.env },
    files: [],
    promptInArgv,
  };
}
