/** Tools that change nothing. */
const readers: ReadonlySet<string> = new Set(['read', 'grep', 'find', 'ls']);
/** Tools that change the files they name. */
const writers: ReadonlySet<string> = new Set(['write', 'edit']);

/**
 * Whether the person is asked before pi runs a tool. `ask`: before everything but reading; `allow`: edits go unasked; the other policies never
 * ask. A tool of another extension counts as a command. An unknown policy asks, like `ask`.
 */
export function asksBefore(policy: string | undefined, tool: string): boolean {
  if (policy === 'bypass' || policy === 'deny' || readers.has(tool)) return false;
  return policy !== 'allow' || !writers.has(tool);
}
