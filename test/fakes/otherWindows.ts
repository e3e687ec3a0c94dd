import { Emitter } from '../../src/base/event.ts';
import { FleetError } from '../../src/base/errors.ts';
import { nullLogger } from '../../src/base/ports.ts';
import type { OtherWindows } from '../../src/core/ports.ts';
import type { PromptResult } from '../../src/core/prompt.ts';

/** Other windows that hold what a test says; keeps what they were asked to do. */
export class FakeOtherWindows implements OtherWindows {
  readonly written: { readonly sessionId: string; readonly data: string }[] = [];
  readonly prompted: { readonly sessionId: string; readonly text: string }[] = [];
  readonly closed: string[] = [];
  /** What a prompt comes to there; an error: it is refused with it. */
  result: PromptResult | Error = 'submitted';
  readonly #held = new Set<string>();
  readonly #changed = new Emitter<void>(nullLogger);
  readonly onDidChange = this.#changed.event;

  /** Another window holds that terminal from now on. */
  hold(sessionId: string): void {
    this.#held.add(sessionId);
    this.#changed.fire();
  }

  /** It holds it no more, or cannot be reached. */
  lose(sessionId: string): void {
    this.#held.delete(sessionId);
    this.#changed.fire();
  }

  holds(sessionId: string): boolean {
    return this.#held.has(sessionId);
  }

  async write(sessionId: string, data: string): Promise<void> {
    await this.#reach(sessionId);
    this.written.push({ sessionId, data });
  }

  async prompt(sessionId: string, text: string): Promise<PromptResult> {
    await this.#reach(sessionId);
    this.prompted.push({ sessionId, text });
    if (this.result instanceof Error) throw this.result;
    return this.result;
  }

  async close(sessionId: string): Promise<void> {
    await Promise.resolve();
    if (this.#held.delete(sessionId)) this.closed.push(sessionId);
  }

  async #reach(sessionId: string): Promise<void> {
    await Promise.resolve();
    if (!this.#held.has(sessionId)) throw new FleetError('NoTerminal', 'The terminal of this session is closed, or its window is gone.');
  }
}
