import * as vscode from 'vscode';
import { Throttle } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Clock, Timers } from '../base/ports.ts';
import { commandIds, viewIds } from '../presentation/contributions.ts';
import { diffTree } from '../presentation/treeDiff.ts';
import { sessionTooltip } from '../presentation/tooltip.ts';
import type { Translate } from '../presentation/translate.ts';
import { buildTree, chainNames, emptyTree, familyMark, sessionNodeId, type FleetNode, type SessionNode, type TreeModel } from '../presentation/treeModel.ts';
import type { FleetModel } from './fleetModel.ts';

export interface FleetTreeOptions {
  readonly model: FleetModel;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly t: Translate;
  readonly revealTerminalOnClick: () => boolean;
}

/**
 * Time between two announcements, milliseconds. The editor waits for 200 ms without one before it asks for rows again: announced
 * more often than that, the view of a busy fleet would stand still.
 */
const refreshMs = 250;

/** The tree in the side bar. Copies what `presentation` computed into tree items; ids keep expansion, selection and focus. */
export class FleetTree implements vscode.TreeDataProvider<string>, Disposable {
  readonly #options: FleetTreeOptions;
  readonly #disposables = new DisposableStore();
  readonly #changed: vscode.EventEmitter<string[] | undefined>;
  readonly view: vscode.TreeView<string>;
  #tree: TreeModel = emptyTree;

  constructor(options: FleetTreeOptions) {
    this.#options = options;
    this.#changed = this.#disposables.add(new vscode.EventEmitter<string[] | undefined>());
    this.onDidChangeTreeData = this.#changed.event;
    this.#tree = this.#build();
    this.view = this.#disposables.add(
      vscode.window.createTreeView(viewIds.sessions, { treeDataProvider: this, canSelectMany: true, showCollapseAll: false }),
    );
    const refresh = this.#disposables.add(new Throttle(options.timers, refreshMs, () => this.#refresh()));
    this.#disposables.add(options.model.onDidChange(() => refresh.trigger()));
  }

  readonly onDidChangeTreeData: vscode.Event<string[] | undefined>;

  /** Ids of the selected sessions, in the order of the tree. */
  get selectedSessions(): readonly string[] {
    return this.view.selection.flatMap((id) => this.sessionIdOf(id) ?? []);
  }

  /** The session behind a node id. */
  sessionIdOf(nodeId: string): string | undefined {
    const node = this.#tree.nodes.get(nodeId);
    return node?.kind === 'session' ? node.sessionId : undefined;
  }

  /** Shows a session's row without taking the focus. */
  async reveal(sessionId: string): Promise<void> {
    const id = sessionNodeId(sessionId);
    if (this.view.visible && this.#tree.nodes.has(id)) await this.view.reveal(id, { select: true, focus: false });
  }

  getChildren(id?: string): string[] {
    if (id === undefined) return this.#tree.groups.map((group) => group.id);
    return (this.#tree.nodes.get(id)?.children ?? []).map((child) => child.id);
  }

  getParent(id: string): string | undefined {
    return this.#tree.parents.get(id);
  }

  getTreeItem(id: string): vscode.TreeItem {
    const node = this.#tree.nodes.get(id);
    // The editor may ask for a row that is gone since it was announced.
    if (node === undefined) return new vscode.TreeItem('');
    const item = new vscode.TreeItem(node.label, collapsibleState(node));
    item.id = node.id;
    item.description = node.description;
    item.contextValue = node.contextValue;
    item.accessibilityInformation = { label: node.ariaLabel };
    if (node.kind === 'session') {
      item.iconPath = new vscode.ThemeIcon(node.icon, node.color === undefined ? undefined : new vscode.ThemeColor(node.color));
      if (this.#options.revealTerminalOnClick()) item.command = { command: commandIds.revealTerminal, title: '', arguments: [id] };
    }
    return item;
  }

  /** Tooltips hold ages in seconds: they are made when they are shown. */
  resolveTreeItem(item: vscode.TreeItem, id: string): vscode.TreeItem {
    const node = this.#tree.nodes.get(id);
    if (node?.kind === 'session') item.tooltip = this.#tooltip(node);
    return item;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #build(): TreeModel {
    const { model, clock, t } = this.#options;
    return buildTree(t, model.views, clock.now());
  }

  #refresh(): void {
    const next = this.#build();
    const diff = diffTree(this.#tree, next);
    this.#tree = next;
    if (diff.type === 'all') this.#changed.fire(undefined);
    else if (diff.type === 'nodes') this.#changed.fire(diff.nodes.map((node) => node.id));
  }

  #tooltip(node: SessionNode): vscode.MarkdownString | undefined {
    const { model, clock, t } = this.#options;
    const views = model.views;
    const view = views.find(({ session }) => session.id === node.sessionId);
    if (view === undefined) return undefined;
    const mark = familyMark(views, node.sessionId);
    const text = sessionTooltip(t, view, clock.now(), { chain: chainNames(views, node.sessionId), ...(mark === undefined ? {} : { mark }) });
    return new vscode.MarkdownString(text);
  }
}

function collapsibleState(node: FleetNode): vscode.TreeItemCollapsibleState {
  return node.children.length === 0 ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded;
}
