import { onAbort, type AbortSignalLike } from '../core/abort.ts';
import type { AuditTrail } from '../core/auditTrail.ts';
import { badRequest, checkArguments } from '../core/commandChecks.ts';
import { duplicateWaitOperation, waitCancelled } from '../core/errors.ts';
import { newExternalSession, requireExternal } from '../core/externalSessions.ts';
import type { Collected, FleetCommandName, SessionMatch } from '../core/fleetCommands.ts';
import type { FleetService } from '../core/fleetService.ts';
import { isTerminal } from '../core/session.ts';
import { isRecord, line, listOf, optional, sessionId, shape, type Check } from '../core/sessionChecks.ts';
import type { UsageReport } from '../core/usage.ts';
import type { WaitAllResult } from '../core/waitAll.ts';

/** An agent that another extension runs. */
export interface ExternalAgent {
  /** Letters, digits, dash and underscore, at most 128. */
  readonly id: string;
  readonly name: string;
  readonly parentId?: string;
  readonly clientInstanceId?: string;
  readonly actorKey?: string;
  readonly parentActorKey?: string;
}

/**
 * What agents that run elsewhere tell. A session that Agent Fleet started is refused with code `NotExternal`, and arguments that cannot
 * be used with `BadRequest`. Every change is in the audit.
 */
export interface AgentLifecycle {
  /** Counts a report and keeps the newest message and percent (0 to 100). */
  reportProgress(id: string, progress: { readonly message?: string; readonly percent?: number }): Promise<void>;
  /** What a turn has used so far; the last report about a turn counts. */
  reportUsage(id: string, report: UsageReport): Promise<void>;
  /** A child agent can be talked to, once. */
  peerReady(id: string, peer: { readonly name: string; readonly address: string }): Promise<void>;
  /** Notes for which place an agent asked for context. */
  contextQuery(id: string, query: { readonly path: string; readonly scope?: string }): Promise<void>;
  /** No new prompts; ends after the turn, or at the deadline (milliseconds from now). */
  requestRetire(id: string, deadlineMs?: number): Promise<void>;
  /**
   * Resolves when all have ended, in the order of `ids`. Any number of waits at a time: none knows of another. Rejects with code
   * `DuplicateWaitOperation`, `NotFound`, `WatchDropped`, or `WaitCancelled` when `signal` is aborted.
   */
  waitAll(ids: readonly string[], signal?: AbortSignal): Promise<WaitAllResult>;
  /** Hands out the external sessions that have ended, all or those of `ids`, and takes them out of the list. */
  collect(ids?: readonly string[]): Promise<readonly Collected[]>;
  /** Makes an agent the one live writer of a folder, or says who is. */
  reserve(folder: string, agent: ExternalAgent): Promise<{ readonly type: 'reserved' | 'liveOwner'; readonly sessionId: string }>;
  /** The live session that matches, or a new row for the agent. */
  findOrCreate(match: SessionMatch, agent: ExternalAgent): Promise<{ readonly sessionId: string; readonly created: boolean }>;
}

export interface LifecyclePorts {
  readonly audit: Pick<AuditTrail, 'run'>;
  /** Absolute folder in which agents are said to work that do not say where. */
  readonly cwd: () => string;
}

const maxWaited = 10_000;
/** The id itself is judged by `newExternalSession`, in words of its own. */
const isAgent = shape({ id: line, name: line, parentId: optional(sessionId), clientInstanceId: optional(line), actorKey: optional(line), parentActorKey: optional(line) });

/** @throws FleetError `BadRequest`. */
export function need(check: Check, call: string, value: unknown, index = 0): void {
  if (!check(value)) throw badRequest(call, index);
}

export function lifecycleOf(fleet: FleetService, { audit, cwd }: LifecyclePorts): AgentLifecycle {
  let waits = 0;
  const audited = <T>(action: string, target: string | undefined, run: () => Promise<T>): Promise<T> =>
    audit.run({ action, actor: 'extension', ...(target === undefined ? {} : { target }) }, run);

  /** Checks what was given, then changes a session, if it is external. */
  const change = async (action: FleetCommandName, args: readonly [id: string, ...rest: unknown[]], run: () => Promise<void>): Promise<void> => {
    checkArguments(action, args);
    await fleet.open();
    const [id] = args;
    await audited(action, id, async () => {
      requireExternal(fleet.get(id));
      await run();
    });
  };

  return {
    reportProgress: (id, progress) => change('reportProgress', [id, progress], () => fleet.reportProgress(id, progress)),
    reportUsage: (id, report) => change('reportUsage', [id, report], () => fleet.reportUsage(id, report)),
    peerReady: (id, peer) => change('peerReady', [id, peer], () => fleet.peerReady(id, peer)),
    contextQuery: (id, query) => change('contextQuery', [id, query], () => fleet.contextQuery(id, query)),
    requestRetire: (id, deadlineMs) => change('requestRetire', [id, deadlineMs], () => fleet.requestRetire(id, deadlineMs)),
    async waitAll(ids, signal) {
      need(listOf(sessionId, maxWaited), 'waitAll', ids);
      await fleet.open();
      return waitForAll(fleet, ids, `api-wait-${++waits}`, signal);
    },
    async collect(ids) {
      checkArguments('collect', [ids]);
      await fleet.open();
      const asked = ids === undefined ? undefined : new Set(ids);
      const ended = fleet.sessions.filter(({ id, channel, status }) => channel === 'external' && isTerminal(status) && (asked?.has(id) ?? true));
      if (ended.length === 0) return [];
      return audited('collect', undefined, () => fleet.collect(ended.map(({ id }) => id)));
    },
    async reserve(folder, agent) {
      need((value) => line(value) && value !== '', 'reserve', folder);
      need(isAgent, 'reserve', agent, 1);
      const request = newExternalSession(agent, folder);
      checkArguments('reserve', [folder, request]);
      await fleet.open();
      const { type, session } = await audited('reserve', request.id, () => fleet.reserve(folder, request));
      return { type, sessionId: session.id };
    },
    async findOrCreate(match, agent) {
      need(isRecord, 'findOrCreate', match);
      need(isAgent, 'findOrCreate', agent, 1);
      const request = newExternalSession(agent, typeof match.worktree === 'string' ? match.worktree : cwd());
      checkArguments('findOrCreate', [match, request]);
      await fleet.open();
      const { session, created } = await audited('findOrCreate', request.id, () => fleet.findOrCreate(match, request));
      return { sessionId: session.id, created };
    },
  };
}

/** As the fleet's own `waitAll`, but over watches, so that waits of several extensions do not get into each other's way. */
async function waitForAll(fleet: FleetService, ids: readonly string[], waitRequestId: string, signal?: AbortSignalLike): Promise<WaitAllResult> {
  const seen = new Set<string>();
  const duplicate = ids.find((id) => seen.size === seen.add(id).size);
  if (duplicate !== undefined) throw duplicateWaitOperation(duplicate);
  for (const id of ids) fleet.get(id);
  const cancelled = (): Error => waitCancelled({ waitRequestId }, signal?.reason);
  if (signal?.aborted === true) throw cancelled();
  const outcomes = Promise.all(ids.map(async (id) => [id, await fleet.watch(id)] as const));
  const all = outcomes.then((ended): WaitAllResult => ({ outcomes: ended, satisfied: { waitRequestId, sessionIds: [...ids] } }));
  if (signal === undefined) return all;
  return new Promise((resolve, reject) => {
    const listening = onAbort(signal, () => reject(cancelled()));
    all.then(resolve, reject).finally(() => listening.dispose());
  });
}
