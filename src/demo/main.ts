import { setTimeout as wait } from 'node:timers/promises';
import { messageOf } from '../base/errors.ts';
import { DemoAgent } from './agent.ts';
import { Conversation } from './conversation.ts';
import { KeyDecoder } from './keys.ts';
import { demoUsage, readDemoOptions, type DemoOptions } from './options.ts';
import { Reporter } from './reporter.ts';
import { Screen } from './screen.ts';

/** Longer than any session: keeps the process alive while it waits for a signal with nothing else to wait for. */
const longTimeMs = 2 ** 30;

async function run(options: DemoOptions): Promise<number> {
  const { stdin, stdout, env } = process;
  // A terminal that went away must not end the agent before it has reported its end.
  stdout.on('error', () => undefined);
  const screen = new Screen(stdout, (env['NO_COLOR'] ?? '') !== '');
  const file = env['FLEET_EVENTS'] ?? '';
  const reporter = new Reporter({
    file: file === '' ? undefined : file,
    sessionId: env['FLEET_SESSION_ID'] ?? 'demo',
    now: () => Date.now(),
    onFailure: (error) => screen.line(`Cannot report to the fleet: ${messageOf(error)}`, 'bad'),
  });
  const conversation = new Conversation();
  const agent = new DemoAgent({
    options,
    screen,
    reporter,
    cwd: process.cwd(),
    wait: async (ms, signal) => wait(ms, undefined, { signal }),
    onAsking: (open) => {
      conversation.asking = open;
    },
  });
  process.on('SIGINT', () => agent.interrupt('ctrl-c'));
  process.on('SIGTERM', () => agent.end('SIGTERM'));
  process.on('SIGHUP', () => agent.end('SIGHUP'));
  readKeys(agent, conversation, screen);
  const alive = setInterval(() => undefined, longTimeMs);
  try {
    return await agent.run();
  } finally {
    clearInterval(alive);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    screen.close();
    await reporter.flush();
  }
}

function readKeys(agent: DemoAgent, conversation: Conversation, screen: Screen): void {
  const { stdin } = process;
  const keys = new KeyDecoder();
  // A terminal whose input ends is a terminal that was closed.
  const ended = stdin.isTTY ? () => agent.end('SIGHUP') : () => agent.inputEnded();
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.on('data', (chunk: string) => {
    for (const key of keys.push(chunk)) {
      const event = conversation.key(key);
      screen.draft = conversation.draft;
      if (event !== undefined) agent.input(event);
    }
  });
  stdin.on('end', ended);
  stdin.on('error', ended);
}

/** Parses the command line, runs the agent, and ends the process with its exit code; 2 for a wrong command line. */
function main(): void {
  let options: DemoOptions;
  try {
    options = readDemoOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${demoUsage}\n`);
    process.exitCode = 2;
    return;
  }
  run(options).then(
    (code) => process.stdout.write('', () => process.exit(code)),
    (error: unknown) => process.stderr.write(`The demo agent broke: ${messageOf(error)}\n`, () => process.exit(1)),
  );
}

main();
