import type { StopRequest } from '../core/ports.ts';
import type { RunnerEvent, RunnerHeartbeat } from '../core/runnerEvents.ts';
import type { ProcessIdentity } from '../core/session.ts';
import type { EventsParams, EventsResult, HelloParams } from './contract.ts';
import type { Endpoint } from './launchFile.ts';

/**
 * Shape checks of everything that comes from another process. Written by hand: the runner carries them too, and a schema
 * library would cost it more memory and start time than all the rest of it.
 */

type Fields = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, min = 0): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isOptional(value: unknown, check: (present: unknown) => boolean): boolean {
  return value === undefined || check(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isProcessIdentity(value: unknown): value is ProcessIdentity {
  return isRecord(value) && isCount(value['pid'], 1) && isOptional(value['startTime'], isText) && isOptional(value['bootId'], isText);
}

const bodyChecks: Readonly<Record<RunnerEvent['kind'], (event: Fields) => boolean>> = {
  started: (event) => isProcessIdentity(event['runner']) && isProcessIdentity(event['agent']),
  spawnFailed: (event) => isText(event['code']) && isText(event['message']),
  hook: (event) => isText(event['name']) && 'payload' in event,
  fleetEvent: (event) => 'value' in event,
  skipped: (event) => (event['what'] === 'hook' || event['what'] === 'fleetEvent') && isText(event['reason']),
  stopping: (event) => isText(event['signal']),
  survivors: (event) => Array.isArray(event['pids']) && event['pids'].every((pid) => isCount(pid, 1)),
  exited: (event) =>
    (event['code'] === null || (typeof event['code'] === 'number' && Number.isSafeInteger(event['code']))) &&
    (event['signal'] === null || isText(event['signal'])) &&
    (event['cause'] === 'agent' || event['cause'] === 'stopped' || event['cause'] === 'hangup'),
};

export function isRunnerEvent(value: unknown): value is RunnerEvent {
  if (!isRecord(value) || !isCount(value['seq'], 1) || !isTime(value['at'])) return false;
  const kind = value['kind'];
  return isText(kind) && Object.hasOwn(bodyChecks, kind) && bodyChecks[kind as RunnerEvent['kind']](value);
}

export function isHelloParams(value: unknown): value is HelloParams {
  return (
    isRecord(value) && isCount(value['version']) && isText(value['sessionId']) && isText(value['token']) && isProcessIdentity(value['runner'])
  );
}

/** Events in rising order of their numbers, or none. */
export function isEventsParams(value: unknown): value is EventsParams {
  if (!isRecord(value) || !Array.isArray(value['events'])) return false;
  let last = 0;
  return value['events'].every((event: unknown) => {
    if (!isRunnerEvent(event) || event.seq <= last) return false;
    last = event.seq;
    return true;
  });
}

export function isHeartbeat(value: unknown): value is RunnerHeartbeat {
  return (
    isRecord(value) && isTime(value['at']) && isCount(value['processes']) && isOptional(value['cpuPercent'], isTime) && isOptional(value['rssBytes'], isTime)
  );
}

/** The answer to `runner/hello`. */
export function isAcknowledgement(value: unknown): value is { readonly ackedSeq: number } {
  return isRecord(value) && isCount(value['ackedSeq']);
}

/** The answer to `runner/events`. */
export function isEventsResult(value: unknown): value is EventsResult {
  return isRecord(value) && isCount(value['ackedSeq']) && isOptional(value['takenSeq'], (seq) => isCount(seq));
}

/** Longest grace that is believed, milliseconds: beyond that a stop is no stop. */
const maxGraceMs = 10 * 60 * 1000;

export function isStopRequest(value: unknown): value is StopRequest {
  return isRecord(value) && (value['from'] === 'SIGINT' || value['from'] === 'SIGTERM') && isTime(value['graceMs']) && value['graceMs'] <= maxGraceMs;
}

export function isEndpoint(value: unknown): value is Endpoint {
  return isRecord(value) && value['version'] === 1 && isText(value['address']) && value['address'] !== '' && isCount(value['pid'], 1);
}
