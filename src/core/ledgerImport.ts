import { clip, oneLine } from '../base/text.ts';
import { encodeEvent } from '../protocol/encodeEvent.ts';
import type { FleetEvent, FleetEventPayload } from '../protocol/event.ts';
import { parseTimestamp } from '../protocol/timestamp.ts';
import { fleetEventFacts } from './fleetEventFacts.ts';
import { isFinal, type RecordedSession } from './ledgerExport.ts';
import { resolveInside } from './paths.ts';
import type { HistoryEntry } from './ports.ts';
import { isTerminal, type Session, type SessionOutcome, type SessionStatus } from './session.ts';
import { acceptSignal } from './signals.ts';

export interface ImportOptions {
  readonly newSessionId: () => string;
  /** Absolute folder in which the sessions are said to have worked. Artifacts outside of it are not listed. */
  readonly cwd: string;
  /** Epoch milliseconds for events of a session none of which has a readable time. */
  readonly now: number;
  /** What becomes of sessions that the events leave active: kept as they were told, or `unknown`, since nobody here saw them alive. */
  readonly active: 'keep' | 'unknown';
}

/** A session made of events, and whose events they were. */
export interface ImportedSession extends RecordedSession {
  readonly origin: { readonly run_id: string; readonly worker_id: string; readonly task_id: string };
}

const maxName = 100;
const maxDriver = 60;
const maxText = 300;
const maxPrompt = 100_000;
const maxArtifacts = 500;

/**
 * Sessions out of worker events of fleet protocol 0.1.0, in any order and of any number of runs: one session for each run, worker and
 * task. Events go by `seq`; one that comes twice counts once. The first end is final: what comes after it is in the history and changes
 * nothing else. All events are kept in the history, so that an export gives them back.
 */
export function importLedger(events: Iterable<FleetEvent>, options: ImportOptions): readonly ImportedSession[] {
  const groups = new Map<string, FleetEvent[]>();
  for (const event of events) {
    const key = JSON.stringify([event.run_id, event.worker_id, event.task_id]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [event]);
    else group.push(event);
  }
  return [...groups.values()].flatMap((group) => importGroup(inOrder(group), options));
}

function importGroup(events: readonly FleetEvent[], options: ImportOptions): readonly ImportedSession[] {
  const [first] = events;
  if (first === undefined) return [];
  const times = timesOf(events, options.now);
  let session = newSession(first, times[0] ?? options.now, options);
  const history = events.map((event, index): HistoryEntry => {
    const at = times[index] ?? options.now;
    const isLate = isTerminal(session.status);
    if (!isLate) session = step(session, event, at);
    return { sessionId: session.id, seq: index + 1, at, kind: 'fleetEvent', actor: 'agent', data: dataOf(event, isLate) };
  });
  const status = options.active === 'unknown' && !isTerminal(session.status) ? 'unknown' : session.status;
  const { run_id, worker_id, task_id } = first;
  return [{ session: { ...session, status, historySeq: history.length }, history, origin: { run_id, worker_id, task_id } }];
}

/** By number; the same event again, as a ledger may hold it, is left out. */
function inOrder(group: readonly FleetEvent[]): readonly FleetEvent[] {
  const sorted = group.toSorted((a, b) => a.seq - b.seq);
  const seen = new Set<string>();
  return sorted.filter((event, index) => {
    const isAgain = sorted[index - 1]?.seq === event.seq;
    if (!isAgain) seen.clear();
    if (!isAgain && sorted[index + 1]?.seq !== event.seq) return true;
    const text = encodeEvent(event);
    const isNew = !seen.has(text);
    seen.add(text);
    return isNew;
  });
}

/** An event whose time cannot be read has that of the former one; before the first readable one, that one's. */
function timesOf(events: readonly FleetEvent[], now: number): readonly number[] {
  const read = events.map((event) => parseTimestamp(event.timestamp));
  let last = read.find((at) => at !== undefined) ?? now;
  return read.map((at) => (last = at ?? last));
}

/** What an export needs to give the event back (`importedEvent`); `event` is for people who read the history. */
function dataOf(event: FleetEvent, isLate: boolean): Record<string, unknown> {
  const { payload, extra, unknownFields } = event;
  return {
    event: payload.state,
    payload,
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
    ...(Object.keys(unknownFields).length === 0 ? {} : { unknownFields }),
    ...(isLate ? { late: true } : {}),
  };
}

/** The first event tells name, agent and first prompt, as our export has it; a prompt of a later event is one that was sent later. */
function newSession(event: FleetEvent, at: number, options: ImportOptions): Session {
  const name = text(event.extra['name'], maxName) ?? text(event.task_id, maxName);
  const driver = text(event.extra['driver'], maxDriver) ?? text(event.worker_id, maxDriver);
  const prompt = typeof event.extra['prompt'] === 'string' ? clip(event.extra['prompt'], maxPrompt) : '';
  return {
    id: options.newSessionId(),
    name: name ?? 'task',
    driver: driver ?? 'external',
    spec: { policy: 'ask', cwd: options.cwd, ...(prompt === '' ? {} : { prompt }) },
    attempt: 1,
    channel: 'external',
    // Until an event says where it stands.
    status: 'unknown',
    lastRunnerSeq: 0,
    artifacts: [],
    historySeq: 0,
    skipped: 0,
    createdAt: at,
    lastActivityAt: at,
  };
}

