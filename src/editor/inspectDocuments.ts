import * as vscode from 'vscode';
import { Coalescer } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Clock, Timers } from '../base/ports.ts';
import type { FleetService } from '../core/fleetService.ts';
import { uriSchemes } from '../presentation/contributions.ts';
import { inspectDocument, inspectUri, maxHistoryLines } from '../presentation/inspectDocument.ts';
import { sessionGone } from '../presentation/messages.ts';
import type { Translate } from '../presentation/translate.ts';
import { chainNames, familyMark } from '../presentation/treeModel.ts';
import type { FleetModel } from './fleetModel.ts';

export interface InspectDocumentsOptions {
  readonly fleet: FleetService;
  readonly model: FleetModel;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly t: Translate;
}

/** Live documents are rewritten at most this often, milliseconds. */
const refreshMs = 500;

/** Read-only documents with all that is known of a session; they follow it while they are open. */
export class InspectDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #options: InspectDocumentsOptions;
  readonly #disposables = new DisposableStore();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly #refresh: Coalescer;

  constructor(options: InspectDocumentsOptions) {
    this.#options = options;
    this.#changed = this.#disposables.add(new vscode.EventEmitter<vscode.Uri>());
    this.onDidChange = this.#changed.event;
    this.#refresh = this.#disposables.add(new Coalescer(options.timers, refreshMs, () => this.#fire()));
    this.#disposables.add(vscode.workspace.registerTextDocumentContentProvider(uriSchemes.inspect, this));
    this.#disposables.add(options.model.onDidChange(() => this.#refresh.trigger()));
  }

  readonly onDidChange: vscode.Event<vscode.Uri>;

  /** Opens, or shows again, the document of a session. */
  async open(sessionId: string): Promise<void> {
    const { fleet, model } = this.#options;
    const uri = vscode.Uri.from(inspectUri(model.view(fleet.get(sessionId))));
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { fleet, model, clock, t } = this.#options;
    await fleet.open();
    const session = fleet.find(uri.query);
    if (session === undefined) return sessionGone(t);
    const views = model.views;
    const mark = familyMark(views, session.id);
    return inspectDocument(t, {
      view: model.view(session),
      chain: chainNames(views, session.id),
      // Only what is shown is read: this runs twice a second while the session works.
      history: await fleet.history(session.id, { afterSeq: Math.max(0, session.historySeq - maxHistoryLines) }),
      now: clock.now(),
      formatTime: (at) => new Date(at).toLocaleString(vscode.env.language),
      ...(mark === undefined ? {} : { mark }),
    });
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #fire(): void {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme === uriSchemes.inspect) this.#changed.fire(document.uri);
    }
  }
}

