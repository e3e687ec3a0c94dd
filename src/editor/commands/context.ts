import * as vscode from 'vscode';
import type { Disposable } from '../../base/disposable.ts';
import { isFleetError, messageOf } from '../../base/errors.ts';
import type { Clock, Logger } from '../../base/ports.ts';
import type { FleetService } from '../../core/fleetService.ts';
import type { SessionFolders } from '../../core/ports.ts';
import type { SessionController } from '../../core/sessionController.ts';
import type { Spawner } from '../../core/spawner.ts';
import type { InstalledDrivers } from '../../drivers/catalog.ts';
import type { CommandId } from '../../presentation/contributions.ts';
import type { Confirmation } from '../../presentation/messages.ts';
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
  readonly clock: Clock;
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