function step(before: Session, event: FleetEvent, at: number): Session {
  const { payload } = event;
  const seen: Session = { ...withFacts(before, event, at), lastActivityAt: Math.max(before.lastActivityAt, at) };
  const outcome = outcomeOf(event);
  if (outcome !== undefined) return { ...seen, status: outcome.type, outcome, completedAt: Math.max(at, seen.createdAt) };
  const status = statusAfter(seen, payload);
  return {
    ...seen,
    status,
    ...(status === 'running' && seen.startedAt === undefined ? { startedAt: at } : {}),
    ...(payload.state === 'restarted' ? { attempt: payload.restart_count + 1 } : {}),
    ...(payload.state === 'model_wait' && payload.model !== undefined ? { model: oneLine(payload.model, maxName) } : {}),
  };
}

/** A task that has run stays running when it is queued or leased again. Silence (`stale`) proves nothing, so it is unknown then. */
function statusAfter(session: Session, payload: FleetEventPayload): SessionStatus {
  switch (payload.state) {
    case 'queued':
    case 'leased':
    case 'starting':
      return session.startedAt === undefined ? 'provisioning' : 'running';
    case 'running':
    case 'model_wait':
    case 'running_tool':
    case 'heartbeat':
    case 'restarted':
      return 'running';
    case 'stale':
      return 'unknown';
    default:
      return session.status;
  }
}

/** How the event says that the session ended; a word of ours in `extra.outcome` says it more exactly. */
function outcomeOf({ payload, extra }: FleetEvent): SessionOutcome | undefined {
  const reason = text(extra['reason'], maxText);
  switch (payload.state) {
    case 'completed': {
      if (extra['outcome'] === 'retired') return { type: 'retired' };
      const summary = text(payload.summary, maxText);
      return { type: 'completed', by: extra['by'] === 'person' ? 'person' : 'exit', ...(summary === undefined ? {} : { summary }) };
    }
    case 'failed': {
      const exitCode = extra['exit_code'];
      const code = typeof exitCode === 'number' && Number.isInteger(exitCode) ? { exitCode } : {};
      return { type: 'failed', error: text(payload.reason, maxText) ?? 'no reason given', ...code };
    }
    case 'cancelled': {
      if (extra['outcome'] === 'aborted') return { type: 'aborted', reason: reason ?? 'no reason given' };
      const why = reason ?? (payload.cancelled_by === undefined ? undefined : text(`by ${payload.cancelled_by}`, maxText));
      return { type: 'cancelled', ...(why === undefined ? {} : { reason: why }) };
    }
    case 'interrupted': {
      // Where this protocol comes from, an interrupt is a cancel for good.
      if (extra['outcome'] === 'terminated') return { type: 'terminated', reason: reason ?? 'no reason given' };
      const why = reason ?? text(`interrupted: ${payload.signal ?? ''}`.replace(/: $/, ''), maxText);
      return { type: 'cancelled', ...(why === undefined ? {} : { reason: why }) };
    }
    default:
      return undefined;
  }
}

function withFacts(session: Session, event: FleetEvent, at: number): Session {
  let next = session;
  for (const fact of fleetEventFacts(event)) {
    // The end is told by the outcome, not by a signal.
    if (fact.type === 'activity' && !isFinal(event.payload)) {
      const detail = fact.detail === undefined ? {} : { detail: fact.detail };
      next = { ...next, signal: acceptSignal(next.signal, { activity: fact.activity, ...detail, source: 'channel', event: event.payload.state, at }) };
    } else if (fact.type === 'artifact') next = withArtifact(next, fact.path, fact.kind, at);
    else if (fact.type === 'progress') {
      const { message = next.progress?.message, percent = next.progress?.percent } = fact;
      const said = { ...(message === undefined ? {} : { message }), ...(percent === undefined ? {} : { percent }) };
      next = { ...next, progress: { count: (next.progress?.count ?? 0) + 1, ...said, at } };
    }
  }
  return next;
}

function withArtifact(session: Session, path: string, kind: string, at: number): Session {
  const absolute = resolveInside(session.spec.cwd, path);
  if (absolute === undefined) return { ...session, skipped: session.skipped + 1 };
  const others = session.artifacts.filter((known) => known.path !== absolute);
  return { ...session, artifacts: [...others, { path: absolute, kind, at }].slice(-maxArtifacts) };
}

/** One line of plain text; `undefined` when there is none. */
function text(value: unknown, max: number): string | undefined {
  const line = typeof value === 'string' ? oneLine(value, max) : '';
  return line === '' ? undefined : line;
}
