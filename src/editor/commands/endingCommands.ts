import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { oneLine } from '../../base/text.ts';
import { endAllSessions, type EndAllReport } from '../../core/endAllSessions.ts';
import { isActive } from '../../core/session.ts';
import { commandIds, settingIds, viewIds } from '../../presentation/contributions.ts';
import { confirmEndAll, confirmRelease, confirmRetire, endAllReasonInput, endedAll, nothingActive, reaped } from '../../presentation/historyMessages.ts';
import { back, inputLine } from '../quickInput.ts';
import { boundedSetting, retireDeadlineMs } from '../settings.ts';
import { confirm, hasFlag, register, requireTrust, showMessage, textOption, type CommandContext } from './context.ts';
import { each } from './sessionCommands.ts';
import { target, targets, type TargetArgs } from './targets.ts';

/** Ends that are no plain cancel: dead and lost sessions, retiring, and all at once. */
export function registerEndingCommands(context: CommandContext): Disposable {
  const store = new DisposableStore();
  store.add(register(context, commandIds.endDead, () => endDead(context)));
  store.add(register(context, commandIds.release, (first?: unknown, _selected?: unknown, options?: unknown) => release(context, [first], options)));
  store.add(register(context, commandIds.retire, (first?: unknown, selected?: unknown, options?: unknown) => retire(context, [first, selected], options)));
  store.add(register(context, commandIds.endAll, (options?: unknown) => endAll(context, options)));
  return store;
}

const maxReason = 300;
/** Beside the stop ladder itself: a terminal that is closed, and the look at what is left, milliseconds. */
const patienceMs = 10_000;

/** @returns how many were ended. */
async function endDead(context: CommandContext): Promise<number> {
  const { fleet, model, audit, t } = context;
  requireTrust(context);
  context.actedOn(fleet.sessions.filter(({ status }) => isActive(status)).map(({ id }) => id));
  const count = await audit.run({ action: 'reap' }, () => fleet.reap('all'));
  const unknown = model.views.filter(({ session, liveness }) => isActive(session.status) && session.status !== 'provisioning' && liveness === 'unknown').length;
  void vscode.window.showInformationMessage(reaped(t, count, unknown));
  return count;
}

/** The command asks whether it is alive anew: what the row says may be old. */
async function release(context: CommandContext, args: TargetArgs, options: unknown): Promise<void> {
  const { fleet, audit, t } = context;
  requireTrust(context);
  const session = await target(context, 'release', t('Release Session'), args);
  if (session === undefined) return;
  if (!hasFlag(options, 'confirmed') && !(await confirm(confirmRelease(t, session.name)))) return;
  context.actedOn([session.id]);
  await audit.run({ action: 'release', target: session.id, detail: session.name }, () => fleet.release(session.id));
}

async function retire(context: CommandContext, args: TargetArgs, options: unknown): Promise<void> {
  const { controller, audit, t } = context;
  requireTrust(context);
  const sessions = await targets(context, 'retire', t('Retire Session'), args);
  if (sessions.length === 0) return;
  const question = confirmRetire(t, sessions.map(({ name }) => name), boundedSetting(settingIds.retireDeadlineMinutes));
  if (!hasFlag(options, 'confirmed') && !(await confirm(question))) return;
  context.actedOn(sessions.map(({ id }) => id));
  await each(context, sessions, ({ id, name }) => audit.run({ action: 'retire', target: id, detail: name }, () => controller.retire(id, retireDeadlineMs())));
}

/** @returns what became of them; `undefined` when the person gave up. */
async function endAll(context: CommandContext, options: unknown): Promise<EndAllReport | undefined> {
  const { fleet, controller, model, timers, audit, t } = context;
  requireTrust(context);
  const active = fleet.sessions.filter(({ status }) => isActive(status));
  if (active.length === 0) {
    void vscode.window.showInformationMessage(nothingActive(t));
    return undefined;
  }
  const isConfirmed = hasFlag(options, 'confirmed');
  if (!isConfirmed && !(await confirm(confirmEndAll(t, active.length)))) return undefined;
  const asked = isConfirmed ? (textOption(options, 'reason') ?? '') : await inputLine(endAllReasonInput(t), {});
  if (asked === undefined || asked === back) return undefined;
  const reason = oneLine(asked, maxReason) || undefined;
  context.actedOn(active.map(({ id }) => id));
  const all = { fleet, controller, timers, liveness: (session: Parameters<typeof model.view>[0]) => model.view(session).liveness, patienceMs: patienceMs + 3 * boundedSetting(settingIds.graceMs) };
  const run = (): Promise<EndAllReport> => audit.run({ action: 'endAll', detail: [`${active.length}`, ...(reason === undefined ? [] : [reason])].join(': ') }, () => endAllSessions(all, reason));
  const report = await vscode.window.withProgress({ location: { viewId: viewIds.sessions }, title: t('Ending all sessions') }, run);
  showMessage(context, endedAll(t, report));
  return report;
}
