import { isFleetError } from '../base/errors.ts';
import { clip, oneLine } from '../base/text.ts';
import { completeEvent } from '../protocol/completeEvent.ts';
import type { FleetEvent, FleetEventPayload } from '../protocol/event.ts';
import type { AgentFact } from './driver.ts';
import type { ActivityKind } from './session.ts';

/** Facts never depend on the envelope, so anything will do where a line leaves it out. */
const anyEnvelope = { sessionId: '', seq: 0, at: 0 };

/**
 * Facts of one parsed line of an agent's events file; the envelope may be missing. `undefined` when it is not a worker event of
 * fleet protocol 0.1.0.
 */
export function factsOfFleetEvent(value: unknown): readonly AgentFact[] | undefined {
  try {
    return fleetEventFacts(completeEvent(value, anyEnvelope));
  } catch (error) {
    if (isFleetError(error, 'BadEvent')) return undefined;
    throw error;
  }
}

/**
 * What a worker event says about the session that reported it (fleet protocol 0.1.0, with our words inside `extra`):
 * - `activity`: one of the words of `ActivityKind`; stands before what the state says. An unknown word is ignored.
 * - `detail`: plain words about the activity. `percent` (0 to 100), `message`: progress.
 * - `prompt_taken: true`: a prompt arrived.
 *
 * No event decides how a session ended: the exit code does. A heartbeat says nothing but "alive", so it yields no facts.
 */
export function fleetEventFacts(event: FleetEvent): readonly AgentFact[] {
  const { payload, extra } = event;
  if (payload.state === 'heartbeat') return [];
  const facts: AgentFact[] = [];
  if (extra['prompt_taken'] === true) facts.push({ type: 'promptTaken' });
  const said = activityOf(payload);
  const word = isFinal(payload) ? undefined : activityWord(extra['activity']);
  const activity = word ?? said?.activity;
  if (activity !== undefined) {
    const detail = detailOf(payload, said?.detail, extra['detail'], word !== undefined);
    facts.push({ type: 'activity', activity, ...(detail === undefined ? {} : { detail }) });
  }
  const artifact = artifactOf(payload);
  if (artifact !== undefined) facts.push(artifact);
  const progress = progressOf(extra['percent'], extra['message']);
  if (progress !== undefined) facts.push(progress);
  return facts;
}

/** Most characters of a detail or a message that are kept. */
const maxText = 200;
const maxPath = 4096;

const activityWords: Readonly<Record<ActivityKind, true>> = {
  starting: true,
  working: true,
  model_wait: true,
  running_tool: true,
  needs_permission: true,
  needs_answer: true,
  idle: true,
  blocked: true,
};

/** `value` if it is a word for an activity. */
export function activityWord(value: unknown): ActivityKind | undefined {
  return typeof value === 'string' && Object.hasOwn(activityWords, value) ? (value as ActivityKind) : undefined;
}

interface Said {
  readonly activity: ActivityKind;
  readonly detail?: string | undefined;
}

/** What the state alone says. Words of a manager about its workers (`queued`, `stale`, …) say nothing about what the agent does. */
function activityOf(payload: FleetEventPayload): Said | undefined {
  switch (payload.state) {
    case 'starting':
      return { activity: 'starting' };
    case 'running':
      return { activity: 'working' };
    case 'model_wait':
      return { activity: 'model_wait', detail: payload.model };
    case 'running_tool':
      return { activity: 'running_tool', detail: payload.tool };
    case 'completed':
      return { activity: 'idle', detail: sentence('says it is done', payload.summary) };
    case 'failed':
      return { activity: 'idle', detail: sentence('says it failed', payload.reason) };
    case 'cancelled':
      return { activity: 'idle', detail: 'says it was cancelled' };
    case 'interrupted':
      return { activity: 'idle', detail: 'says it was interrupted' };
    default:
      return undefined;
  }
}

function isFinal(payload: FleetEventPayload): boolean {
  return payload.state === 'completed' || payload.state === 'failed' || payload.state === 'cancelled' || payload.state === 'interrupted';
}

function sentence(what: string, why: string | undefined): string {
  return why === undefined || oneLine(why) === '' ? what : `${what}: ${why}`;
}

/** A tool is named with what it works on; elsewhere the extra detail stands for what the state says. */
function detailOf(payload: FleetEventPayload, said: string | undefined, extra: unknown, overruled: boolean): string | undefined {
  const own = said === undefined ? '' : oneLine(said, maxText);
  const more = typeof extra === 'string' ? oneLine(extra, maxText) : '';
  if (isFinal(payload)) return own;
  if (more === '') return own === '' ? undefined : own;
  return payload.state === 'running_tool' && !overruled && own !== '' ? clip(`${own}: ${more}`, maxText) : more;
}

function artifactOf(payload: FleetEventPayload): AgentFact | undefined {
  if (payload.state !== 'artifact') return undefined;
  const { path } = payload;
  if (path === '' || path.length > maxPath || path.includes('\0')) return undefined;
  return { type: 'artifact', path, kind: oneLine(payload.kind, 60) };
}

function progressOf(percent: unknown, message: unknown): AgentFact | undefined {
  const text = typeof message === 'string' ? oneLine(message, maxText) : '';
  const share = typeof percent === 'number' && Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : undefined;
  if (text === '' && share === undefined) return undefined;
  return { type: 'progress', ...(text === '' ? {} : { message: text }), ...(share === undefined ? {} : { percent: share }) };
}
