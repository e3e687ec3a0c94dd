import { createHash } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { FleetError, messageOf } from '../../base/errors.ts';
import type { ImportedSession } from '../../core/fleetCommands.ts';
import { exportSession } from '../../core/ledgerExport.ts';
import { inBatches, sessionsToImport } from '../../core/ledgerTransfer.ts';
import { commandIds } from '../../presentation/contributions.ts';
import { exported, exportFleet, exportInput, exportOne, exportSelected, importedMessage, importTooLarge, notRead, nothingToExport } from '../../presentation/historyMessages.ts';
import type { Pick } from '../../presentation/quickPicks.ts';
import { readEventLog, writeJsonLines, type EventLog } from '../../protocol/jsonLines.ts';
import { back, pickOne } from '../quickInput.ts';
import { askTarget, linesFilter, writeBytes } from '../saveText.ts';
import { workspaceFolders } from '../workspaceFolders.ts';
import { hasFlag, register, showMessage, textOption, type CommandContext } from './context.ts';
import { givenSessions, target, type TargetArgs } from './targets.ts';

/** Sessions as events of fleet protocol 0.1.0, to a file and from one. */
export function registerTransferCommands(context: CommandContext): Disposable {
  const store = new DisposableStore();
  store.add(register(context, commandIds.exportEvents, (first?: unknown, selected?: unknown, options?: unknown) => exportEvents(context, [first, selected], options)));
  store.add(register(context, commandIds.importEvents, (options?: unknown) => importEvents(context, textOption(options, 'file'))));
  return store;
}

/** `fleet` stands for all there are. */
type Scope = readonly string[] | 'fleet';

const megabyte = 1024 * 1024;
const maxImportMegabytes = 200;
const chunkBytes = megabyte;
const maxLoggedLines = 20;

/** @returns how many sessions were written; `undefined` when the person gave up. */
async function exportEvents(context: CommandContext, args: TargetArgs, options: unknown): Promise<number | undefined> {
  const { fleet, audit, t } = context;
  const scope = hasFlag(options, 'all') ? 'fleet' : await askScope(context, args);
  if (scope === undefined) return undefined;
  const ids = scope === 'fleet' ? (await fleet.search({ limit: 0 })).map(({ id }) => id) : scope;
  if (ids.length === 0) {
    void vscode.window.showInformationMessage(nothingToExport(t));
    return 0;
  }
  const uri = await askTarget(t, { title: t('Export Events'), fileName: 'agent-fleet-events.jsonl', file: textOption(options, 'file') });
  if (uri === undefined) return undefined;
  const [only] = ids.length === 1 ? ids : [];
  const run = (): Promise<Written> => cancellable(t('Exporting events'), (progress, token) => write(context, ids, uri, stepsOf(progress, token, ids.length)));
  const written = await audit.run({ action: 'exportEvents', ...(only === undefined ? {} : { target: only }), detail: `${ids.length} to ${uri.fsPath}` }, run);
  showMessage(context, exported(t, written, uri.fsPath));
  return written.sessions;
}

interface Written {
  readonly sessions: number;
  readonly events: number;
  readonly unreadable: number;
}

async function write({ fleet, t }: CommandContext, ids: readonly string[], uri: vscode.Uri, steps: Steps): Promise<Written> {
  const runId = vscode.workspace.name ?? 'fleet';
  // Bytes, piece by piece: all lines of a big fleet do not fit into one string.
  const encoder = new TextEncoder();
  const chunks: Uint8Array[] = [];
  let events = 0;
  let sessions = 0;
  for (const id of ids) {
    steps.next();
    const session = await fleet.load(id);
    if (session === undefined) continue;
    for (const line of writeJsonLines(exportSession({ session, history: await fleet.history(id) }, { runId }))) {
      chunks.push(encoder.encode(line));
      events += 1;
    }
    sessions += 1;
  }
  await writeBytes(t, uri, Buffer.concat(chunks));
  return { sessions, events, unreadable: ids.length - sessions };
}

async function askScope(context: CommandContext, args: TargetArgs): Promise<Scope | undefined> {
  const { t, tree } = context;
  const given = givenSessions(context, args);
  if (given.length > 0) return given;
  const selected = tree.view.visible ? tree.selectedSessions : [];
  const whole = exportFleet(t);
  const picks: readonly Pick<Scope | 'one'>[] = [
    ...(selected.length === 0 ? [] : [{ kind: 'item' as const, label: exportSelected(t, selected.length), icon: 'list-selection', value: selected }]),
    ...(context.fleet.sessions.length === 0 ? [] : [{ kind: 'item' as const, label: exportOne(t), icon: 'terminal', value: 'one' as const }]),
    { kind: 'item', label: whole.label, detail: whole.detail, icon: 'rocket', value: 'fleet' },
  ];
  const picked = await pickOne<Scope | 'one'>(exportInput(t), picks);
  if (picked === undefined || picked === back) return undefined;
  if (picked !== 'one') return picked;
  const session = await target(context, 'inspect', t('Export Events'), []);
  return session === undefined ? undefined : [session.id];
}

