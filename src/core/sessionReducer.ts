import { oneLine } from '../base/text.ts';
import type { AgentDriver, AgentFact } from './driver.ts';
import { factsOfFleetEvent } from './fleetEventFacts.ts';
import { resolveInside } from './paths.ts';
import type { RunnerEvent } from './runnerEvents.ts';
import { isActive, isTerminal, type Artifact, type Session, type SessionOutcome, type SignalSource, type StopWish } from './session.ts';
import { acceptSignal } from './signals.ts';
import { canTransition, transition, type LifecycleAction } from './transitions.ts';

/** History that a step leaves behind, before it gets its number. */
export interface Note {
  readonly kind: string;
  readonly actor: 'user' | 'agent' | 'runner' | 'fleet';
  readonly at: number;
  readonly data: unknown;
}

/** What a step makes of a session. */
export interface Step {
  readonly session: Session;
  readonly notes: readonly Note[];
  /** The agent showed that it took a prompt. */
  readonly promptTaken: boolean;
}

const maxArtifacts = 500;
const maxDetail = 300;
const maxEventName = 80;
const maxPath = 4096;
const maxConversationId = 128;

/** Moves a session along the lifecycle table. @throws FleetError `InvalidTransition`. */
export function move(session: Session, action: LifecycleAction, at: number, patch: Partial<Session> = {}): Session {
  const status = transition(session.id, session.status, action);
  const ended = isTerminal(status) && !isTerminal(session.status);
  return {
    ...session,
    ...patch,
    status,
    lastActivityAt: Math.max(session.lastActivityAt, at),
    ...(status === 'running' && session.startedAt === undefined ? { startedAt: at } : {}),
    ...(ended ? { completedAt: Math.max(at, session.createdAt) } : {}),
  };
}

/**
 * One event of the runner. Repeats (`seq` not above the last one) change nothing. After the end, events are noted
 * and change nothing else: terminal is final.
 */
export function reduceRunnerEvent(session: Session, event: RunnerEvent, driver: AgentDriver | undefined): Step {
  if (event.seq <= session.lastRunnerSeq) return { session, notes: [], promptTaken: false };
  const seen: Session = { ...session, lastRunnerSeq: event.seq, lastActivityAt: Math.max(session.lastActivityAt, event.at) };
  if (!isActive(session.status)) {
    return { session: { ...seen, lastActivityAt: session.lastActivityAt }, notes: [note(event, { late: true, ...summary(event) })], promptTaken: false };
  }
  switch (event.kind) {
    case 'started': {
      const started: Session = { ...begun(seen, event.at), runner: event.runner, agent: event.agent };
      // An agent that has shown more than its process already is past its start.
      const withSignal = started.signal === undefined ? applyFacts(started, [{ type: 'activity', activity: 'starting' }], 'process', 'started', event.at).session : started;
      return { session: withSignal, notes: [note(event, summary(event))], promptTaken: false };
    }
    case 'spawnFailed': {
      const action: LifecycleAction = seen.status === 'provisioning' ? 'provisioning_failed' : 'fail_operation';
      const failed = move(seen, action, event.at, { outcome: { type: 'failed', error: oneLine(event.message, maxDetail) } });
      return { session: failed, notes: [note(event, summary(event))], promptTaken: false };
    }
    case 'hook': {
      const name = oneLine(event.name, maxEventName);
      const step = understood(() => withFacts(begun(seen, event.at), driver?.readHook(event.name, event.payload) ?? [], 'hook', name, event));
      return step ?? skip(seen, event, 'not understood');
    }
    case 'fleetEvent': {
      const step = understood(() => {
        const facts = factsOfFleetEvent(event.value);
        return facts === undefined ? undefined : withFacts(begun(seen, event.at), facts, 'channel', stateOf(event.value), event);
      });
      return step ?? skip(seen, event, 'not a fleet event');
    }
    case 'skipped':
      return skip(seen, event, event.reason);
    case 'stopping':
    case 'survivors':
      return { session: seen, notes: [note(event, summary(event))], promptTaken: false };
    case 'exited':
      return { session: end(begun(seen, event.at), event), notes: [note(event, summary(event))], promptTaken: false };
  }
}

