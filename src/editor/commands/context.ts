import * as vscode from 'vscode';
import type { Disposable } from '../../base/disposable.ts';
import { FleetError, isFleetError, messageOf } from '../../base/errors.ts';
import type { Clock, Logger, Timers } from '../../base/ports.ts';
import type { AuditTrail } from '../../core/auditTrail.ts';
import type { FleetService } from '../../core/fleetService.ts';
import type { SessionFolders } from '../../core/ports.ts';
import type { SessionController } from '../../core/sessionController.ts';
import type { Spawner } from '../../core/spawner.ts';
import type { InstalledDrivers } from '../../drivers/catalog.ts';
import type { CommandId } from '../../presentation/contributions.ts';
import { untrustedWorkspace, type Confirmation, type Message } from '../../presentation/messages.ts';
import { buttonLabel } from '../../presentation/prompts.ts';
import { messageText } from '../../presentation/untrustedText.ts';
import type { Translate } from '../../presentation/translate.ts';
import type { ArtifactOpener } from '../artifactOpener.ts';
import type { FleetModel } from '../fleetModel.ts';
import type { FleetTree } from '../fleetTree.ts';
import type { EditorTerminals } from '../terminals.ts';

/** What commands work with. */
export interface CommandContext {
  readonly fleet: FleetService;
  readonly spawner: Spawner;
  readonly controller: SessionController;
  readonly drivers: InstalledDrivers;
  readonly folders: SessionFolders;
  readonly terminals: EditorTerminals;
  readonly model: FleetModel;
  readonly tree: FleetTree;
  readonly artifacts: ArtifactOpener;
  readonly channel: vscode.LogOutputChannel;
  /** Keeps what a person asked of the fleet, and how it ended. */
  readonly audit: Pick<AuditTrail, 'run'>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly t: Translate;
  /** Told which sessions a person just acted on: what he did himself is not announced to him. */
  readonly actedOn: (sessionIds: readonly string[]) => void;
}

/**
 * Registers a command. An error becomes one message in words with a way to the log; programs that call the command get `undefined`.
 */
export function register<Args extends unknown[], Result>(
  context: CommandContext,
  id: CommandId,
  run: (...args: Args) => Promise<Result>,
): Disposable {
  return vscode.commands.registerCommand(id, async (...args: Args) => {
    try {
      await context.fleet.open();
      return await run(...args);
    } catch (error) {
      // The person ended it meanwhile, or the window is closing: nothing to say.
      if (isFleetError(error, 'Cancelled') || isFleetError(error, 'Closing')) return undefined;
      if (!isFleetError(error)) context.logger.error(`the command ${id} failed`, error);
      showError(context, messageOf(error));
      return undefined;
    }
  });
}

/** Shows an error without waiting for the person. */
export function showError(context: CommandContext, message: string): void {
  const button = buttonLabel(context.t, 'showLog');
  void vscode.window.showErrorMessage(messageText(message), button).then((picked) => {
    if (picked === button) context.channel.show();
  });
}

/** Asks a modal question; true when the person went on. */
export async function confirm(question: Confirmation): Promise<boolean> {
  const picked = await vscode.window.showWarningMessage(question.message, { modal: true, detail: question.detail }, question.confirm);
  return picked === question.confirm;
}

/** Shows what became of a command. */
export function showMessage(context: CommandContext, message: Message | undefined): void {
  if (message === undefined) return;
  if (message.severity === 'error') showError(context, message.text);
  else if (message.severity === 'warning') void vscode.window.showWarningMessage(message.text);
  else void vscode.window.showInformationMessage(message.text);
}

/** An option that only programs and key bindings give, for example `{ "confirmed": true }`. */
export function hasFlag(options: unknown, flag: string): boolean {
  return optionOf(options, flag) === true;
}

/** A text that only programs and key bindings give. */
export function textOption(options: unknown, name: string): string | undefined {
  const value = optionOf(options, name);
  return typeof value === 'string' ? value : undefined;
}

/** Commands can be called without the view and its menus. @throws FleetError `NotTrusted`. */
export function requireTrust(context: CommandContext): void {
  if (!vscode.workspace.isTrusted) throw new FleetError('NotTrusted', untrustedWorkspace(context.t));
}

function optionOf(options: unknown, name: string): unknown {
  return typeof options === 'object' && options !== null ? (options as Record<string, unknown>)[name] : undefined;
}