/** @returns how many sessions were imported; `undefined` when the person gave up. */
async function importEvents(context: CommandContext, file: string | undefined): Promise<number | undefined> {
  const { audit, t } = context;
  const uri = file === undefined ? await askSource(context) : path.isAbsolute(file) ? vscode.Uri.file(file) : undefined;
  if (uri === undefined) return undefined;
  const run = (): Promise<number> => cancellable(t('Importing events'), (progress, token) => takeIn(context, uri, progress, token));
  return audit.run({ action: 'importEvents', detail: uri.fsPath }, run);
}

async function takeIn(context: CommandContext, uri: vscode.Uri, progress: Progress, token: vscode.CancellationToken): Promise<number> {
  const { fleet, clock, logger, t } = context;
  const log = await readEventLog(chunksOf(await read(context, uri), token));
  for (const { line, reason } of log.skipped.slice(0, maxLoggedLines)) logger.warn(`line ${line} of ${uri.fsPath} was left out: ${reason}`);
  const cwd = workspaceFolders()[0]?.path ?? path.dirname(uri.fsPath);
  const all = sessionsToImport(log.events, { hash: (text) => createHash('sha256').update(text).digest('hex'), cwd, now: clock.now() });
  const steps = stepsOf(progress, token, all.length);
  const fresh: ImportedSession[] = [];
  for (const one of all) if ((await fleet.load(one.session.id)) === undefined) fresh.push(one);
  const ids = fresh.map(({ session }) => session.id);
  // That one of them failed long ago is no news.
  context.actedOn(ids);
  let imported = 0;
  let known = all.length - fresh.length;
  for (const batch of inBatches(fresh)) {
    // What is in stays in: the message says so.
    if (token.isCancellationRequested) break;
    steps.next(batch.length);
    const taken = await fleet.importSessions(batch);
    imported += taken;
    known += batch.length - taken;
  }
  const left = all.length - imported - known;
  const unlisted = ids.slice(0, ids.length - left).filter((id) => fleet.find(id) === undefined).length;
  showMessage(context, importedMessage(t, report(log, { imported, known, unlisted, left })));
  return imported;
}

function report(log: EventLog, counts: { readonly imported: number; readonly known: number; readonly unlisted: number; readonly left: number }): Parameters<typeof importedMessage>[1] {
  const [firstBad] = log.skipped;
  const others = Object.values(log.others).reduce((sum, count) => sum + count, 0);
  return { ...counts, badLines: log.skippedCount, others, ...(firstBad === undefined ? {} : { firstBad }) };
}

async function askSource({ t }: CommandContext): Promise<vscode.Uri | undefined> {
  const [folder] = workspaceFolders();
  const uris = await vscode.window.showOpenDialog({
    title: t('Import Events'),
    openLabel: t('Import'),
    canSelectMany: false,
    filters: { ...linesFilter(t), [t('All Files')]: ['*'] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.file(folder.path) }),
  });
  return uris?.[0];
}

/** @throws FleetError `FileTooLarge`, `NotRead`. */
async function read({ t }: CommandContext, uri: vscode.Uri): Promise<Uint8Array> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    const megabytes = Math.ceil(size / megabyte);
    if (megabytes > maxImportMegabytes) throw new FleetError('FileTooLarge', importTooLarge(t, megabytes, maxImportMegabytes));
    return await vscode.workspace.fs.readFile(uri);
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw new FleetError('NotRead', notRead(t, uri.fsPath, messageOf(error)), { cause: error });
  }
}

/** Lets the window breathe between two pieces. @throws FleetError `Cancelled`. */
async function* chunksOf(bytes: Uint8Array, token: vscode.CancellationToken): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    requireGoing(token);
    yield decoder.decode(bytes.subarray(at, at + chunkBytes), { stream: true });
  }
  yield decoder.decode();
}

type Progress = vscode.Progress<{ message?: string; increment?: number }>;

/** Where a long command stands. */
interface Steps {
  /** The next step, or the next `count`, begin. @throws FleetError `Cancelled`. */
  next(count?: number): void;
}

function cancellable<T>(title: string, run: (progress: Progress, token: vscode.CancellationToken) => Promise<T>): Promise<T> {
  return Promise.resolve(vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, run));
}

function stepsOf(progress: Progress, token: vscode.CancellationToken, total: number): Steps {
  let at = 0;
  return {
    next(count = 1) {
      requireGoing(token);
      at = Math.min(total, at + count);
      progress.report({ message: `${at}/${total}`, increment: (100 * count) / Math.max(1, total) });
    },
  };
}

function requireGoing(token: vscode.CancellationToken): void {
  if (token.isCancellationRequested) throw new FleetError('Cancelled', 'It was cancelled.');
}
