import type { NewSession } from './fleetCommands.ts';
import { activeStatuses, permissionPolicies, sessionKinds, terminalStatuses, type Session } from './session.ts';

/** Shape checks of sessions that come from another window or another extension, where TypeScript's word does not count. */

export type Check = (value: unknown) => boolean;

/** Longest text of one line, and longest text at all (a prompt has at most 100,000 bytes), UTF-16 units. */
const maxLine = 8192;
const maxText = 256 * 1024;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const line: Check = (value) => typeof value === 'string' && value.length <= maxLine;
export const text: Check = (value) => typeof value === 'string' && value.length <= maxText;
export const count: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
export const finite: Check = (value) => typeof value === 'number' && Number.isFinite(value);
export const time: Check = (value) => finite(value) && (value as number) >= 0;
/** Nothing else may become part of a path, a shell line or a tree id (seed row S6). */
export const sessionId: Check = (value) => typeof value === 'string' && /^(?!-)[A-Za-z0-9_-]{1,128}$/.test(value);

export function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

export function listOf(check: Check, max: number): Check {
  return (value) => Array.isArray(value) && value.length <= max && value.every(check);
}

export function oneOf(known: readonly string[]): Check {
  return (value) => typeof value === 'string' && known.includes(value);
}

/** An object with these fields; others are let be, so that a field of a later version survives. */
export function shape(fields: Readonly<Record<string, Check>>): Check {
  return (value) => isRecord(value) && Object.entries(fields).every(([name, check]) => check(Object.hasOwn(value, name) ? value[name] : undefined));
}

const used = {
  turns: optional(count), inputTokens: optional(count), outputTokens: optional(count), reasoningTokens: optional(count),
  toolCalls: optional(count), costMicroUsd: optional(count),
};
const usage = shape(used);
/** What `reportUsage` takes. */
export const usageReport = shape({ ...used, turn: line });

const spec = shape({ prompt: optional(text), policy: oneOf(permissionPolicies), cwd: line, variant: optional(line) });

/** What `register` takes, and every session has. */
const plan = {
  id: sessionId, name: line, driver: line, spec, parentId: optional(sessionId), restartOf: optional(sessionId), resumedFrom: optional(sessionId), attempt: count,
  kind: optional(oneOf(sessionKinds)), worktree: optional(line), host: optional(line), channel: optional(oneOf(['external'])), clientInstanceId: optional(line),
  actorKey: optional(line), parentActorKey: optional(line), conversationId: optional(line), promptToType: optional(text),
};

const processIdentity = shape({ pid: (value) => count(value) && value !== 0, startTime: optional(line), bootId: optional(line) });

const outcomes: Readonly<Record<string, Check>> = {
  completed: shape({ summary: optional(text), by: oneOf(['exit', 'person']) }),
  failed: shape({ error: text, exitCode: optional(finite) }),
  aborted: shape({ reason: text }),
  cancelled: shape({ reason: optional(text) }),
  retired: () => true,
  terminated: shape({ reason: text }),
};

const outcome: Check = (value) => isRecord(value) && typeof value['type'] === 'string' && Object.hasOwn(outcomes, value['type']) && outcomes[value['type']]?.(value) === true;

const signal = shape({
  activity: oneOf(['starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked']),
  detail: optional(text), source: oneOf(['channel', 'hook', 'title', 'progress', 'process']), event: optional(line), at: time,
});

const sessionShape = shape({
  ...plan,
  status: oneOf([...activeStatuses, ...terminalStatuses, 'unknown']),
  model: optional(line),
  signal: optional(signal),
  progress: optional(shape({ count, message: optional(text), percent: optional(finite), at: time })),
  outcome: optional(outcome),
  peer: optional(shape({ name: line, address: line, at: time })),
  retireRequest: optional(shape({ at: time, deadline: optional(finite) })),
  usage: optional(usage),
  turnUsage: optional(shape({ turn: line, used: usage, before: usage })),
  feedSeq: optional(count),
  elapsedMs: optional(time),
  stopRequest: optional(shape({ at: time, reason: optional(text), cause: optional(oneOf(['timeout'])) })),
  retryAt: optional(time),
  escalatedAt: optional(time),
  runner: optional(processIdentity),
  agent: optional(processIdentity),
  tokenHash: optional(line),
  lastRunnerSeq: count,
  artifacts: listOf(shape({ path: line, kind: line, at: time }), 100_000),
  historySeq: count,
  skipped: count,
  spoolSkipped: optional(count),
  createdAt: time,
  startedAt: optional(time),
  completedAt: optional(time),
  lastActivityAt: time,
});

export function isNewSession(value: unknown): value is NewSession {
  return newSession(value);
}
const newSession = shape({ ...plan, tokenHash: optional(line) });

export function isSession(value: unknown): value is Session {
  return sessionShape(value);
}

export const isSessionList = listOf(isSession, 100_000) as (value: unknown) => value is readonly Session[];
