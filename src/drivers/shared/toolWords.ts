import { isAbsolute, resolveInside } from '../../core/paths.ts';
import { fieldsOf, textOf, type Fields } from './payload.ts';

/** How the tools of different agents call what they act on, the most telling first. */
const targets = ['file_path', 'notebook_path', 'path', 'url', 'pattern', 'query', 'description', 'agent_name', 'subagent_type', 'message', 'prompt'] as const;
const places: ReadonlySet<string> = new Set(['file_path', 'notebook_path', 'path']);

/**
 * A tool call in a few words that read well behind “runs” and “wants to run”: the command of a shell, otherwise the tool
 * and what it acts on, such as `Edit src/a.ts`. `undefined` when not even the tool has a name.
 */
export function toolWords(tool: unknown, input: unknown, cwd?: unknown): string | undefined {
  const fields = fieldsOf(input);
  const command = commandOf(fields);
  if (command !== undefined) return command;
  const name = textOf(tool, 60);
  if (name === undefined) return undefined;
  for (const key of targets) {
    const target = textOf(fields[key], 120);
    if (target !== undefined) return `${name} ${places.has(key) ? shortPath(target, cwd) : target}`;
  }
  return name;
}

/** The command of a shell tool: a text, or a list of arguments. */
function commandOf(fields: Fields): string | undefined {
  const { command } = fields;
  if (Array.isArray(command)) return textOf(command.slice(0, 50).filter((part) => typeof part === 'string').join(' '));
  return textOf(command);
}

/** A path below the agent's folder is shown relative to it. */
export function shortPath(path: string, cwd: unknown): string {
  if (typeof cwd !== 'string' || !isAbsolute(path) || !isAbsolute(cwd)) return path;
  const inside = resolveInside(cwd, path);
  if (inside === undefined) return path;
  return inside.slice(cwd.replace(/[\\/]+$/, '').length + 1) || path;
}
