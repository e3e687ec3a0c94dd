import type { AgentFact } from '../../core/driver.ts';

/**
 * Titles of Claude Code (measured with claude 2.1.329): `◐`/`◑` in front is busy; `✳` is idle **or** asking, so it never ends a question. The
 * empty title of its end says nothing: the process does.
 */
export function claudeTitleFacts(title: string): readonly AgentFact[] {
  if (/^[◐◑] /.test(title)) return [{ type: 'activity', activity: 'working' }];
  if (/^✳ /.test(title)) return [{ type: 'activity', activity: 'idle', weak: true }];
  return [];
}
