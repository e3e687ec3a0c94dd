import type { Session } from '../../core/session.ts';
import type { SessionPatch } from './record.ts';

/**
 * What changed from one snapshot of a session to the next, field by field and by reference, which is exact because
 * snapshots are never changed. A field that is gone is `null` in the patch. Without a `before` it is the whole session.
 */
export function patchOf(before: Session | undefined, after: Session): { readonly p: SessionPatch; readonly full: boolean } {
  const to = after as unknown as Readonly<Record<string, unknown>>;
  const patch: Record<string, unknown> = {};
  const from = before as unknown as Readonly<Record<string, unknown>> | undefined;
  let shared = 0;
  for (const field of Object.keys(to)) {
    const value = to[field];
    if (value === undefined) continue;
    const old = from?.[field];
    if (value !== old) patch[field] = value;
    if (old !== undefined) shared++;
  }
  // Mostly no field is gone, and then the second look is spared.
  const fieldsBefore = from === undefined ? [] : Object.keys(from);
  if (from !== undefined && shared < fieldsBefore.length) {
    for (const field of fieldsBefore) if (from[field] !== undefined && to[field] === undefined) patch[field] = null;
  }
  return { p: patch, full: before === undefined };
}

/** The session after a patch; `undefined` if the patch is a partial one and there is nothing to apply it to. */
export function applyPatch(before: Session | undefined, patch: SessionPatch, full: boolean): Session | undefined {
  if (before === undefined && !full) return undefined;
  // Spread copies own fields as they are, `__proto__` from a parsed line included, and never calls a setter.
  const after: Record<string, unknown> = full ? { ...patch } : { ...before, ...patch };
  for (const field of Object.keys(patch)) if (after[field] === null) delete after[field];
  return after as unknown as Session;
}
