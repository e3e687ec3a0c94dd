import { fieldsOf, listOf } from '../shared/payload.ts';

const maxFiles = 100;
const maxPatch = 256 * 1024;

/** Files that a patch in Codex' own format writes, in its order: `*** Add File: PATH`, `*** Update File: PATH`, `*** Move to: PATH`. */
export function patchedFiles(input: unknown): readonly string[] {
  const values = typeof input === 'string' ? [input] : Object.values(fieldsOf(input)).flatMap((value) => [value, ...listOf(value)]);
  const files = new Set<string>();
  for (const value of values) {
    if (typeof value !== 'string') continue;
    for (const line of value.slice(0, maxPatch).split('\n')) {
      const [, kind, path] = /^\*\*\* (Add File|Update File|Move to): (.{1,4096}?)\r?$/.exec(line) ?? [];
      if (path === undefined) continue;
      // A file that is moved is written under its new name only.
      if (kind === 'Move to') files.delete([...files].at(-1) ?? '');
      if (files.size < maxFiles) files.add(path);
    }
  }
  return [...files];
}
