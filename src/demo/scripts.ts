import { outputPath } from './files.ts';
import type { DemoScript } from './options.ts';
import type { Turn } from './turn.ts';

/** What a script does in its first turn. The result is the exit code; `undefined`: stay and wait for a prompt. */
export type Script = (turn: Turn) => Promise<number | undefined>;

export const scripts: Readonly<Record<DemoScript, Script>> = { works, asks, fails, waits };

/** The turn that follows a prompt. */
export async function answerPrompt(turn: Turn): Promise<void> {
  await turn.think('reading the prompt');
  await turn.tool('read', 'README.md');
  turn.say('Done. (I am a demo: I only pretend to understand.)', 'good');
}

async function works(turn: Turn): Promise<number> {
  turn.say('Plan: 1. look around  2. change the files  3. check', 'head');
  await turn.think('making a plan');
  await turn.think('making a plan');
  await turn.tool('list', 'the files of the folder', 10);
  await turn.tool('read', 'README.md', 25);
  await turn.think('deciding what to write');
  await turn.tool('edit', outputPath(turn.name), 40);
  await turn.write();
  if (await turn.extendReadme()) await turn.tool('edit', 'README.md', 55);
  await turn.think('looking at the changes');
  await turn.tool('npm test', 'part 1 of 3', 70);
  await turn.tool('npm test', 'part 2 of 3', 80);
  await turn.tool('npm test', 'part 3 of 3', 90);
  await turn.think('summing up');
  turn.say(`All done: ${turn.artifacts.map(({ path }) => path).join(', ')}`, 'good');
  return 0;
}

async function asks(turn: Turn): Promise<number> {
  turn.say('Plan: 1. draft the notes  2. write them, if I may', 'head');
  await turn.think('making a plan');
  await turn.tool('read', 'README.md', 30);
  await turn.think('drafting the notes');
  if (!(await turn.ask(`tee ${outputPath(turn.name)}`))) {
    turn.say('Nothing was written.', 'quiet');
    return 0;
  }
  await turn.tool('write', outputPath(turn.name), 80);
  await turn.write();
  turn.say(`Written: ${outputPath(turn.name)}`, 'good');
  return 0;
}

async function fails(turn: Turn): Promise<number> {
  turn.say('Plan: 1. write the file  2. check it', 'head');
  await turn.think('making a plan');
  await turn.tool('edit', outputPath(turn.name), 40);
  await turn.write();
  await turn.tool('npm test', 'part 1 of 1', 80);
  turn.say('The check failed, and I do not know how to go on.', 'bad');
  return 3;
}

async function waits(turn: Turn): Promise<undefined> {
  turn.say('I work until I am interrupted, get a prompt, or am ended.', 'head');
  for (let round = 1; !turn.hasPrompt; round += 1) {
    await turn.think(`round ${round}`);
    if (turn.hasPrompt) break;
    await turn.tool('watch', `the folder, round ${round}`);
  }
  return undefined;
}
