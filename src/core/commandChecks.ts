import { FleetError } from '../base/errors.ts';
import type { FleetCommandName } from './fleetCommands.ts';
import { count, finite, isNewSession, isSession, line, listOf, oneOf, optional, sessionId, shape, text, time, usageReport, type Check } from './sessionChecks.ts';

/** Checks of what commands are called with, for callers that TypeScript does not see: other windows and other extensions. */

const actor = oneOf(['user', 'agent', 'runner', 'fleet']);
/** The session's history keeps it for good. */
const maxDataBytes = 256 * 1024;
const data: Check = (value) => value === undefined || JSON.stringify(value).length <= maxDataBytes;
const note = shape({ kind: line, actor, at: time, data });
const anyId = listOf(sessionId, 100_000);

/** What each command takes, in order. An argument that may be left out may also be `undefined`. */
const argumentChecks: Readonly<Record<FleetCommandName, readonly Check[]>> = {
  register: [isNewSession],
  reserve: [line, isNewSession],
  findOrCreate: [shape({ worktree: optional(line), actorKey: optional(line), clientInstanceId: optional(line), parentId: optional(sessionId) }), isNewSession],
  reap: [(value) => value === 'all' || shape({ worktree: line })(value)],
  release: [sessionId],
  importSessions: [listOf(shape({ session: isSession, notes: listOf(note, 100_000) }), 100_000)],
  complete: [sessionId, optional(text), optional(shape({ isStillToEnd: optional((value) => typeof value === 'boolean'), by: optional((value) => value === 'exit') }))],
  cancelled: [sessionId, optional(text)],
  failed: [sessionId, text],
  agentGone: [sessionId],
  provisioningFailed: [sessionId, text],
  abortProvisioning: [sessionId, text],
  terminated: [sessionId, text],
  terminateOwner: [text],
  requestRetire: [sessionId, optional(time)],
  markRetired: [sessionId],
  peerReady: [sessionId, shape({ name: line, address: line })],
  reportProgress: [sessionId, shape({ message: optional(text), percent: optional(finite) })],
  reportUsage: [sessionId, usageReport],
  contextQuery: [sessionId, shape({ path: line, scope: optional(line) })],
  requestStop: [sessionId, optional(text), optional((value) => value === 'timeout')],
  planRetry: [sessionId, optional(time)],
  escalate: [sessionId, text],
  promptSent: [sessionId, shape({ text, result: line })],
  record: [sessionId, line, actor, data],
  applyTitle: [sessionId, line, optional(time)],
  countSpoolSkipped: [sessionId, count],
  clear: [anyId],
  collect: [optional(anyId)],
  audit: [shape({ at: time, actor: line, action: line, target: optional(line), result: line, detail: optional(text) })],
};

/** The place (0, 1, …) of the first argument that the command cannot use, one too many included; `undefined`: all can be used. */
export function badArgument(command: FleetCommandName, args: readonly unknown[]): number | undefined {
  const checks = argumentChecks[command];
  const bad = checks.findIndex((check, index) => !check(args[index]));
  if (bad >= 0) return bad;
  return args.length > checks.length ? checks.length : undefined;
}

/** @throws FleetError `BadRequest`, in words. */
export function checkArguments(command: FleetCommandName, args: readonly unknown[]): void {
  const bad = badArgument(command, args);
  if (bad !== undefined) throw badRequest(command, bad);
}

/** @param index of the argument that is wrong: 0, 1, … */
export function badRequest(call: string, index: number): FleetError<'BadRequest'> {
  return new FleetError('BadRequest', `${call} cannot use its argument ${index + 1}: it is missing, too long, or not what is expected there. Nothing was changed.`, { details: { call, index } });
}
