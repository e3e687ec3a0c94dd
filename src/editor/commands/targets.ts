import type { SessionAction } from '../../core/actions.ts';
import { findByIdPrefix } from '../../core/lookups.ts';
import type { Session } from '../../core/session.ts';
import { nothingToActOn } from '../../presentation/messages.ts';
import { sessionInput } from '../../presentation/prompts.ts';
import { sessionPicks } from '../../presentation/quickPicks.ts';
import { rowActions, sessionNodeId } from '../../presentation/treeModel.ts';
import { FleetError } from '../../base/errors.ts';
import { back, pickOne } from '../quickInput.ts';
import type { CommandContext } from './context.ts';

/** What the editor hands to a command of a tree row: the row, and all selected rows. Programs may give a session id, its beginning, or several of them. */
export type TargetArgs = [target?: unknown, selected?: unknown];

/**
 * The sessions a command is about: those it was called with, else the selected rows while the tree has them, else one that the
 * person picks among those for which the action is valid. Empty when the person gave up.
 * @throws FleetError `NothingToDo` when there is no such session; `NotFound`, `BadPrefix` or `AmbiguousId` for an id that names none, or several.
 */
export async function targets(context: CommandContext, action: SessionAction, title: string, args: TargetArgs): Promise<readonly Session[]> {
  const given = givenSessions(context, args);
  if (given.length > 0) return given.map((id) => sessionNamed(context, id));
  // A key on a heading means the heading: no other session may be meant.
  if (isGroup(args[0])) return [];
  if (context.tree.view.visible && context.tree.selectedSessions.length > 0) {
    const usable = context.tree.selectedSessions.flatMap((id) => context.fleet.find(id) ?? []);
    if (usable.some((session) => rowActions(context.model.view(session)).has(action))) return usable;
  }
  const picks = sessionPicks(context.t, context.model.views, action, context.clock.now());
  if (picks.length === 0) throw new FleetError('NothingToDo', nothingToActOn(context.t, action));
  const picked = await pickOne(sessionInput(context.t, title), picks);
  return picked === undefined || picked === back ? [] : [context.fleet.get(picked)];
}

/** As `targets`, for commands about a single session: the first. */
export async function target(context: CommandContext, action: SessionAction, title: string, args: TargetArgs): Promise<Session | undefined> {
  const [first] = await targets(context, action, title, [args[0]]);
  return first;
}

/** The session with this id, or the only one whose id begins so. @throws FleetError `NotFound`, `BadPrefix`, `AmbiguousId`. */
export function sessionNamed(context: CommandContext, given: string): Session {
  const { fleet, tree } = context;
  // A row that is about to go names one session, never another one whose id begins so.
  const isRow = given.includes(':') || tree.sessionIdOf(sessionNodeId(given)) !== undefined;
  return isRow ? fleet.get(given) : findByIdPrefix(fleet.sessions, given);
}

/** Ids of the sessions that a command was called with; rows that are no sessions do not count. */
export function givenSessions(context: CommandContext, [target, selected]: TargetArgs): readonly string[] {
  return [...idsIn(context, selected), ...(isListed(selected, target) ? [] : idsIn(context, target))];
}

function isListed(selected: unknown, target: unknown): boolean {
  return Array.isArray(selected) && selected.includes(target);
}

/** A heading of the tree. */
export function isGroup(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('group:');
}

/** Node ids or session ids; groups of the tree are no sessions. */
function idsIn(context: CommandContext, value: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((item) => {
    if (typeof item !== 'string' || isGroup(item)) return [];
    return [context.tree.sessionIdOf(item) ?? item];
  });
}
