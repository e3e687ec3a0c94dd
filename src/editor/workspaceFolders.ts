import { realpath } from 'node:fs/promises';
import * as vscode from 'vscode';
import { detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Logger } from '../base/ports.ts';
import { resolveInside } from '../core/paths.ts';

/** The workspace's folders on this machine's disk, in the order of the workspace. Virtual folders cannot hold an agent. */
export function workspaceFolders(): readonly { readonly name: string; readonly path: string }[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file').map((folder) => ({ name: folder.name, path: folder.uri.fsPath }));
}

/** The workspace's folders, also under their real paths: a folder may be opened through a link. */
export class WorkspaceRoots implements Disposable {
  readonly #disposables = new DisposableStore();
  #real: readonly string[] = [];

  constructor(logger: Logger) {
    const read = (): void => detach(this.#read(), logger, 'reading the workspace folders');
    this.#disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(read));
    read();
  }

  /** Whether `folder` is a workspace folder or lies in one. */
  contain(folder: string): boolean {
    const roots = [...workspaceFolders().map(({ path }) => path), ...this.#real];
    return roots.some((root) => folder === root || resolveInside(root, folder) !== undefined);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #read(): Promise<void> {
    const paths = workspaceFolders().map(({ path }) => path);
    this.#real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  }
}
