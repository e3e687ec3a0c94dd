import type { AgentFact } from '../../core/driver.ts';
import type { ActivityKind } from '../../core/session.ts';

const states: readonly (readonly [sign: RegExp, activity: ActivityKind])[] = [
  [/^◇\s/, 'idle'],
  [/^✦\s/, 'working'],
  // A tool that has printed nothing for a while.
  [/^⏲\s/, 'working'],
  [/^✋\s/, 'needs_permission'],
];

/** Titles of Gemini (measured with gemini 0.61.0). `Gemini CLI (folder)` means that the person switched the state off; it says nothing. */
export function geminiTitleFacts(title: string): readonly AgentFact[] {
  const state = states.find(([sign]) => sign.test(title))?.[1];
  return state === undefined ? [] : [{ type: 'activity', activity: state }];
}
