import type { Loose } from './searchText.ts';

export function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Rule S6. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^(?!-)[A-Za-z0-9_-]{1,128}$/.test(value);
}

export function withoutNulls(full: Loose): Loose {
  return Object.values(full).includes(null) ? Object.fromEntries(Object.entries(full).filter(([, value]) => value !== null)) : full;
}

/** Null takes a field away. Spread copies own fields as they are, `__proto__` included. */
export function merged(session: Loose | undefined, patch: Loose, fields: readonly string[]): Loose {
  const after: Record<string, unknown> = { ...session, ...patch };
  for (const field of fields) if (patch[field] === null) delete after[field];
  return after;
}
