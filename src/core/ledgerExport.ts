import { decodeEvent } from '../protocol/decodeEvent.ts';
import type { FleetEvent, FleetEventPayload } from '../protocol/event.ts';
import { isJsonValue, isObject, type JsonObject, type JsonValue } from '../protocol/json.ts';
import { timestampText } from '../protocol/timestamp.ts';
import { activityWord } from './fleetEventFacts.ts';
import { isAbsolute, resolveInside } from './paths.ts';
import type { HistoryEntry } from './ports.ts';
import type { Session, SessionOutcome } from './session.ts';

/** A session with its whole history, oldest first. */
export interface RecordedSession {
  readonly session: Session;
  readonly history: readonly HistoryEntry[];
}

export interface ExportOptions {
  /** Name of the fleet or workspace: `run_id` of every event. */
  readonly runId: string;
}

/** An event before it gets its envelope. */
interface Draft {
  readonly at: number;
  readonly payload: FleetEventPayload;
  readonly extra: JsonObject;
  readonly unknownFields: JsonObject;
}

/** The events of many sessions, one session after the other. */
export function* exportLedger(recorded: Iterable<RecordedSession>, options: ExportOptions): Generator<FleetEvent, void, undefined> {
  for (const each of recorded) yield* exportSession(each, options);
}

/**
 * What a session did as worker events of fleet protocol 0.1.0: `worker_id` is its agent, `task_id` its id, `seq` counts from 1.
 *
 * Our own words stand in `extra`: `name`, `driver` and the first `prompt` on the first event; `activity` and `detail` where the state does
 * not say them; `message` and `percent` of a progress report; later `prompt`s; `prompt_taken`; and on the last event what the state cannot
 * say of the outcome (`outcome`, `by`, `reason`, `exit_code`). Events that were imported come out as they came in.
 */
export function exportSession({ session, history }: RecordedSession, options: ExportOptions): readonly FleetEvent[] {
  const drafts = named(session, draftsOf(session, history));
  return drafts.map(({ at, ...rest }, index) => ({
    seq: index + 1,
    run_id: options.runId,
    worker_id: session.driver,
    task_id: session.id,
    timestamp: timestampText(at),
    ...rest,
  }));
}

/** The event that a history entry of an imported session holds. */
export function importedEvent(data: unknown): Pick<FleetEvent, 'payload' | 'extra' | 'unknownFields'> | undefined {
  if (!isObject(data) || !isObject(data['payload'])) return undefined;
  const { payload, extra = {}, unknownFields = {} } = data;
  try {
    const envelope = { seq: 0, run_id: '', worker_id: '', task_id: '', timestamp: '' };
    return decodeEvent({ ...(isObject(unknownFields) ? unknownFields : {}), ...payload, extra, ...envelope });
  } catch {
    return undefined;
  }
}

export function isFinal(payload: FleetEventPayload): boolean {
  return payload.state === 'completed' || payload.state === 'failed' || payload.state === 'cancelled' || payload.state === 'interrupted';
}

function draftsOf(session: Session, history: readonly HistoryEntry[]): readonly Draft[] {
  const teller = new Teller(session);
  for (const entry of history) teller.tell(entry);
  return teller.end();
}

/** Turns a history into events, one entry after the other. */
class Teller {
  readonly #session: Session;
  readonly #drafts: Draft[] = [];
  /** What the agent does as far as it was told: an event about something else says it again instead of taking it back. */
  #doing: Pick<Draft, 'payload' | 'extra'> = { payload: { state: 'starting' }, extra: {} };
  #hasEnded = false;
  #exitedAt: number | undefined;
  readonly #told = new Set<string>();

  constructor(session: Session) {
    this.#session = session;
  }

