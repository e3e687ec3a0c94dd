import * as vscode from 'vscode';
import { Coalescer } from '../base/async.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Clock, Timers } from '../base/ports.ts';
import { notFound } from '../core/errors.ts';
import type { FleetService } from '../core/fleetService.ts';
import { auditDocument, auditUri, dashboardUri, fleetDocuments, maxAuditLines } from '../presentation/auditDocument.ts';
import { uriSchemes } from '../presentation/contributions.ts';
import { dashboardDocument } from '../presentation/dashboard.ts';
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

/** Read-only documents: all that is known of a session, the dashboard, and the audit log. They follow the fleet while they are open. */
export class InspectDocuments implements vscode.TextDocumentContentProvider, Disposable {
  readonly #options: InspectDocumentsOptions;
  readonly #disposables = new DisposableStore();
  readonly #changed: vscode.EventEmitter<vscode.Uri>;
  readonly #refresh: Coalescer;
  /** Names of sessions that left the list, asked for once: the audit log follows the fleet. */
  readonly #goneNames = new Map<string, string | undefined>();

  constructor(options: InspectDocumentsOptions) {
    this.#options = options;
    this.#changed = this.#disposables.add(new vscode.EventEmitter<vscode.Uri>());
    this.onDidChange = this.#changed.event;
    this.#refresh = this.#disposables.add(new Coalescer(options.timers, refreshMs, () => this.#fire()));
    this.#disposables.add(vscode.workspace.registerTextDocumentContentProvider(uriSchemes.inspect, this));
    this.#disposables.add(options.model.onDidChange(() => this.#refresh.trigger()));
  }

  readonly onDidChange: vscode.Event<vscode.Uri>;

  /** Opens, or shows again, the document of a session, also of one that is no longer in the list. @throws FleetError `NotFound`. */
  async open(sessionId: string): Promise<void> {
    const { fleet, model } = this.#options;
    const session = await fleet.load(sessionId);
    if (session === undefined) throw notFound(sessionId);
    await show(vscode.Uri.from(inspectUri(model.view(session))));
  }

  /** Opens, or brings up to date, the table of the fleet. */
  async openDashboard(): Promise<void> {
    await this.#openAnew(vscode.Uri.from(dashboardUri(this.#options.t)));
  }

  /** Opens, or brings up to date, the audit log. */
  async openAuditLog(): Promise<void> {
    await this.#openAnew(vscode.Uri.from(auditUri(this.#options.t)));
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const { fleet, model, clock, t } = this.#options;
    await fleet.open();
    if (uri.authority === fleetDocuments.dashboard) return dashboardDocument(t, fleet.sessions);
    if (uri.authority === fleetDocuments.audit) return this.#auditLog();
    const session = await fleet.load(uri.query);
    if (session === undefined) return sessionGone(t);
    const evicted = fleet.find(session.id) === undefined;
    const views = evicted ? [...model.views, model.view(session)] : model.views;
    const mark = familyMark(views, session.id);
    return inspectDocument(t, {
      view: model.view(session),
      chain: chainNames(views, session.id),
      // Only what is shown is read: this runs twice a second while the session works.
      history: await fleet.history(session.id, { afterSeq: Math.max(0, session.historySeq - maxHistoryLines) }),
      now: clock.now(),
      evicted,
      formatTime,
      ...(mark === undefined ? {} : { mark }),
    });
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  async #auditLog(): Promise<string> {
    const { fleet, t } = this.#options;
    const entries = await fleet.auditTrail({ limit: maxAuditLines + 1 });
    const gone = entries.flatMap(({ target }) => (target === undefined || fleet.find(target) !== undefined || this.#goneNames.has(target) ? [] : [target]));
    await Promise.all([...new Set(gone)].map(async (id) => this.#goneNames.set(id, (await fleet.load(id))?.name)));
    return auditDocument(t, { entries, nameOf: (id) => fleet.find(id)?.name ?? this.#goneNames.get(id), formatTime });
  }

  /** The editor keeps the text of a document that was open a moment ago. */
  async #openAnew(uri: vscode.Uri): Promise<void> {
    this.#changed.fire(uri);
    await show(uri);
  }

  #fire(): void {
    for (const document of vscode.workspace.textDocuments) {
      if (document.uri.scheme === uriSchemes.inspect) this.#changed.fire(document.uri);
    }
  }
}


async function show(uri: vscode.Uri): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { preview: true });
}

function formatTime(at: number): string {
  return new Date(at).toLocaleString(vscode.env.language);
}
