import * as vscode from 'vscode';
import { Coalescer } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Clock, Timers } from '../base/ports.ts';
import { commandIds, focusViewCommand, settingIds } from '../presentation/contributions.ts';
import { dueNotifications, type FleetNotification } from '../presentation/notifications.ts';
import { buttonLabel } from '../presentation/prompts.ts';
import type { SessionView } from '../presentation/sessionView.ts';
import type { Translate } from '../presentation/translate.ts';
import type { FleetModel } from './fleetModel.ts';
import { setting } from './settings.ts';

export interface FleetNotificationsOptions {
  readonly model: FleetModel;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly t: Translate;
  /** Whether the person looks at that session's terminal right now. */
  readonly isLookedAt: (sessionId: string) => boolean;
}

/** Changes within this time are told in one message, milliseconds. */
const gatherMs = 1000;

/** Tells a person what needs him, once, and never takes the focus. */
export class FleetNotifications implements Disposable {
  readonly #options: FleetNotificationsOptions;
  readonly #disposables = new DisposableStore();
  readonly #byPerson = new Set<string>();
  #before: readonly SessionView[] | undefined;

  constructor(options: FleetNotificationsOptions) {
    this.#options = options;
    const gather = this.#disposables.add(new Coalescer(options.timers, gatherMs, () => this.#look()));
    this.#disposables.add(options.model.onDidChange(() => gather.trigger()));
  }

  /** What a person did himself is not announced to him. */
  actedOn(sessionIds: readonly string[]): void {
    for (const id of sessionIds) this.#byPerson.add(id);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #look(): void {
    const { model, clock, t, isLookedAt } = this.#options;
    const after = model.views;
    const before = this.#before;
    this.#before = after;
    const byPerson = new Set([...this.#byPerson, ...after.map(({ session }) => session.id).filter(isLookedAt)]);
    this.#byPerson.clear();
    if (before === undefined) return;
    for (const notification of dueNotifications(t, { before, after, setting: setting(settingIds.notifications), byPerson, now: clock.now() })) this.#show(notification);
  }

  #show(notification: FleetNotification): void {
    const { model, t } = this.#options;
    const [sessionId, ...others] = notification.sessionIds;
    const single = others.length === 0 ? sessionId : undefined;
    // A terminal that is in no window cannot be shown.
    const canReveal = notification.kind === 'needsYou' && model.views.some(({ session, hasTerminal }) => session.id === single && hasTerminal);
    const button = buttonLabel(t, single === undefined ? 'showFleet' : canReveal ? 'showTerminal' : 'inspect');
    const show =
      notification.severity === 'error'
        ? vscode.window.showErrorMessage
        : notification.severity === 'warning'
          ? vscode.window.showWarningMessage
          : vscode.window.showInformationMessage;
    void show(notification.message, button).then((picked) => {
      if (picked === undefined) return undefined;
      if (single === undefined) return vscode.commands.executeCommand(focusViewCommand);
      return vscode.commands.executeCommand(canReveal ? commandIds.revealTerminal : commandIds.inspect, single);
    });
  }
}
