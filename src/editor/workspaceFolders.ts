import * as vscode from 'vscode';

/** The workspace's folders on this machine's disk, in the order of the workspace. Virtual folders cannot hold an agent. */
export function workspaceFolders(): readonly { readonly name: string; readonly path: string }[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file').map((folder) => ({ name: folder.name, path: folder.uri.fsPath }));
}