  tell(entry: HistoryEntry): void {
    const imported = importedEvent(entry.data);
    if (imported !== undefined) {
      this.#add({ at: entry.at, payload: imported.payload, extra: imported.extra, unknownFields: imported.unknownFields });
      return;
    }
    if (this.#drafts.length === 0) this.#begin();
    const data = isObject(entry.data) ? entry.data : {};
    switch (entry.kind) {
      case 'started':
        this.#say(entry.at, { state: 'running' });
        break;
      case 'hook':
      case 'fleetEvent':
        if (Array.isArray(data['facts'])) this.#facts(entry.at, data['facts'].filter(isObject));
        break;
      case 'signal':
        this.#facts(entry.at, [{ ...data, type: 'activity' }]);
        break;
      case 'prompt':
        this.#again(entry.at, textField('prompt', data['text']));
        break;
      case 'exited':
      case 'spawnFailed':
        this.#exitedAt ??= entry.at;
        break;
    }
  }

  end(): readonly Draft[] {
    const { outcome, artifacts, completedAt, lastActivityAt } = this.#session;
    if (this.#drafts.length === 0) this.#begin();
    for (const { path, kind, at } of artifacts) {
      if (!this.#told.has(path)) this.#insert({ at, payload: { state: 'artifact', kind, path, size_bytes: null }, extra: {}, unknownFields: {} });
    }
    if (outcome !== undefined && !this.#hasEnded) this.#add({ at: completedAt ?? this.#exitedAt ?? lastActivityAt, ...finalOf(outcome, this.#session), unknownFields: {} });
    return this.#drafts;
  }

  #begin(): void {
    const { createdAt } = this.#session;
    this.#say(createdAt, { state: 'queued' });
    this.#say(createdAt, { state: 'starting' });
  }

  #facts(at: number, facts: readonly Readonly<Record<string, unknown>>[]): void {
    const taken = facts.some((fact) => fact['type'] === 'promptTaken') ? { prompt_taken: true } : {};
    const progress = facts.filter((fact) => fact['type'] === 'progress').at(-1) ?? {};
    const more: JsonObject = { ...taken, ...textField('message', progress['message']), ...numberField('percent', progress['percent']) };
    const doing = facts.filter((fact) => fact['type'] === 'activity').at(-1);
    const said = doing === undefined ? undefined : activityOf(doing['activity'], doing['detail']);
    if (said !== undefined) this.#say(at, said.payload, said.extra, more);
    else if (Object.keys(more).length > 0) this.#again(at, more);
    for (const fact of facts) if (fact['type'] === 'artifact') this.#artifact(at, fact['path'], fact['kind']);
  }

  /** A path that was cut for the history, or was refused, is not among the session's artifacts. */
  #artifact(at: number, path: unknown, kind: unknown): void {
    if (typeof path !== 'string' || typeof kind !== 'string') return;
    const absolute = resolveInside(this.#session.spec.cwd, path);
    if (absolute === undefined || !this.#session.artifacts.some((artifact) => artifact.path === absolute)) return;
    this.#add({ at, payload: { state: 'artifact', kind, path, size_bytes: null }, extra: {}, unknownFields: {} });
  }

  #say(at: number, payload: FleetEventPayload, extra: JsonObject = {}, once: JsonObject = {}): void {
    this.#doing = { payload, extra };
    this.#add({ at, payload, extra: { ...extra, ...once }, unknownFields: {} });
  }

  #again(at: number, extra: JsonObject): void {
    if (Object.keys(extra).length > 0) this.#add({ at, payload: this.#doing.payload, extra: { ...this.#doing.extra, ...extra }, unknownFields: {} });
  }

  #add(draft: Draft): void {
    if (draft.payload.state === 'artifact') this.#told.add(pathIn(this.#session, draft.payload.path));
    this.#hasEnded ||= isFinal(draft.payload);
    this.#drafts.push(draft);
  }

  /** Puts an event behind those of its time. The first one stays first: it carries the name. */
  #insert(draft: Draft): void {
    const index = this.#drafts.findLastIndex((other) => other.at <= draft.at && !isFinal(other.payload));
    this.#told.add(pathIn(this.#session, draft.payload.state === 'artifact' ? draft.payload.path : ''));
    this.#drafts.splice(Math.max(1, index + 1), 0, draft);
  }
}

function pathIn(session: Session, path: string): string {
  return resolveInside(session.spec.cwd, path) ?? (isAbsolute(path) ? path : '');
}

/** The first event says whose it is, unless it does already. */
function named(session: Session, drafts: readonly Draft[]): readonly Draft[] {
  const { name, driver, spec } = session;
  const whose: JsonObject = { driver, name, ...textField('prompt', spec.prompt) };
  return drafts.map((draft, index) => (index === 0 ? { ...draft, extra: { ...whose, ...draft.extra } } : draft));
}

/** How an activity is said. A state says it where there is one; our own word does otherwise. */
function activityOf(word: unknown, detail: unknown): { readonly payload: FleetEventPayload; readonly extra: JsonObject } | undefined {
  const activity = activityWord(word);
  if (activity === undefined) return undefined;
  const extra = textField('detail', detail);
  switch (activity) {
    case 'starting':
      return { payload: { state: 'starting' }, extra };
    case 'working':
      return { payload: { state: 'running' }, extra };
    case 'model_wait':
      return { payload: { state: 'model_wait' }, extra };
    case 'running_tool':
      return { payload: { state: 'running_tool', tool: typeof detail === 'string' && detail !== '' ? detail : 'tool' }, extra: {} };
    default:
      return { payload: { state: 'running' }, extra: { activity, ...extra } };
  }
}

function finalOf(outcome: SessionOutcome, session: Session): { readonly payload: FleetEventPayload; readonly extra: JsonObject } {
  switch (outcome.type) {
    case 'completed': {
      const summary = outcome.summary === undefined ? {} : { summary: outcome.summary };
      if (outcome.by === 'person') return { payload: { state: 'completed', ...summary }, extra: { by: 'person' } };
      return { payload: { state: 'completed', exit_code: 0, ...summary }, extra: {} };
    }
    case 'failed':
      // As the reference does: a worker that ended with a code may be tried again, one that never ran may not.
      return { payload: { state: 'failed', reason: outcome.error, recoverable: outcome.exitCode !== undefined }, extra: numberField('exit_code', outcome.exitCode) };
    case 'cancelled':
      return { payload: { state: 'cancelled', ...(session.stopRequest === undefined ? {} : { cancelled_by: 'user' }) }, extra: textField('reason', outcome.reason) };
    case 'aborted':
      return { payload: { state: 'cancelled' }, extra: { outcome: 'aborted', reason: outcome.reason } };
    case 'terminated':
      return { payload: { state: 'interrupted' }, extra: { outcome: 'terminated', reason: outcome.reason } };
    case 'retired':
      return { payload: { state: 'completed' }, extra: { outcome: 'retired' } };
  }
}

function textField(name: string, value: unknown): JsonObject {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}

function numberField(name: string, value: unknown): JsonObject {
  return typeof value === 'number' && isJsonValue(value) ? { [name]: value satisfies JsonValue } : {};
}
