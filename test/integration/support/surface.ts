import threads from 'node:worker_threads';
import * as vscode from 'vscode';

/** A message that the extension showed to the person. */
export interface ShownMessage {
  readonly severity: 'error' | 'warning' | 'information';
  readonly text: string;
}

/** What the extension put on the screen and into its log, seen at the editor's API: nothing is replaced, everything still happens. */
export interface Surface {
  readonly messages: ShownMessage[];
  /** `warn the link to the agents has a fault: …` */
  readonly log: string[];
  view: vscode.TreeView<string> | undefined;
  treeData: vscode.TreeDataProvider<string> | undefined;
  statusItem: vscode.StatusBarItem | undefined;
  /** How many worker threads were started. */
  threads: number;
}

const key = Symbol.for('agent-fleet.test.surface');
type Shared = Record<symbol, Surface | undefined>;

/** The one surface of this window; every test file has a copy of this module. */
export function surface(): Surface {
  const found = (globalThis as unknown as Shared)[key];
  if (found === undefined) throw new Error('the surface was not installed before the extension was activated');
  return found;
}

/** Begins to look. The tests lie inside the extension's folder, so the editor hands both the same API object. */
export function installSurface(): void {
  const seen: Surface = { messages: [], log: [], view: undefined, treeData: undefined, statusItem: undefined, threads: 0 };
  (globalThis as unknown as Shared)[key] = seen;
  const { window } = vscode;
  after(window, 'showErrorMessage', (_, [text]) => seen.messages.push({ severity: 'error', text: String(text) }));
  after(window, 'showWarningMessage', (_, [text]) => seen.messages.push({ severity: 'warning', text: String(text) }));
  after(window, 'showInformationMessage', (_, [text]) => seen.messages.push({ severity: 'information', text: String(text) }));
  after(window, 'createTreeView', (view, [, options]) => {
    seen.view = view as vscode.TreeView<string>;
    seen.treeData = (options as vscode.TreeViewOptions<string>).treeDataProvider;
  });
  after(window, 'createStatusBarItem', (item) => (seen.statusItem = item as vscode.StatusBarItem));
  after(window, 'createOutputChannel', (channel) => watchLog(channel as vscode.LogOutputChannel, seen.log));
  const { Worker } = threads;
  // Seen at the module object that the extension reads it from; the class itself stays the real one.
  Object.defineProperty(threads, 'Worker', {
    get() {
      seen.threads += 1;
      return Worker;
    },
  });
}

function watchLog(channel: vscode.LogOutputChannel, log: string[]): void {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) after(channel, level, (_, [text]) => log.push(`${level} ${String(text)}`));
}

/** Calls `look` with the result and the arguments of every call of a method. */
function after<T extends object>(owner: T, name: keyof T & string, look: (result: unknown, args: readonly unknown[]) => unknown): void {
  const original = owner[name] as unknown as (...args: unknown[]) => unknown;
  const wrapped = (...args: unknown[]): unknown => {
    const result = original.apply(owner, args);
    look(result, args);
    return result;
  };
  Object.defineProperty(owner, name, { value: wrapped, configurable: true, writable: true, enumerable: true });
}

/** The messages that `work` caused, of one severity; given as soon as `work` is over. */
export async function messagesOf(work: () => PromiseLike<unknown>, severity: ShownMessage['severity'] = 'error'): Promise<string[]> {
  const before = surface().messages.length;
  await work();
  return surface()
    .messages.slice(before)
    .filter((message) => message.severity === severity)
    .map(({ text }) => text);
}
