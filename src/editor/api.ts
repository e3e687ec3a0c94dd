import type * as vscode from 'vscode';
import type { Clock, Logger } from '../base/ports.ts';
import { actorChain } from '../core/actorChain.ts';
import type { AuditTrail } from '../core/auditTrail.ts';
import { badRequest } from '../core/commandChecks.ts';
import { notFound } from '../core/errors.ts';
import { ExternalSessions } from '../core/externalSessions.ts';
import { QueuedFleetRegistry, type FleetRegistry } from '../core/fleetRegistryPort.ts';
import type { FleetService } from '../core/fleetService.ts';
import { activeByActorKey, activeByClientInstance, activeByParent, activeByWorktree } from '../core/lookups.ts';
import type { CompletionEntry } from '../core/ports.ts';
import { isActive, type Session, type SessionOutcome } from '../core/session.ts';
import { count, finite, line, oneOf, sessionId, shape, type Check } from '../core/sessionChecks.ts';
import { meerkatSnapshot, type MeerkatSnapshot } from '../core/snapshot.ts';
import { lifecycleOf, need, type AgentLifecycle } from './apiLifecycle.ts';

export type { AgentLifecycle, ExternalAgent } from './apiLifecycle.ts';

/** Cursors of other extensions are apart from ours. */
const apiConsumer = 'api.';
/** Longest name of a consumer, characters: it is kept per workspace. */
const maxConsumer = 128;

/** A session as other extensions see it. */
export type PublicSession = Omit<Session, 'tokenHash' | 'promptToType' | 'lastRunnerSeq'>;

export interface PublicChange {
  readonly added: readonly PublicSession[];
  readonly changed: readonly PublicSession[];
  readonly removed: readonly string[];
}

/** What other extensions may use: they read our sessions, and may list those that they run themselves. */
export interface AgentFleetApi {
  readonly version: 1;
  /** All sessions of this workspace as they are now. */
  sessions(): readonly PublicSession[];
  /** Fires after each change, with the sessions as they are then. */
  onDidChange(listener: (change: PublicChange) => void): vscode.Disposable;
  /** Whether any session is active. */
  readonly isActive: boolean;
  /** Lists agents that the calling extension runs, marked as external. Neither call waits or throws; what fails is in the log. */
  readonly registry: FleetRegistry;
  /** What agents that run elsewhere tell about themselves, and what they share with ours. All reject with a `code`; see docs/history.md. */
  readonly lifecycle: AgentLifecycle;
  /** Sessions by what they work on; active ones only, newest first. */
  readonly find: SessionFinder;
  /** How a session ends; of one that has ended, how it did. Rejects with code `NotFound`, or `WatchDropped` when it is cleared first. */
  watch(id: string): Promise<SessionOutcome>;
  /** Who ended after entry `seq` (0: all that are kept), oldest first, and the number to ask with the next time. Goes on over restarts. */
  completionsSince(seq: number): Promise<{ readonly entries: readonly CompletionEntry[]; readonly watermark: number }>;
  /** Resolves with the number of the newest entry as soon as it is above `afterSeq`. Rejects with code `WaitCancelled` when `signal` is aborted. */
  waitForCompletion(afterSeq: number, signal?: AbortSignal): Promise<number>;
  /** Up to which entry the consumer of this name has come; kept per workspace, 0 at first. Begin the name with that of your extension. */
  cursor(consumer: string): Promise<number>;
  /** The consumer has dealt with everything up to `seq`. Never goes back, nor beyond the newest entry. Resolves with where it stands. */
  moveCursor(consumer: string, seq: number): Promise<number>;
  /** One session in the format of meerkat, with the number of those who watch it; also one that has left the list. Rejects with code `NotFound`. */
  snapshot(id: string): Promise<MeerkatSnapshot>;
}

export interface SessionFinder {
  /** @param realPath absolute, without symbolic links. */
  byWorktree(realPath: string): readonly PublicSession[];
  byActorKey(key: string): readonly PublicSession[];
  byClientInstance(id: string): readonly PublicSession[];
  byParent(id: string): readonly PublicSession[];
  /** From the root to this session; ended ones are part of it. */
  actorChain(id: string): readonly PublicSession[];
}

