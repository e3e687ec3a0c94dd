import * as vscode from 'vscode';
import { detach } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Clock, Logger } from '../base/ports.ts';
import type { FleetService } from '../core/fleetService.ts';
import type { SessionStore } from '../core/ports.ts';
import type { FleetWindows } from '../link/fleetWindows.ts';
import { focusViewCommand } from '../presentation/contributions.ts';
import { registryDamaged, viewMessage } from '../presentation/messages.ts';
import { statusLine } from '../presentation/statusLine.ts';
import type { SessionView } from '../presentation/sessionView.ts';
import type { Translate } from '../presentation/translate.ts';
import type { FleetModel } from './fleetModel.ts';
import type { FleetTree } from './fleetTree.ts';

export interface FleetStatusBarOptions {
  readonly model: FleetModel;
  readonly tree: FleetTree;
  readonly fleet: FleetService;
  readonly store: SessionStore;
  readonly isTrusted: () => boolean;
  readonly windows: Pick<FleetWindows, 'isOwnerSilent'>;
  readonly clock: Clock;
  /** Remembers until when failures were seen, across reloads. */
  readonly memento: vscode.Memento;
  readonly logger: Logger;
  readonly t: Translate;
}

const seenKey = 'failuresSeenUntil';

/** The status bar item and the badge of the view: the same numbers in two places. */
export class FleetStatusBar implements Disposable {
  readonly #options: FleetStatusBarOptions;
  readonly #disposables = new DisposableStore();
  readonly #item: vscode.StatusBarItem;

  constructor(options: FleetStatusBarOptions) {
    this.#options = options;
    this.#item = this.#disposables.add(vscode.window.createStatusBarItem('fleet', vscode.StatusBarAlignment.Left, 100));
    this.#item.name = options.t('Agent Fleet');
    this.#item.command = focusViewCommand;
    this.#disposables.add(options.model.onDidChange(() => this.#update()));
    this.#disposables.add(options.store.onDidChangeHealth(() => this.#update()));
    this.#disposables.add(options.tree.view.onDidChangeVisibility(() => this.#update()));
    this.#update();
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #update(): void {
    const { model, tree, fleet, store, isTrusted, windows, t } = this.#options;
    const views = model.views;
    const line = statusLine(t, { views, health: store.health, failedUnseen: this.#failedUnseen(views) });
    tree.view.badge = line.badge === undefined ? undefined : { value: line.badge.value, tooltip: line.badge.tooltip };
    if (fleet.report !== undefined) {
      const damage = registryDamaged(t, fleet.report);
      // Without rows the view itself says more about trust, with a way to grant it; a message would hide that.
      const trusted = isTrusted() || views.length === 0;
      // An empty text takes the line away.
      const message = viewMessage(t, { health: store.health, trusted, ownerSilent: windows.isOwnerSilent, ...(damage === undefined ? {} : { damage }) }) ?? '';
      // Each assignment puts off the next refresh of the rows.
      if (tree.view.message !== message) tree.view.message = message;
    }
    if (!line.visible) {
      this.#item.hide();
      return;
    }
    this.#item.text = line.text;
    this.#item.tooltip = new vscode.MarkdownString(line.tooltip);
    this.#item.accessibilityInformation = { label: line.ariaLabel, role: 'button' };
    this.#item.backgroundColor = line.background === undefined ? undefined : new vscode.ThemeColor(line.background);
    this.#item.show();
  }

  /** Failures that ended after the view was last looked at. */
  #failedUnseen(views: readonly SessionView[]): number {
    const { tree, clock, memento, logger } = this.#options;
    const until = memento.get<number>(seenKey, 0);
    const unseen = views.filter(({ session }) => session.status === 'failed' && (session.completedAt ?? 0) > until).length;
    if (unseen === 0 || !tree.view.visible) return unseen;
    detach(Promise.resolve(memento.update(seenKey, clock.now())), logger, 'remembering what was seen');
    return 0;
  }
}
