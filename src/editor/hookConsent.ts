import * as vscode from 'vscode';
import type { DriverInfo } from '../core/driver.ts';
import { settingIds } from '../presentation/contributions.ts';
import { confirmHooks } from '../presentation/messages.ts';
import type { Translate } from '../presentation/translate.ts';
import { setting } from './settings.ts';

/**
 * Asks once whether our hooks may run in an agent that wants its user's consent for them, and keeps the answer in the
 * user's settings, where it can be seen and changed.
 * @returns false when the person gave up instead of answering.
 */
export async function askForHooks(t: Translate, info: DriverInfo): Promise<boolean> {
  if (info.asksForHooks === undefined || setting(settingIds.codexHooks) !== 'ask') return true;
  const question = confirmHooks(t, info.label);
  const picked = await vscode.window.showInformationMessage(question.message, { modal: true, detail: question.detail }, question.confirm, question.decline);
  if (picked === undefined) return false;
  const answer = picked === question.confirm ? 'on' : 'off';
  await vscode.workspace.getConfiguration().update(settingIds.codexHooks, answer, vscode.ConfigurationTarget.Global);
  return true;
}
