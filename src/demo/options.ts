import { parseArgs } from 'node:util';
import { FleetError, messageOf } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';

export const demoScripts = ['works', 'asks', 'fails', 'waits'] as const;
export type DemoScript = (typeof demoScripts)[number];

/** How the demo agent answers its own question. */
export type DemoPolicy = 'ask' | 'allow' | 'deny' | 'bypass';
const policies: readonly DemoPolicy[] = ['ask', 'allow', 'deny', 'bypass'];

export interface DemoOptions {
  readonly script: DemoScript;
  /** Milliseconds per step. */
  readonly paceMs: number;
  /** One line; names the file that is written. */
  readonly name: string;
  readonly prompt?: string;
  readonly policy: DemoPolicy;
}

/** `works` has about twelve steps. */
const defaultPaceMs = 1000;
const maxPaceMs = 60_000;

export const demoUsage = `Usage: demo.cjs --script ${demoScripts.join('|')} [--pace MS] [--name NAME] [--prompt TEXT] [--policy ${policies.join('|')}]`;

/** @throws FleetError `BadArguments` with a sentence. */
export function readDemoOptions(argv: readonly string[]): DemoOptions {
  const values = parse(argv);
  const script = demoScripts.find((each) => each === values.script);
  if (script === undefined) throw bad(`--script must be one of ${demoScripts.join(', ')}`);
  const policy = policies.find((each) => each === (values.policy ?? 'ask'));
  if (policy === undefined) throw bad(`--policy must be one of ${policies.join(', ')}`);
  const paceMs = values.pace === undefined ? defaultPaceMs : Number(values.pace);
  if (!Number.isInteger(paceMs) || paceMs < 1 || paceMs > maxPaceMs) throw bad(`--pace must be a whole number of milliseconds from 1 to ${maxPaceMs}`);
  const name = oneLine(values.name ?? '', 80);
  const prompt = values.prompt?.trim() ?? '';
  return { script, policy, paceMs, name: name === '' ? `demo-${script}` : name, ...(prompt === '' ? {} : { prompt }) };
}

function parse(argv: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({ args: [...argv], options: { script: text, pace: text, name: text, prompt: text, policy: text } }).values;
  } catch (error) {
    throw bad(messageOf(error));
  }
}

function bad(reason: string): FleetError<'BadArguments'> {
  return new FleetError('BadArguments', `${reason}.`);
}
