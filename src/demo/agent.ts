import { Deferred } from '../base/async.ts';
import { oneLine } from '../base/text.ts';
import type { FleetArtifactRef } from '../protocol/event.ts';
import type { JsonObject } from '../protocol/json.ts';
import type { InputEvent } from './conversation.ts';
import { extendSampleReadme, writeReport } from './files.ts';
import type { DemoOptions } from './options.ts';
import type { Reporter } from './reporter.ts';
import type { Screen } from './screen.ts';
import { answerPrompt, scripts } from './scripts.ts';
import type { Turn } from './turn.ts';

export interface DemoAgentOptions {
  readonly options: DemoOptions;
  readonly screen: Screen;
  readonly reporter: Reporter;
  readonly cwd: string;
  /** Rejects with an `AbortError` when `signal` fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Told when a question opens or closes. */
  readonly onAsking: (open: boolean) => void;
}

/** Exit codes of processes that a signal ended, as shells count them. */
export const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndSignal = keyof typeof exitCodes;

/** One demo session: takes turns, waits for prompts between them, and knows its exit code at the end. */
export class DemoAgent {
  readonly #with: DemoAgentOptions;
  readonly #prompts: string[] = [];
  readonly #artifacts: FleetArtifactRef[] = [];
  readonly #done: string[] = [];
  #turn: AbortController | undefined;
  #answer: Deferred<boolean> | undefined;
  #wake = new Deferred<void>();
  #noMoreInput = false;
  #lastPrompt: string | undefined;
  #end: { code: number; signal?: EndSignal } | undefined;

  constructor(options: DemoAgentOptions) {
    this.#with = options;
    this.#lastPrompt = options.options.prompt;
  }

