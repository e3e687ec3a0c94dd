import * as vscode from 'vscode';
import { DisposableMap, DisposableStore, toDisposable, type Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/event.ts';
import { FleetError, messageOf } from '../base/errors.ts';
import { detach } from '../base/async.ts';
import type { Logger } from '../base/ports.ts';
import type { TerminalCloseReason, TerminalHost, TerminalLaunch } from '../core/ports.ts';
import { TitleScanner } from '../core/titleScanner.ts';
import { terminalIcon } from '../presentation/contributions.ts';

/** The editor holds all output of a frame in memory until the frame ends; UTF-16 units. */
const maxKept = 8 * 1024 * 1024;

/**
 * The integrated terminals of this window. A terminal is known by the `Terminal` object while the window lives, and found again
 * after a reload by the pid of its process, which is the runner's; never by name or index.
 */
export class EditorTerminals implements TerminalHost, Disposable {
  readonly #logger: Logger;
  readonly #disposables = new DisposableStore();
  readonly #terminals = new Map<string, vscode.Terminal>();
  readonly #readers: DisposableMap<string, Disposable>;
  /** Runner pids whose terminal has not shown up in this window yet. */
  readonly #awaited = new Map<number, string>();
  readonly #closed: Emitter<{ sessionId: string; reason: TerminalCloseReason }>;
  readonly #titles: Emitter<{ sessionId: string; title: string }>;
  readonly #output: Emitter<{ sessionId: string }>;
  readonly #adopted: Emitter<{ sessionId: string }>;
  readonly #heldChanges: Emitter<void>;
  readonly #long: Emitter<{ sessionId: string }>;

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#readers = this.#disposables.add(new DisposableMap());
    this.#closed = this.#disposables.add(new Emitter(logger));
    this.#titles = this.#disposables.add(new Emitter(logger));
    this.#output = this.#disposables.add(new Emitter(logger));
    this.#adopted = this.#disposables.add(new Emitter(logger));
    this.#heldChanges = this.#disposables.add(new Emitter(logger));
    this.onDidChangeHeld = this.#heldChanges.event;
    this.onDidClose = this.#closed.event;
    this.onTitle = this.#titles.event;
    this.onOutput = this.#output.event;
    this.onDidAdopt = this.#adopted.event;
    this.#long = this.#disposables.add(new Emitter(logger));
    this.onLongOutput = this.#long.event;
    this.#disposables.add(vscode.window.onDidOpenTerminal((terminal) => detach(this.#match(terminal), logger, 'matching a terminal')));
    this.#disposables.add(vscode.window.onDidCloseTerminal((terminal) => this.#onClose(terminal)));
    this.#disposables.add(vscode.window.onDidStartTerminalShellExecution((start) => this.#onStart(start)));
  }

  readonly onDidClose: TerminalHost['onDidClose'];
  readonly onTitle: TerminalHost['onTitle'];
  readonly onOutput: TerminalHost['onOutput'];
  readonly onDidAdopt: TerminalHost['onDidAdopt'];
  readonly onDidChangeHeld: TerminalHost['onDidChangeHeld'];
  /** So much was read in one frame that a fresh one is due: the editor lets go of the old. */
  readonly onLongOutput: TerminalHost['onOutput'];

  async launch(launch: TerminalLaunch): Promise<void> {
    const [shellPath, ...shellArgs] = launch.argv;
    let terminal: vscode.Terminal;
    try {
      terminal = vscode.window.createTerminal({
        name: launch.name,
        shellPath,
        shellArgs,
        cwd: vscode.Uri.file(launch.cwd),
        env: { ...launch.env },
        iconPath: new vscode.ThemeIcon(terminalIcon),
      });
    } catch (error) {
      throw new FleetError('TerminalFailed', `The editor could not open a terminal: ${messageOf(error)}`, { cause: error });
    }
    this.#terminals.set(launch.sessionId, terminal);
    this.#heldChanges.fire();
    if ((await terminal.processId) === undefined && this.#terminals.get(launch.sessionId) === undefined) {
      throw new FleetError('TerminalFailed', 'The editor opened a terminal, but its process did not start. See the terminal for the reason.');
    }
  }

  get held(): readonly string[] {
    return [...this.#terminals.keys()];
  }

  has(sessionId: string): boolean {
    return this.#terminals.has(sessionId);
  }

  write(sessionId: string, data: string): void {
    this.#get(sessionId).sendText(data, false);
  }

  reveal(sessionId: string, preserveFocus = false): void {
    this.#get(sessionId).show(preserveFocus);
  }

  /** Whether the person looks at that session's terminal: it is the active one of a focused window. */
  isLookedAt(sessionId: string): boolean {
    const terminal = this.#terminals.get(sessionId);
    return terminal !== undefined && vscode.window.state.focused && vscode.window.activeTerminal === terminal;
  }

  close(sessionId: string): void {
    this.#terminals.get(sessionId)?.dispose();
  }

  adopt(sessionId: string, runnerPid: number): void {
    if (this.#terminals.has(sessionId)) return;
    this.#awaited.set(runnerPid, sessionId);
    for (const terminal of vscode.window.terminals) detach(this.#match(terminal), this.#logger, 'matching a terminal');
  }

  abandon(sessionId: string): void {
    for (const [pid, awaited] of this.#awaited) if (awaited === sessionId) this.#awaited.delete(pid);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  /** After a reload, terminals appear one by one and say no more than their pid. */
  async #match(terminal: vscode.Terminal): Promise<void> {
    if (this.#awaited.size === 0) return;
    const pid = await terminal.processId;
    const sessionId = pid === undefined ? undefined : this.#awaited.get(pid);
    if (pid === undefined || sessionId === undefined || this.#disposables.isDisposed) return;
    this.#awaited.delete(pid);
    this.#terminals.set(sessionId, terminal);
    this.#adopted.fire({ sessionId });
    this.#heldChanges.fire();
  }

  #get(sessionId: string): vscode.Terminal {
    const terminal = this.#terminals.get(sessionId);
    if (terminal === undefined) throw new FleetError('NoTerminal', 'This session has no terminal in this window.');
    return terminal;
  }

  #sessionOf(terminal: vscode.Terminal): string | undefined {
    for (const [sessionId, known] of this.#terminals) if (known === terminal) return sessionId;
    return undefined;
  }

  /** The runner opened its frame: read at once, or output is missed. */
  #onStart(start: vscode.TerminalShellExecutionStartEvent): void {
    const sessionId = this.#sessionOf(start.terminal);
    // The editor keeps what is read until the command ends: other people's terminals are not ours to keep.
    if (sessionId === undefined) return;
    const stream = start.execution.read();
    let open = true;
    this.#readers.set(sessionId, toDisposable(() => (open = false)));
    const scanner = new TitleScanner();
    let length = 0;
    const read = async (): Promise<void> => {
      for await (const chunk of stream) {
        if (!open) return;
        this.#output.fire({ sessionId });
        length += chunk.length;
        if (length > maxKept) {
          length = 0;
          this.#long.fire({ sessionId });
        }
        for (const title of scanner.scan(chunk)) this.#titles.fire({ sessionId, title });
      }
    };
    detach(read(), this.#logger, `reading the terminal of ${sessionId}`);
  }

  #onClose(terminal: vscode.Terminal): void {
    const sessionId = this.#sessionOf(terminal);
    if (sessionId === undefined) return;
    this.#terminals.delete(sessionId);
    this.#readers.delete(sessionId);
    this.#heldChanges.fire();
    this.#closed.fire({ sessionId, reason: reasonOf(terminal.exitStatus?.reason) });
  }
}

function reasonOf(reason: vscode.TerminalExitReason | undefined): TerminalCloseReason {
  switch (reason) {
    case vscode.TerminalExitReason.Shutdown:
      return 'shutdown';
    case vscode.TerminalExitReason.Process:
      return 'process';
    case vscode.TerminalExitReason.User:
      return 'user';
    case vscode.TerminalExitReason.Extension:
      return 'extension';
    case vscode.TerminalExitReason.Unknown:
    case undefined:
      return 'unknown';
  }
}
