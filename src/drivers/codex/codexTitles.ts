import type { AgentFact } from '../../core/driver.ts';

/**
 * Titles of Codex (measured with codex 0.169.0): a spinner in front is busy, and goes on for a moment when a question opens;
 * `[ ! ] Action Required | …` (blinking as `[ . ]`) asks; anything else is the resting title `folder` or `task | folder`. The empty title
 * of its start and end says nothing.
 */
export function codexTitleFacts(title: string): readonly AgentFact[] {
  if (title.trim() === '') return [];
  if (/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] /.test(title)) return [{ type: 'activity', activity: 'working', weak: true }];
  if (/^\[ [!.] \] Action Required(?: \||$)/.test(title)) return [{ type: 'activity', activity: 'needs_permission' }];
  return [{ type: 'activity', activity: 'idle' }];
}
