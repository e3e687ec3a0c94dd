import { hookLine, type HookShell } from '../shared/hookLine.ts';
import { tomlString, tomlTable } from './toml.ts';

/** Hooks that say something about the state ("codex hooks"). */
export const codexEvents = [
  'SessionStart',
  'UserPromptSubmit',
  'PreToolUse',
  'PermissionRequest',
  'PostToolUse',
  'PreCompact',
  'PostCompact',
  'Stop',
  'SessionEnd',
] as const;

/** The flags that define our hooks for one run. The same text for every session, because Codex remembers consent by a hash of it. */
export function codexHookFlags(shell: HookShell): readonly string[] {
  return codexEvents.flatMap((event) => ['-c', `hooks.${event}=[{hooks=[{type="command",command=${tomlString(hookLine(event, shell))}}]}]`]);
}

/** The flag that says that the person agreed to exactly these hooks. */
export function codexTrustFlags(hashes: ReadonlyMap<string, string>): readonly string[] {
  const entries = [...hashes].map(([key, hash]) => [key, `{trusted_hash=${tomlString(hash)}}`] as const);
  return ['-c', `hooks.state=${tomlTable(Object.fromEntries(entries))}`];
}