/** A terminal title that the agent set. */
export function reduceTitle(session: Session, title: string, at: number, driver: AgentDriver | undefined): Step {
  // The terminal may be quicker than the runner's word that the agent runs: some agents set their title only once.
  if (!isActive(session.status)) return { session, notes: [], promptTaken: false };
  const applied = understood(() => applyFacts(session, driver?.readTitle(title) ?? [], 'title', 'title', at)) ?? { session, promptTaken: false };
  const changed = applied.session.signal !== session.signal;
  return {
    session: applied.session,
    notes: changed ? [{ kind: 'signal', actor: 'agent', at, data: applied.session.signal }] : [],
    promptTaken: applied.promptTaken,
  };
}

/** An agent that speaks or ends has run: its session is running, also when the line that said so was lost. */
function begun(session: Session, at: number): Session {
  return canTransition(session.status, 'provisioning_succeeded') ? move(session, 'provisioning_succeeded', at) : session;
}

function skip(session: Session, event: RunnerEvent, reason: string): Step {
  const data = { ...summary(event), reason: oneLine(reason, maxDetail) };
  return { session: { ...session, skipped: session.skipped + 1 }, notes: [note(event, data)], promptTaken: false };
}

function withFacts(session: Session, facts: readonly AgentFact[], source: SignalSource, name: string, event: RunnerEvent): Step {
  const applied = applyFacts(session, facts, source, name, event.at);
  const notes: Note[] = facts.length === 0 ? [] : [note(event, { event: name, facts: facts.map(bounded) })];
  return { session: applied.session, notes, promptTaken: applied.promptTaken };
}

function applyFacts(
  session: Session,
  facts: readonly AgentFact[],
  source: SignalSource,
  event: string,
  at: number,
): { session: Session; promptTaken: boolean } {
  let next = session;
  let promptTaken = false;
  for (const fact of facts) {
    switch (fact.type) {
      case 'activity': {
        const detail = fact.detail === undefined ? '' : oneLine(fact.detail, maxDetail);
        const signal = acceptSignal(next.signal, {
          activity: fact.activity,
          source,
          event,
          at,
          ...(detail === '' ? {} : { detail }),
          ...(fact.weak ? { weak: true as const } : {}),
        });
        if (signal !== next.signal) next = { ...next, signal };
        break;
      }
      case 'promptTaken':
        promptTaken = true;
        break;
      case 'conversation':
        next = setConversation(next, fact.id);
        break;
      case 'artifact':
        next = addArtifact(next, fact.path, fact.kind, at);
        break;
      case 'progress':
        next = addProgress(next, fact, at);
        break;
    }
  }
  return { session: next, promptTaken };
}

/** An id that was cut would name another conversation, or none. */
function setConversation(session: Session, id: string): Session {
  if (id === '' || id.length > maxConversationId || oneLine(id) !== id) return { ...session, skipped: session.skipped + 1 };
  return { ...session, conversationId: id };
}

function addArtifact(session: Session, path: string, kind: string, at: number): Session {
  const absolute = path.length > maxPath ? undefined : resolveInside(session.spec.cwd, path);
  if (absolute === undefined) return { ...session, skipped: session.skipped + 1 };
  const artifact: Artifact = { path: absolute, kind: oneLine(kind, 64), at };
  const others = session.artifacts.filter((known) => known.path !== absolute);
  return { ...session, artifacts: [...others, artifact].slice(-maxArtifacts) };
}

