import * as path from 'node:path';
import * as vscode from 'vscode';
import { FleetError, messageOf } from '../base/errors.ts';
import { notSaved } from '../presentation/historyMessages.ts';
import type { Translate } from '../presentation/translate.ts';
import { workspaceFolders } from './workspaceFolders.ts';

export interface SaveRequest {
  readonly title: string;
  /** Proposed name. */
  readonly fileName: string;
  /** Absolute path that a program gives instead of a person. */
  readonly file: string | undefined;
}

/** Files with JSON lines, for the dialogs. */
export function linesFilter(t: Translate): Record<string, string[]> {
  return { [t('JSON Lines')]: ['jsonl'] };
}

/** Asks where to write; `undefined` when the person gave up. The editor's dialog asks before it replaces a file. */
export async function askTarget(t: Translate, { title, fileName, file }: SaveRequest): Promise<vscode.Uri | undefined> {
  if (file !== undefined) return path.isAbsolute(file) ? vscode.Uri.file(file) : undefined;
  const [folder] = workspaceFolders();
  return vscode.window.showSaveDialog({
    title,
    filters: linesFilter(t),
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.file(path.join(folder.path, fileName)) }),
  });
}

/** @throws FleetError `NotSaved`. */
export function writeText(t: Translate, uri: vscode.Uri, text: string): Promise<void> {
  return writeBytes(t, uri, new TextEncoder().encode(text));
}

/** @throws FleetError `NotSaved`. */
export async function writeBytes(t: Translate, uri: vscode.Uri, bytes: Uint8Array): Promise<void> {
  try {
    await vscode.workspace.fs.writeFile(uri, bytes);
  } catch (error) {
    throw new FleetError('NotSaved', notSaved(t, uri.fsPath, messageOf(error)), { cause: error });
  }
}
