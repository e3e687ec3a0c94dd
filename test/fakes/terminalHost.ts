import { Emitter } from '../../src/base/event.ts';
import { FleetError } from '../../src/base/errors.ts';
import { nullLogger } from '../../src/base/ports.ts';
import type { TerminalCloseReason, TerminalHost, TerminalLaunch } from '../../src/core/ports.ts';

/** Terminals that record what was typed into them. */
export class FakeTerminals implements TerminalHost {
  readonly launched: TerminalLaunch[] = [];
  readonly revealed: string[] = [];
  readonly closed: string[] = [];
  readonly abandoned: string[] = [];
  readonly adopted: { readonly sessionId: string; readonly runnerPid: number }[] = [];
  /** Set: `launch` fails with it. */
  launchFault: Error | undefined;
  /** False: `adopt` finds no terminal, as when it belongs to another window. */
  canAdopt = true;
  readonly #open = new Map<string, string[]>();
  readonly #didClose = new Emitter<{ sessionId: string; reason: TerminalCloseReason }>(nullLogger);
  readonly #output = new Emitter<{ sessionId: string }>(nullLogger);
  readonly #titles = new Emitter<{ sessionId: string; title: string }>(nullLogger);
  readonly #didChangeHeld = new Emitter<void>(nullLogger);
  readonly #didAdopt = new Emitter<{ sessionId: string }>(nullLogger);
  readonly onDidClose = this.#didClose.event;
  readonly onDidAdopt = this.#didAdopt.event;
  readonly onDidChangeHeld = this.#didChangeHeld.event;
  readonly onOutput = this.#output.event;
  readonly onTitle = this.#titles.event;

  /** Opens a terminal without a launch, as the editor does when it revives one. */
  open(sessionId: string): void {
    this.#open.set(sessionId, []);
    this.#didChangeHeld.fire();
  }

  /** All that was typed into a session's terminal, one entry per write. */
  typed(sessionId: string): readonly string[] {
    return this.#open.get(sessionId) ?? [];
  }

  draw(sessionId: string): void {
    this.#output.fire({ sessionId });
  }

  title(sessionId: string, title: string): void {
    this.#titles.fire({ sessionId, title });
  }

  /** The terminal goes away for a reason that is not ours. */
  lose(sessionId: string, reason: TerminalCloseReason): void {
    if (!this.#open.delete(sessionId)) return;
    this.#didChangeHeld.fire();
    this.#didClose.fire({ sessionId, reason });
  }

  async launch(launch: TerminalLaunch): Promise<void> {
    await Promise.resolve();
    if (this.launchFault !== undefined) throw this.launchFault;
    this.launched.push(launch);
    this.open(launch.sessionId);
  }

  get held(): readonly string[] {
    return [...this.#open.keys()];
  }

  has(sessionId: string): boolean {
    return this.#open.has(sessionId);
  }

  write(sessionId: string, data: string): void {
    this.#get(sessionId).push(data);
  }

  reveal(sessionId: string): void {
    this.#get(sessionId);
    this.revealed.push(sessionId);
  }

  close(sessionId: string): void {
    if (!this.#open.delete(sessionId)) return;
    this.closed.push(sessionId);
    this.#didChangeHeld.fire();
    this.#didClose.fire({ sessionId, reason: 'extension' });
  }

  adopt(sessionId: string, runnerPid: number): void {
    this.adopted.push({ sessionId, runnerPid });
    if (!this.canAdopt || this.#open.has(sessionId)) return;
    this.open(sessionId);
    this.#didAdopt.fire({ sessionId });
  }

  abandon(sessionId: string): void {
    this.abandoned.push(sessionId);
  }

  #get(sessionId: string): string[] {
    const typed = this.#open.get(sessionId);
    if (typed === undefined) throw new FleetError('NoTerminal', 'This session has no terminal in this window.');
    return typed;
  }
}
