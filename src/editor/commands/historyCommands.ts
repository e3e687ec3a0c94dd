import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { notFound } from '../../core/errors.ts';
import { isActive } from '../../core/session.ts';
import { freeName } from '../../core/spawner.ts';
import { commandIds } from '../../presentation/contributions.ts';
import { auditLines } from '../../presentation/auditDocument.ts';
import { auditExported, nothingToExport } from '../../presentation/historyMessages.ts';
import { sessionIdCopied } from '../../presentation/messages.ts';
import { pickFromHistory, type HistoryChoice } from '../historySearchBox.ts';
import type { InspectDocuments } from '../inspectDocuments.ts';
import { askTarget, writeText } from '../saveText.ts';
import { register, textOption, type CommandContext } from './context.ts';
import type { SpawnArguments } from './spawnCommands.ts';

/** Looking back: the history search, the dashboard, and the audit log. */
export function registerHistoryCommands(context: CommandContext, documents: InspectDocuments): Disposable {
  const store = new DisposableStore();
  store.add(register(context, commandIds.searchHistory, (value?: unknown) => searchHistory(context, documents, typeof value === 'string' ? value : '')));
  store.add(register(context, commandIds.showDashboard, () => documents.openDashboard()));
  store.add(register(context, commandIds.showAuditLog, () => documents.openAuditLog()));
  store.add(register(context, commandIds.exportAuditLog, (options?: unknown) => exportAuditLog(context, textOption(options, 'file'))));
  return store;
}

async function searchHistory(context: CommandContext, documents: InspectDocuments, value: string): Promise<void> {
  const choice = await pickFromHistory(context, value);
  if (choice === undefined) return;
  if (choice.action === 'inspect') await documents.open(choice.sessionId);
  else await act(context, choice);
}

async function act(context: CommandContext, { sessionId, action }: HistoryChoice): Promise<void> {
  const { fleet, drivers, t } = context;
  const session = await fleet.load(sessionId);
  if (session === undefined) throw notFound(sessionId);
  if (action === 'copyId') {
    await vscode.env.clipboard.writeText(session.id);
    vscode.window.setStatusBarMessage(sessionIdCopied(t, session.name), 3000);
    return;
  }
  const taken = new Set(fleet.sessions.filter(({ status }) => isActive(status)).map(({ name }) => name));
  const { prompt, variant, cwd } = session.spec;
  const isKnown = drivers.get(session.driver) !== undefined;
  // What it may do is asked anew, and so is the folder when it is none of this workspace.
  const again: SpawnArguments = {
    name: freeName(session.name, taken),
    ...(isKnown ? { driver: session.driver } : {}),
    ...(isKnown && variant !== undefined ? { variant } : {}),
    ...(prompt === undefined ? {} : { prompt }),
    ...(vscode.workspace.getWorkspaceFolder(vscode.Uri.file(cwd)) === undefined ? {} : { cwd }),
  };
  await vscode.commands.executeCommand(commandIds.spawn, again);
}

/** @returns how many entries were written; `undefined` when the person gave up. */
async function exportAuditLog(context: CommandContext, file: string | undefined): Promise<number | undefined> {
  const { fleet, audit, t } = context;
  const entries = await fleet.auditTrail();
  if (entries.length === 0) {
    void vscode.window.showInformationMessage(nothingToExport(t));
    return 0;
  }
  const uri = await askTarget(t, { title: t('Export Audit Log'), fileName: 'agent-fleet-audit.jsonl', file });
  if (uri === undefined) return undefined;
  await audit.run({ action: 'exportAudit', detail: uri.fsPath }, () => writeText(t, uri, auditLines(entries)));
  void vscode.window.showInformationMessage(auditExported(t, entries.length, uri.fsPath));
  return entries.length;
}
