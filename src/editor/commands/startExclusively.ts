import * as vscode from 'vscode';
import { isFleetError } from '../../base/errors.ts';
import type { Session } from '../../core/session.ts';
import { settingIds } from '../../presentation/contributions.ts';
import { folderTaken } from '../../presentation/historyMessages.ts';
import { setting } from '../settings.ts';
import type { CommandContext } from './context.ts';

/**
 * Starts a session, with its folder for itself when the setting says so. If another live agent has the folder, the person chooses: show that
 * one, or start anyway. `undefined` when nothing was started.
 */
export async function startExclusively(context: CommandContext, folder: string, start: (exclusive: boolean) => Promise<Session>): Promise<Session | undefined> {
  if (!setting(settingIds.exclusiveFolders)) return start(false);
  try {
    return await start(true);
  } catch (error) {
    if (!isFleetError(error, 'LiveOwner')) throw error;
    const { sessionId, name } = error.details;
    const question = folderTaken(context.t, String(name), folder);
    const picked = await vscode.window.showWarningMessage(question.message, { modal: true, detail: question.detail }, question.reveal, question.confirm);
    if (picked === question.confirm) return start(false);
    if (picked === question.reveal) await reveal(context, String(sessionId));
    return undefined;
  }
}

async function reveal(context: CommandContext, id: string): Promise<void> {
  if (context.terminals.has(id)) context.terminals.reveal(id);
  await context.tree.reveal(id);
}
