import * as z from 'zod/mini';
import type { CompletionEntry, HistoryEntry } from '../../core/ports.ts';
import { activeStatuses, permissionPolicies, sessionKinds, terminalStatuses, type Session, type SessionStatus } from '../../core/session.ts';

/** Epoch milliseconds. */
const time = z.number().check(z.minimum(0));
const count = z.int().check(z.minimum(0));
const positive = z.int().check(z.minimum(1));
const text = z.string();

/** Rule S6: nothing else may become part of a path, a shell line or a tree id. */
const sessionId = z.string().check(z.regex(/^(?!-)[A-Za-z0-9_-]{1,128}$/));

const processIdentity = z.looseObject({ pid: count, startTime: z.exactOptional(text), bootId: z.exactOptional(text) });

const outcome = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('completed'), summary: z.exactOptional(text), by: z.enum(['exit', 'person']) }),
  z.looseObject({ type: z.literal('failed'), error: text, exitCode: z.exactOptional(z.int()) }),
  z.looseObject({ type: z.literal('aborted'), reason: text }),
  z.looseObject({ type: z.literal('cancelled'), reason: z.exactOptional(text) }),
  z.looseObject({ type: z.literal('retired') }),
  z.looseObject({ type: z.literal('terminated'), reason: text }),
]);

/** Optional fields without which a session is still itself: one that cannot be read is left out. */
const evidence = {
  signal: z.looseObject({
    activity: z.enum(['starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked']),
    detail: z.exactOptional(text),
    source: z.enum(['channel', 'hook', 'title', 'progress', 'process']),
    event: z.exactOptional(text),
    at: time,
    confirmed: z.exactOptional(z.literal(true)),
  }),
  progress: z.looseObject({ count, message: z.exactOptional(text), percent: z.exactOptional(z.number()), at: time }),
  kind: z.enum(sessionKinds),
  resumedFrom: sessionId,
  model: text,
  worktree: text,
  host: text,
  channel: z.literal('external'),
  clientInstanceId: text,
  actorKey: text,
  parentActorKey: text,
  peer: z.looseObject({ name: text, address: text, at: time }),
  retireRequest: z.looseObject({ at: time, deadline: z.exactOptional(time) }),
  retryAt: time,
  escalatedAt: time,
  usage: z.looseObject({
    turns: z.exactOptional(count),
    inputTokens: z.exactOptional(count),
    outputTokens: z.exactOptional(count),
    reasoningTokens: z.exactOptional(count),
    toolCalls: z.exactOptional(count),
    costMicroUsd: z.exactOptional(count),
  }),
  feedSeq: positive,
  elapsedMs: time,
  spoolSkipped: count,
};

/** Loose objects: fields that a later version added within the same schema version survive being read and written here. */
const sessionBody = z.looseObject({
  id: sessionId,
  name: text,
  driver: text,
  spec: z.looseObject({
    prompt: z.exactOptional(text),
    policy: z.enum(permissionPolicies),
    cwd: text,
    variant: z.exactOptional(text),
  }),
  parentId: z.exactOptional(sessionId),
  restartOf: z.exactOptional(sessionId),
  attempt: positive,
  kind: z.exactOptional(evidence.kind),
  resumedFrom: z.exactOptional(evidence.resumedFrom),
  model: z.exactOptional(evidence.model),
  worktree: z.exactOptional(evidence.worktree),
  host: z.exactOptional(evidence.host),
  channel: z.exactOptional(evidence.channel),
  clientInstanceId: z.exactOptional(evidence.clientInstanceId),
  actorKey: z.exactOptional(evidence.actorKey),
  parentActorKey: z.exactOptional(evidence.parentActorKey),
  signal: z.exactOptional(evidence.signal),
  progress: z.exactOptional(evidence.progress),
  outcome: z.exactOptional(outcome),
  peer: z.exactOptional(evidence.peer),
  retireRequest: z.exactOptional(evidence.retireRequest),
  retryAt: z.exactOptional(evidence.retryAt),
  escalatedAt: z.exactOptional(evidence.escalatedAt),
  usage: z.exactOptional(evidence.usage),
  feedSeq: z.exactOptional(evidence.feedSeq),
  elapsedMs: z.exactOptional(evidence.elapsedMs),
  stopRequest: z.exactOptional(z.looseObject({ at: time, reason: z.exactOptional(text) })),
  runner: z.exactOptional(processIdentity),
  agent: z.exactOptional(processIdentity),
  conversationId: z.exactOptional(text),
  promptToType: z.exactOptional(text),
  tokenHash: z.exactOptional(text),
  lastRunnerSeq: count,
  artifacts: z.array(z.looseObject({ path: text, kind: text, at: time })),
  historySeq: count,
  skipped: count,
  spoolSkipped: z.exactOptional(evidence.spoolSkipped),
  createdAt: time,
  startedAt: z.exactOptional(time),
  completedAt: z.exactOptional(time),
  lastActivityAt: time,
});

