import { FleetError } from '../../base/errors.ts';
import type { AuditEntry } from '../../core/ports.ts';
import { activeStatuses, terminalStatuses, permissionPolicies } from '../../core/session.ts';
import type { HistoryLine, JournalRecord } from './record.ts';

/**
 * What may enter the journal. Whatever passes here is read back for as long as the registry lives, so a value that the
 * projection has no column for is refused before it is written. By hand: a schema library costs more than the write.
 */

/** Rule S6: nothing else may become part of a path, a shell line or a tree id. */
const idPattern = /^(?!-)[A-Za-z0-9_-]{1,128}$/;

const statuses: ReadonlySet<unknown> = new Set([...activeStatuses, ...terminalStatuses, 'unknown']);
const policies: ReadonlySet<unknown> = new Set(permissionPolicies);
const actors: ReadonlySet<unknown> = new Set(['user', 'agent', 'runner', 'fleet']);

/** A whole number that a column and a double both hold exactly. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isOrdinal = (value: unknown): boolean => isCount(value) && value > 0;
const isText = (value: unknown): boolean => typeof value === 'string';
const isId = (value: unknown): boolean => typeof value === 'string' && idPattern.test(value);

interface Rule {
  readonly ok: (value: unknown) => boolean;
  readonly required: boolean;
}

/** Fields of a session that have a column or that its reader cannot do without. Times are epoch milliseconds. */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['id', { ok: isId, required: true }],
  ['name', { ok: isText, required: true }],
  ['driver', { ok: isText, required: true }],
  ['spec', { ok: (value) => isPlainObject(value) && isText(value['cwd']) && policies.has(value['policy']), required: true }],
  ['attempt', { ok: isOrdinal, required: true }],
  ['status', { ok: (value) => statuses.has(value), required: true }],
  ['lastRunnerSeq', { ok: isCount, required: true }],
  ['artifacts', { ok: Array.isArray, required: true }],
  ['historySeq', { ok: isCount, required: true }],
  ['skipped', { ok: isCount, required: true }],
  ['createdAt', { ok: isCount, required: true }],
  ['lastActivityAt', { ok: isCount, required: true }],
  ['startedAt', { ok: isCount, required: false }],
  ['completedAt', { ok: isCount, required: false }],
  ['feedSeq', { ok: isOrdinal, required: false }],
  ['parentId', { ok: isId, required: false }],
]);
const requiredFields = [...rules].filter(([, rule]) => rule.required).map(([field]) => field);

function refuseSession(problem: string, sessionId: unknown): never {
  throw new FleetError('InvalidSession', `The session cannot be stored: ${problem}.`, { details: { sessionId } });
}

function refuseHistory(problem: string, sessionId?: string): never {
  throw new FleetError('InvalidHistory', `The history cannot be stored: ${problem}.`, { details: sessionId === undefined ? {} : { sessionId } });
}

/** @throws FleetError `InvalidSession` or `InvalidHistory`, by the kind of the record. */
export function checkNumbers({ q, t, k }: JournalRecord): void {
  if (isCount(q) && q > 0 && isCount(t)) return;
  const problem = `q ${q} and t ${t} must be whole numbers`;
  if (k === 'audit') refuseHistory(problem);
  refuseSession(problem, undefined);
}

/** @throws FleetError `InvalidSession`. */
export function checkId(id: unknown): void {
  if (!isId(id)) refuseSession('id', id);
}

/** @throws FleetError `InvalidSession` for fields of a session, or of a patch to one, that could not be read back. */
export function checkFields(sessionId: string, fields: Readonly<Record<string, unknown>>, whole: boolean): void {
  if (!isPlainObject(fields)) refuseSession('not an object', sessionId);
  for (const field of Object.keys(fields)) {
    const rule = rules.get(field);
    if (rule === undefined) continue;
    const value = fields[field];
    if (value === undefined || (value === null && !rule.required)) continue;
    if (!rule.ok(value)) refuseSession(field, sessionId);
  }
  if (fields['id'] !== undefined && fields['id'] !== sessionId) refuseSession('id', sessionId);
  if (whole) for (const field of requiredFields) if (fields[field] === undefined) refuseSession(field, sessionId);
}

/** @throws FleetError `InvalidHistory`. */
export function checkHistory(sessionId: string, lines: readonly HistoryLine[]): void {
  for (const [seq, at, kind, actor, data] of lines) {
    if (!isCount(seq) || seq === 0) refuseHistory('seq', sessionId);
    if (!isCount(at)) refuseHistory('at', sessionId);
    if (typeof kind !== 'string') refuseHistory('kind', sessionId);
    if (!actors.has(actor)) refuseHistory('actor', sessionId);
    if (typeof data === 'function' || typeof data === 'symbol') refuseHistory('its data is not a JSON value', sessionId);
  }
}

/** @throws FleetError `InvalidHistory`. */
export function checkAudit(entry: AuditEntry): void {
  if (!isCount(entry.at)) refuseHistory('at');
  if (!isText(entry.actor) || !isText(entry.action) || !isText(entry.result)) refuseHistory('actor, action and result must be text');
  if (!(entry.target === undefined || isText(entry.target))) refuseHistory('target');
  if (!(entry.detail === undefined || isText(entry.detail))) refuseHistory('detail');
}

/** The JSON text of a session or a patch. @throws FleetError `InvalidSession` for what JSON cannot hold. */
export function sessionJson(value: unknown, sessionId: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    return refuseSession('it is not a JSON value', sessionId);
  }
}

/** The JSON text of history or audit. @throws FleetError `InvalidHistory` for what JSON cannot hold. */
export function historyJson(value: unknown, sessionId?: string): string {
  try {
    return JSON.stringify(value);
  } catch {
    return refuseHistory('its data is not a JSON value', sessionId);
  }
}
