import * as z from 'zod/mini';
import { FleetError } from '../base/errors.ts';
import type { HistoryEntry } from '../core/ports.ts';
import { activeStatuses, permissionPolicies, terminalStatuses, type Session, type SessionStatus } from '../core/session.ts';

/** Epoch milliseconds. */
const time = z.number().check(z.minimum(0));
const count = z.int().check(z.minimum(0));
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

const signal = z.looseObject({
  activity: z.enum(['starting', 'working', 'model_wait', 'running_tool', 'needs_permission', 'needs_answer', 'idle', 'blocked']),
  detail: z.exactOptional(text),
  source: z.enum(['channel', 'hook', 'title', 'progress', 'process']),
  event: z.exactOptional(text),
  at: time,
});

const progress = z.looseObject({ count, message: z.exactOptional(text), percent: z.exactOptional(z.number()), at: time });

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
  attempt: z.int().check(z.minimum(1)),
  signal: z.exactOptional(signal),
  progress: z.exactOptional(progress),
  outcome: z.exactOptional(outcome),
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
  createdAt: time,
  startedAt: z.exactOptional(time),
  completedAt: z.exactOptional(time),
  lastActivityAt: time,
});

const historyRow = z.object({
  sessionId,
  seq: z.int().check(z.minimum(1)),
  at: time,
  kind: text,
  actor: z.enum(['user', 'agent', 'runner', 'fleet']),
  data: z.unknown(),
});

export const knownStatuses: readonly SessionStatus[] = [...activeStatuses, ...terminalStatuses];

/** A session as its columns. Times are whole milliseconds: they only order; the exact ones are in the body. */
export interface SessionRow {
  readonly id: string;
  readonly status: string;
  readonly parentId: string | null;
  readonly lastActivityAt: number;
  readonly startedAt: number;
  readonly body: string;
}

/**
 * @throws FleetError `InvalidSession` for what could not be read back: better refused now than lost at the next start.
 */
export function sessionRow(session: Session): SessionRow {
  const { status, ...rest } = session;
  const body = JSON.stringify(rest);
  const checked = sessionBody.safeParse(JSON.parse(body));
  if (!checked.success || !(status === 'unknown' || knownStatuses.includes(status))) {
    const problem = checked.success ? `status ${String(status)}` : describe(checked.error);
    throw new FleetError('InvalidSession', `The session cannot be stored: ${problem}.`, { details: { sessionId: session.id } });
  }
  return {
    id: session.id,
    status,
    parentId: session.parentId ?? null,
    lastActivityAt: Math.round(session.lastActivityAt),
    startedAt: Math.round(session.startedAt ?? session.createdAt),
    body,
  };
}

/**
 * Reads a stored session (S4). A status that we do not know is told as `unknown`. Signal and progress are passing
 * evidence: one that cannot be read is left out, which shows as "no signal". Anything else that is wrong: `undefined`.
 */
export function sessionFrom(id: string, status: string, body: string): Session | undefined {
  const value = parseJson(body);
  let read = sessionBody.safeParse(value);
  if (!read.success && typeof value === 'object' && value !== null) {
    const trimmed: Record<string, unknown> = { ...value };
    if (!signal.safeParse(trimmed['signal']).success) delete trimmed['signal'];
    if (!progress.safeParse(trimmed['progress']).success) delete trimmed['progress'];
    read = sessionBody.safeParse(trimmed);
  }
  if (!read.success || read.data.id !== id) return undefined;
  return { ...read.data, status: (knownStatuses as readonly string[]).includes(status) ? (status as SessionStatus) : 'unknown' };
}

/** A line of history as its columns. */
export interface HistoryRow extends Omit<HistoryEntry, 'data'> {
  /** JSON text. */
  readonly data: string;
}

/** @throws FleetError `InvalidHistory` for what could not be read back. */
export function historyRowOf(entry: HistoryEntry): HistoryRow {
  const checked = historyRow.safeParse(entry);
  const data = jsonText(entry.data);
  if (!checked.success || data === undefined) {
    const problem = checked.success ? 'its data is not a JSON value' : describe(checked.error);
    throw new FleetError('InvalidHistory', `The history cannot be stored: ${problem}.`, { details: { sessionId: entry.sessionId } });
  }
  return { ...entry, at: Math.round(entry.at), data };
}

/** Reads a stored line of history; `undefined` if it is not one. */
export function historyFrom(row: { readonly [column: string]: unknown }): HistoryEntry | undefined {
  const read = historyRow.safeParse({ ...row, data: parseJson(row['data']) });
  return read.success ? read.data : undefined;
}

function describe(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? 'unknown problem' : `${issue.path.join('.') || 'value'}: ${issue.message}`;
}

function parseJson(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : undefined;
  } catch {
    return undefined;
  }
}

/** `undefined` as data is kept as `null`; a value that JSON cannot hold gives `undefined`. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value ?? null);
  } catch {
    return undefined;
  }
}
