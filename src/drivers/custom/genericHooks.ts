import type { AgentFact } from '../../core/driver.ts';
import type { ActivityKind } from '../../core/session.ts';
import { oneLine } from '../../base/text.ts';

/** Hook names that say what the agent does. */
const activities: ReadonlyMap<string, ActivityKind> = new Map([
  ['Starting', 'starting'],
  ['Working', 'working'],
  ['ModelWait', 'model_wait'],
  ['RunningTool', 'running_tool'],
  ['NeedsPermission', 'needs_permission'],
  ['NeedsAnswer', 'needs_answer'],
  ['Idle', 'idle'],
  ['Blocked', 'blocked'],
]);

const maxText = 200;

/**
 * Facts of the hooks that any script may drop: the activities above with `{detail}`, and `PromptTaken`,
 * `Artifact {path, kind}`, `Progress {percent, message}`. Other names yield nothing.
 */
export function genericHookFacts(name: string, payload: unknown): readonly AgentFact[] {
  const fields = typeof payload === 'object' && payload !== null ? (payload as Readonly<Record<string, unknown>>) : {};
  const activity = activities.get(name);
  if (activity !== undefined) {
    const detail = textOf(fields['detail']);
    return [{ type: 'activity', activity, ...(detail === undefined ? {} : { detail }) }];
  }
  switch (name) {
    case 'PromptTaken':
      return [{ type: 'promptTaken' }];
    case 'Artifact':
      return artifactFacts(fields['path'], textOf(fields['kind']));
    case 'Progress':
      return progressFacts(fields['percent'], textOf(fields['message']));
    default:
      return [];
  }
}

function artifactFacts(path: unknown, kind: string | undefined): readonly AgentFact[] {
  if (typeof path !== 'string' || path === '' || path.length > 4096 || path.includes('\0')) return [];
  return [{ type: 'artifact', path, kind: kind ?? 'report' }];
}

function progressFacts(percent: unknown, message: string | undefined): readonly AgentFact[] {
  const share = typeof percent === 'number' && Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : undefined;
  if (share === undefined && message === undefined) return [];
  return [{ type: 'progress', ...(message === undefined ? {} : { message }), ...(share === undefined ? {} : { percent: share }) }];
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? oneLine(value, maxText) : '';
  return text === '' ? undefined : text;
}