  /** Resolves with the exit code. */
  async run(): Promise<number> {
    const { options, screen, reporter } = this.#with;
    screen.open();
    screen.line(`Demo agent · ${options.name} · ${options.script}`, 'head');
    reporter.report({ state: 'starting' });
    if (options.prompt !== undefined) this.#show(options.prompt);
    let code: number | undefined;
    const finished = await this.#take(async (turn) => {
      code = await scripts[options.script](turn);
    });
    if (!finished) code = undefined;
    while (this.#end === undefined) {
      const prompt = this.#prompts.shift();
      if (prompt !== undefined) {
        this.#lastPrompt = prompt;
        if (!(await this.#take(answerPrompt))) code = undefined;
      } else if (code !== undefined) this.#end = { code };
      else await this.#idle();
    }
    this.#sayEnd(this.#end);
    return this.#end.code;
  }

  /** Something was typed. */
  input(event: InputEvent): void {
    if (event.type === 'prompt') {
      this.#prompts.push(event.text);
      this.#show(event.text);
      this.#wake.resolve();
    } else if (event.type === 'answer') this.#answer?.resolve(event.yes);
    else if (event.type === 'leave') this.#leave();
    else this.interrupt(event.by);
  }

  /** Interrupts the turn. Between turns Ctrl-C ends the agent, but for `waits`, which only a signal ends. */
  interrupt(by: 'escape' | 'ctrl-c'): void {
    if (this.#turn !== undefined) this.#turn.abort();
    else if (by === 'ctrl-c') {
      if (this.#with.options.script === 'waits') this.#with.screen.line('Nothing to interrupt.', 'quiet');
      else this.end('SIGINT');
    }
  }

  /** Ends the agent at once. */
  end(signal: EndSignal): void {
    this.#end ??= { code: exitCodes[signal], signal };
    this.#turn?.abort();
    this.#wake.resolve();
  }

  /** Nothing can be typed any more: an open question counts as refused. */
  inputEnded(): void {
    this.#noMoreInput = true;
    this.#answer?.resolve(false);
    this.#wake.resolve();
  }

  #leave(): void {
    if (this.#turn !== undefined) return;
    this.#end ??= { code: 0 };
    this.#wake.resolve();
  }

  /** Returns false when the turn was interrupted. */
  async #take(work: (turn: Turn) => Promise<void>): Promise<boolean> {
    if (this.#end !== undefined) return false;
    const abort = new AbortController();
    this.#turn = abort;
    try {
      await work(this.#makeTurn(abort.signal));
      return true;
    } catch (error) {
      if (!abort.signal.aborted) throw error;
      if (this.#end === undefined) this.#with.screen.line('Interrupted. What should I do instead?', 'ask');
      return false;
    } finally {
      this.#turn = undefined;
    }
  }

  #makeTurn(signal: AbortSignal): Turn {
    const { screen, reporter, options, cwd } = this.#with;
    const prompts = this.#prompts;
    const step = async (what: string): Promise<void> => {
      screen.title(`◇ ${options.name}: ${what}`);
      await this.#with.wait(options.paceMs, signal);
    };
    const made = (artifact: FleetArtifactRef): void => {
      this.#artifacts.push(artifact);
      reporter.report({ state: 'artifact', ...artifact });
    };
    return {
      name: options.name,
      artifacts: this.#artifacts,
      get hasPrompt() {
        return prompts.length > 0;
      },
      say: (text, tone) => screen.line(text, tone),
      think: async (about) => {
        screen.line(`· ${about}`, 'quiet');
        reporter.report({ state: 'model_wait', model: 'demo' }, { detail: about });
        await step(about);
      },
      tool: async (tool, detail, percent) => {
        screen.line(`• ${tool} ${detail}${percent === undefined ? '' : ` (${percent} %)`}`);
        const progress: JsonObject = percent === undefined ? {} : { percent, message: `${tool} ${detail}` };
        reporter.report({ state: 'running_tool', tool }, { detail, ...progress });
        this.#done.push(`${tool} ${detail}`);
        await step(`${tool} ${detail}`);
      },
      ask: async (command) => this.#ask(command, signal),
      write: async () => made(await writeReport(cwd, options.name, this.#done, this.#lastPrompt)),
      extendReadme: async () => {
        const changed = await extendSampleReadme(cwd, options.name);
        if (changed !== undefined) made(changed);
        return changed !== undefined;
      },
    };
  }

  async #ask(command: string, signal: AbortSignal): Promise<boolean> {
    const { screen, reporter, options } = this.#with;
    screen.line(`Wants to run: ${command}`, 'ask');
    if (options.policy !== 'ask') {
      const yes = options.policy !== 'deny';
      screen.line(yes ? 'Allowed by the policy.' : 'Denied by the policy.', yes ? 'good' : 'bad');
      return yes;
    }
    if (this.#noMoreInput) {
      screen.line('Nobody can answer here, so that is a no.', 'bad');
      return false;
    }
    const answer = new Deferred<boolean>();
    const refuse = (): void => answer.resolve(false);
    this.#answer = answer;
    signal.addEventListener('abort', refuse);
    reporter.report({ state: 'running' }, { activity: 'needs_permission', detail: command });
    screen.title(`? ${options.name}: may I?`);
    screen.line('May I? y = yes, n = no', 'ask');
    this.#with.onAsking(true);
    try {
      const yes = await answer.promise;
      signal.throwIfAborted();
      screen.line(yes ? 'Yes.' : 'No.', yes ? 'good' : 'bad');
      reporter.report({ state: 'running' });
      return yes;
    } finally {
      this.#with.onAsking(false);
      signal.removeEventListener('abort', refuse);
      this.#answer = undefined;
    }
  }

  async #idle(): Promise<void> {
    const { screen, reporter, options } = this.#with;
    if (this.#noMoreInput && options.script !== 'waits') {
      screen.line('No prompt can come any more.', 'quiet');
      this.#end = { code: 0 };
      return;
    }
    reporter.report({ state: 'running' }, { activity: 'idle' });
    screen.title(`✳ ${options.name}`);
    screen.line('Waiting for a prompt. Ctrl-D leaves.', 'quiet');
    this.#wake = new Deferred<void>();
    await this.#wake.promise;
  }

  #show(prompt: string): void {
    const lines = prompt.split('\n');
    this.#with.screen.line(['', ...lines.map((line) => `> ${line}`), ''].join('\n'), 'head');
    this.#with.reporter.promptTaken();
  }

  #sayEnd({ code, signal }: { code: number; signal?: EndSignal }): void {
    const { screen, reporter } = this.#with;
    if (signal !== undefined) {
      reporter.report({ state: 'interrupted', signal });
      screen.line(`Ended by ${signal}.`, 'bad');
    } else if (code === 0) reporter.report({ state: 'completed', exit_code: 0, summary: oneLine(this.#done.at(-1) ?? 'nothing to do') });
    else reporter.report({ state: 'failed', reason: 'the check failed', recoverable: true });
  }
}
