import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { messageOf } from '../../base/errors.ts';
import { isActive, type Session } from '../../core/session.ts';
import { commandIds } from '../../presentation/contributions.ts';
import { confirmCancel, confirmClear, confirmComplete, promptOutcome, type Message, type PromptReport } from '../../presentation/messages.ts';
import { nothingToActOn } from '../../presentation/messages.ts';
import { promptInput, summaryInput } from '../../presentation/prompts.ts';
import { back, inputLine } from '../quickInput.ts';
import { confirmStart } from './confirmStart.ts';
import { confirm, register, showError, type CommandContext } from './context.ts';
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
      const restarted = await each(context, sessions, async (session) => ((await confirmStart(context, { driver: session.driver, ...session.spec })) ? context.spawner.restart(session.id) : undefined));
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

/** Clears the rows it was called with, or all that have ended. */
async function clearFinished(context: CommandContext, args: TargetArgs, options: unknown): Promise<number> {
  const { fleet, folders, terminals, t } = context;
  const rows = givenSessions(context, args);
  const sessions = rows.length > 0 ? rows.flatMap((id) => fleet.find(id) ?? []) : fleet.sessions;
  const finished = sessions.filter((session) => !isActive(session.status)).map((session) => session.id);
  if (finished.length === 0) {
    void vscode.window.showInformationMessage(nothingToActOn(t, 'clear'));
    return 0;
  }
  if (!hasFlag(options, 'confirmed') && !(await confirm(confirmClear(t, finished.length)))) return 0;
  const cleared = await fleet.clear(finished);
  for (const id of cleared) {
    terminals.close(id);
    try {
      await folders.remove(id);
    } catch (error) {
      // The row is gone all the same; what is left of the folder says nothing to anybody.
      context.logger.warn(`the folder of ${id} could not be removed`, error);
    }
  }
  return cleared.length;
}

/** Does it for each session; what fails is said in words and stops no other. */
async function each<T>(context: CommandContext, sessions: readonly Session[], run: (session: Session) => Promise<T>): Promise<readonly T[]> {
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

function showMessage(context: CommandContext, message: Message | undefined): void {
  if (message === undefined) return;
  if (message.severity === 'error') showError(context, message.text);
  else if (message.severity === 'warning') void vscode.window.showWarningMessage(message.text);
  else void vscode.window.showInformationMessage(message.text);
}

/** An option that only programs and key bindings give, for example `{ "confirmed": true }`. */
function hasFlag(options: unknown, flag: string): boolean {
  return typeof options === 'object' && options !== null && (options as Record<string, unknown>)[flag] === true;
}