export interface ApiPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps what other extensions asked for, also what was refused. */
  readonly audit: Pick<AuditTrail, 'run'>;
  /** Absolute folder in which agents are said to work that do not say where. */
  readonly cwd: () => string;
}

/** The API over the one service that knows the sessions. What it is called with is checked: other extensions need not know our types. */
export function createApi(fleet: FleetService, ports: ApiPorts): AgentFleetApi {
  return {
    version: 1,
    sessions: () => fleet.sessions.map(publicSession),
    onDidChange: (listener) =>
      fleet.onDidChange(({ added, changed, removed }) => listener({ added: added.map(publicSession), changed: changed.map(publicSession), removed })),
    get isActive() {
      return fleet.sessions.some((session) => isActive(session.status));
    },
    registry: registryOf(fleet, ports),
    lifecycle: lifecycleOf(fleet, ports),
    find: finderOf(fleet),
    async watch(id) {
      need(sessionId, 'watch', id);
      await fleet.open();
      return fleet.watch(id);
    },
    async snapshot(id) {
      need(sessionId, 'snapshot', id);
      await fleet.open();
      const session = await fleet.load(id);
      if (session === undefined) throw notFound(id);
      return meerkatSnapshot(session, fleet.watcherCount(id));
    },
    ...feedOf(fleet),
  };
}

type Feed = Pick<AgentFleetApi, 'completionsSince' | 'waitForCompletion' | 'cursor' | 'moveCursor'>;

function feedOf(fleet: FleetService): Feed {
  const consumerName: Check = (value) => typeof value === 'string' && value !== '' && value.length <= maxConsumer;
  return {
    async completionsSince(seq) {
      need(count, 'completionsSince', seq);
      await fleet.open();
      const { entries, watermark } = await fleet.feed.listSince(seq);
      return { entries, watermark };
    },
    async waitForCompletion(afterSeq, signal) {
      need(count, 'waitForCompletion', afterSeq);
      await fleet.open();
      return fleet.feed.waitForAdvance(afterSeq, signal);
    },
    async cursor(consumer) {
      need(consumerName, 'cursor', consumer);
      await fleet.open();
      return fleet.feed.cursor(apiConsumer + consumer);
    },
    async moveCursor(consumer, seq) {
      need(consumerName, 'moveCursor', consumer);
      need(count, 'moveCursor', seq, 1);
      await fleet.open();
      return fleet.feed.moveCursor(apiConsumer + consumer, seq);
    },
  };
}

/** Its calls never throw: what cannot be understood is in the log. */
function registryOf(fleet: FleetService, { clock, logger, audit, cwd }: ApiPorts): FleetRegistry {
  const registry = new QueuedFleetRegistry({ fleet: new ExternalSessions({ fleet, clock, cwd, audit }), clock, logger });
  const isInfo = shape({ id: line, agentName: line, startedAt: (value) => finite(value) || line(value) });
  const isEnd = oneOf(['completed', 'failed', 'cancelled']);
  return {
    registerActive(info) {
      if (isInfo(info)) registry.registerActive(info);
      else logger.warn('another extension registered an agent in a way that cannot be understood', badRequest('registerActive', 0));
    },
    markTerminal(id, status) {
      if (line(id) && isEnd(status)) registry.markTerminal(id, status);
      else logger.warn('another extension told the end of an agent in a way that cannot be understood', badRequest('markTerminal', line(id) ? 1 : 0));
    },
  };
}

function finderOf(fleet: FleetService): SessionFinder {
  return {
    byWorktree: (realPath) => activeByWorktree(fleet.sessions, realPath).map(publicSession),
    byActorKey: (key) => activeByActorKey(fleet.sessions, key).map(publicSession),
    byClientInstance: (id) => activeByClientInstance(fleet.sessions, id).map(publicSession),
    byParent: (id) => activeByParent(fleet.sessions, id).map(publicSession),
    actorChain: (id) => actorChain(fleet.sessions, id).map(publicSession),
  };
}

/** What concerns only the window and its runners stays inside. */
function publicSession(session: Session): PublicSession {
  const { tokenHash: _token, promptToType: _typed, lastRunnerSeq: _seq, ...rest } = session;
  return rest;
}