/** Counts a report and keeps its message and percent, bounded; what is absent stays as it was (seed row L11). */
export function addProgress(session: Session, fact: { message?: string; percent?: number }, at: number): Session {
  const known = session.progress;
  const message = oneLine(fact.message ?? '', maxDetail) || known?.message;
  const percent = fact.percent === undefined || Number.isNaN(fact.percent) ? known?.percent : Math.min(100, Math.max(0, fact.percent));
  return {
    ...session,
    progress: {
      count: (known?.count ?? 0) + 1,
      at,
      ...(message === undefined ? {} : { message }),
      ...(percent === undefined ? {} : { percent }),
    },
  };
}

/** How a session ends that we stopped: cancelled, or failed when its time was up (seed rows L8, L17). */
export function stopped({ reason, cause }: Partial<StopWish>): { readonly action: LifecycleAction; readonly outcome: SessionOutcome } {
  if (cause === 'timeout') return { action: 'fail_operation', outcome: { type: 'failed', error: reason ?? 'timed out' } };
  return { action: 'cancel_operation', outcome: { type: 'cancelled', ...(reason === undefined ? {} : { reason }) } };
}

/** The exit decides (seed row L8): our stop → cancelled; 0 → completed; otherwise failed. A closed terminal → terminated. */
function end(session: Session, event: Extract<RunnerEvent, { kind: 'exited' }>): Session {
  if (session.stopRequest !== undefined || event.cause === 'stopped') {
    const { action, outcome } = stopped(session.stopRequest ?? {});
    return move(session, action, event.at, { outcome });
  }
  if (event.cause === 'hangup') {
    return move(session, 'terminate_owner', event.at, { outcome: { type: 'terminated', reason: 'its terminal was closed' } });
  }
  if (session.status === 'retiring') return move(session, 'mark_retired', event.at, { outcome: { type: 'retired' } });
  if (event.code === 0) {
    return move(session, 'complete_operation', event.at, { outcome: { type: 'completed', by: 'exit' } });
  }
  return move(session, 'fail_operation', event.at, { outcome: failure(event.code, event.signal) });
}

function failure(code: number | null, signal: string | null): SessionOutcome {
  if (code !== null) return { type: 'failed', error: `exited with code ${code}`, exitCode: code };
  return { type: 'failed', error: signal === null ? 'exit code unknown' : `ended by signal ${signal}` };
}

/** `undefined` when the driver choked on what the agent said: one bad hook must not stop the events behind it. */
function understood<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function stateOf(value: unknown): string {
  const state = typeof value === 'object' && value !== null ? (value as { state?: unknown }).state : undefined;
  return typeof state === 'string' ? oneLine(state, 40) : 'event';
}

function note(event: RunnerEvent, data: unknown): Note {
  return { kind: event.kind, actor: event.kind === 'hook' || event.kind === 'fleetEvent' ? 'agent' : 'runner', at: event.at, data };
}

/** A fact as it is kept in the history: what an agent says may be of any length. */
function bounded(fact: AgentFact): AgentFact {
  switch (fact.type) {
    case 'activity':
      return fact.detail === undefined ? fact : { ...fact, detail: oneLine(fact.detail, maxDetail) };
    case 'progress':
      return fact.message === undefined ? fact : { ...fact, message: oneLine(fact.message, maxDetail) };
    case 'artifact':
      return { ...fact, path: oneLine(fact.path, maxDetail), kind: oneLine(fact.kind, 64) };
    case 'conversation':
      return { ...fact, id: oneLine(fact.id, maxConversationId) };
    case 'promptTaken':
      return fact;
  }
}

/** What of an event is worth keeping; hook payloads may hold secrets and are not kept whole. */
function summary(event: RunnerEvent): Record<string, unknown> {
  switch (event.kind) {
    case 'hook':
      return { event: oneLine(event.name, maxEventName) };
    case 'fleetEvent':
      return { event: stateOf(event.value) };
    default: {
      const { seq: _seq, at: _at, kind: _kind, ...rest } = event;
      return 'message' in rest ? { ...rest, message: oneLine(rest.message, maxDetail) } : rest;
    }
  }
}
