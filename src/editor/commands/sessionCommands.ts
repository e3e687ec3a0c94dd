import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { messageOf } from '../../base/errors.ts';
import { isClearable } from '../../core/actions.ts';
import { isActive, type Session } from '../../core/session.ts';
import { commandIds } from '../../presentation/contributions.ts';
import { confirmCancel, confirmClear, confirmComplete, promptOutcome, type PromptReport } from '../../presentation/messages.ts';
import { nothingToActOn } from '../../presentation/messages.ts';
import { promptInput, summaryInput } from '../../presentation/prompts.ts';
import { back, inputLine } from '../quickInput.ts';
import { confirmStart } from './confirmStart.ts';
import { confirm, hasFlag, register, showError, showMessage, type CommandContext } from './context.ts';
import { startExclusively } from './startExclusively.ts';
import { givenSessions, target, targets, type TargetArgs } from './targets.ts';

/** What a person does to sessions. Each body asks what is missing and calls the controller, which checks by itself. */
export function registerSessionCommands(context: CommandContext): Disposable {
  const { t } = context;
  const store = new DisposableStore();
  store.add(register(context, commandIds.sendPrompt, (first?: unknown, selected?: unknown, text?: unknown) => sendPrompt(context, [first, selected], text)));
  store.add(
    register(context, commandIds.revealTerminal, async (...args: TargetArgs) => {
      const session = await target(context, 'reveal', t('Reveal Terminal'), args);
      if (session !== undefined) context.controller.reveal(session.id);
    }),
  );
  store.add(
    register(context, commandIds.interruptTurn, async (...args: TargetArgs) => {
      const sessions = await targets(context, 'interrupt', t('Interrupt Turn'), args);
      await each(context, sessions, (session) => context.controller.interrupt(session.id));
    }),
  );
  store.add(register(context, commandIds.markCompleted, (first?: unknown, _selected?: unknown, summary?: unknown) => markCompleted(context, [first], summary)));
  store.add(register(context, commandIds.cancel, (first?: unknown, selected?: unknown, options?: unknown) => cancel(context, [first, selected], options)));
  store.add(
    register(context, commandIds.restart, async (...args: TargetArgs) => {
      const sessions = await targets(context, 'restart', t('Restart'), args);
      const restarted = await each(context, sessions, async (session) => restart(context, session));
      return restarted.flatMap((session) => session?.id ?? []);
    }),
  );
  store.add(register(context, commandIds.clearFinished, (first?: unknown, selected?: unknown, options?: unknown) => clearFinished(context, [first, selected], options)));
  return store;
}

async function sendPrompt(context: CommandContext, args: TargetArgs, given: unknown): Promise<readonly PromptReport[]> {
  const { t } = context;
  const sessions = await targets(context, 'prompt', t('Send Prompt'), args);
  if (sessions.length === 0) return [];
  const names = sessions.map((session) => session.name);
  const text = typeof given === 'string' ? given : await inputLine(promptInput(t, names), {});
  if (text === undefined || text === back) return [];
  context.actedOn(sessions.map((session) => session.id));
  const reports = await Promise.all(
    sessions.map(async (session): Promise<PromptReport> => {
      try {
        return { name: session.name, result: await context.controller.sendPrompt(session.id, text) };
      } catch (error) {
        return { name: session.name, result: 'refused', reason: messageOf(error) };
      }
    }),
  );
  showMessage(context, promptOutcome(t, reports));
  return reports;
}

async function markCompleted(context: CommandContext, args: TargetArgs, given: unknown): Promise<void> {
  const { t } = context;
  const session = await target(context, 'complete', t('Mark Completed'), args);
  if (session === undefined) return;
  let summary = typeof given === 'string' ? given : undefined;
  if (summary === undefined) {
    const line = await inputLine(summaryInput(t, session.name), {});
    if (line === undefined || line === back) return;
    if (context.model.view(session).liveness === 'alive' && !(await confirm(confirmComplete(t, session.name)))) return;
    summary = line;
  }
  context.actedOn([session.id]);
  await context.controller.complete(session.id, summary);
}

async function cancel(context: CommandContext, args: TargetArgs, options: unknown): Promise<void> {
  const sessions = await targets(context, 'cancel', context.t('Cancel'), args);
  const active = sessions.filter((session) => isActive(session.status));
  // Ended ones are refused one by one, in words; only what still runs is worth a question.
  const asked = hasFlag(options, 'confirmed') || active.length === 0;
  if (!asked && !(await confirm(confirmCancel(context.t, active.map((session) => session.name))))) return;
  context.actedOn(sessions.map((session) => session.id));
  await each(context, sessions, (session) => context.controller.cancel(session.id, undefined));
}

/** `undefined` when the person did not go on. */
async function restart(context: CommandContext, session: Session): Promise<Session | undefined> {
  if (!(await confirmStart(context, { driver: session.driver, ...session.spec }))) return undefined;
  return startExclusively(context, session.spec.cwd, (exclusive) => context.spawner.restart(session.id, { exclusive }));
}

/** Clears the rows it was called with, or all that have ended. */
async function clearFinished(context: CommandContext, args: TargetArgs, options: unknown): Promise<number> {
  const { fleet, t } = context;
  const rows = givenSessions(context, args);
  const sessions = rows.length > 0 ? rows.flatMap((id) => fleet.find(id) ?? []) : fleet.sessions;
  const finished = sessions.filter((session) => (rows.length > 0 ? !isActive(session.status) : isClearable(session))).map((session) => session.id);
  if (finished.length === 0) {
    void vscode.window.showInformationMessage(nothingToActOn(t, 'clear'));
    return 0;
  }
  if (!hasFlag(options, 'confirmed') && !(await confirm(confirmClear(t, finished.length)))) return 0;
  const [only] = finished.length === 1 ? finished : [];
  const cleared = await context.audit.run({ action: 'clear', ...(only === undefined ? {} : { target: only }), detail: clearedNames(context, finished) }, () => fleet.clear(finished));
  return cleared.length;
}

/** What was cleared can no longer be looked up: the audit keeps the names. */
function clearedNames(context: CommandContext, ids: readonly string[]): string {
  return `${ids.length}: ${ids.map((id) => context.fleet.find(id)?.name ?? id).join(', ')}`;
}

/** Does it for each session; what fails is said in words and stops no other. */
export async function each<T>(context: CommandContext, sessions: readonly Session[], run: (session: Session) => Promise<T>): Promise<readonly T[]> {
  const results: T[] = [];
  const problems: string[] = [];
  for (const session of sessions) {
    try {
      results.push(await run(session));
    } catch (error) {
      problems.push(messageOf(error));
    }
  }
  if (problems.length > 0) showError(context, problems.join(' '));
  return results;
}