const historyEntry = z.object({
  sessionId,
  seq: positive,
  at: time,
  kind: text,
  actor: z.enum(['user', 'agent', 'runner', 'fleet']),
  data: z.unknown(),
});

const completion = z.object({ seq: positive, sessionId, kind: z.enum(sessionKinds), name: text, outcome, at: time });

export const knownStatuses: readonly SessionStatus[] = [...activeStatuses, ...terminalStatuses];
const known: ReadonlySet<string> = new Set(knownStatuses);

/** A status that we do not know is told as `unknown` (S4). */
export function statusFrom(status: string): SessionStatus {
  return known.has(status) ? (status as SessionStatus) : 'unknown';
}

/**
 * Reads a stored session (S4). A status that we do not know is told as `unknown`, evidence that cannot be read is left out.
 * Anything else that is wrong: `undefined`.
 * @param body the parsed JSON body; it is not changed.
 */
export function sessionFrom(id: string, status: string, body: unknown): Session | undefined {
  let read = sessionBody.safeParse(body);
  if (!read.success && typeof body === 'object' && body !== null) {
    const trimmed: Record<string, unknown> = { ...body };
    for (const [field, schema] of Object.entries(evidence)) {
      if (!schema.safeParse(trimmed[field]).success) delete trimmed[field];
    }
    read = sessionBody.safeParse(trimmed);
  }
  if (!read.success || read.data.id !== id) return undefined;
  return { ...read.data, status: statusFrom(status) };
}

/** Why this session could not be read back once it is stored; `undefined`: it can. For whoever writes to the journal. */
export function sessionProblem(session: Session): string | undefined {
  const checked = sessionBody.safeParse(JSON.parse(JSON.stringify(session)));
  if (!checked.success) return describe(checked.error);
  return session.status === 'unknown' || known.has(session.status) ? undefined : `status ${String(session.status)}`;
}

/** Reads a stored line of history; `undefined` if it is not one. */
export function historyFrom(value: unknown): HistoryEntry | undefined {
  const read = historyEntry.safeParse(value);
  return read.success ? read.data : undefined;
}

/** Why this line of history could not be read back once it is stored; `undefined`: it can. */
export function historyProblem(entry: HistoryEntry): string | undefined {
  const checked = historyEntry.safeParse(entry);
  if (!checked.success) return describe(checked.error);
  try {
    JSON.stringify(entry.data ?? null);
    return undefined;
  } catch {
    return 'its data is not a JSON value';
  }
}

/** Reads a stored entry of the completion feed; `undefined` if it is not one. */
export function completionFrom(value: unknown): CompletionEntry | undefined {
  const read = completion.safeParse(value);
  return read.success ? read.data : undefined;
}

/** `undefined` for what is not JSON. */
export function parseJson(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : undefined;
  } catch {
    return undefined;
  }
}

function describe(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'unknown problem' : `${issue.path.join('.') || 'value'}: ${issue.message}`;
}
