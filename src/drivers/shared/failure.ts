import type { AgentFact } from '../../core/driver.ts';
import { activity, textOf } from './payload.ts';

/** Words of providers and agents that mean: it does not go on until a person, or time, lifts a limit. */
const limits: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/\b429\b|rate.?limit|too many requests|resource.?exhausted/i, 'rate limit'],
  [/usage.?limit|quota|insufficient.?(?:credit|fund|balance)|billing|credit balance|payment required|\b402\b/i, 'usage limit'],
  [/\b401\b|unauthori[sz]ed|authentication|not logged in|log ?in required|invalid api key|api key (?:is )?(?:missing|invalid|expired)/i, 'login needed'],
];

/** What a failed turn means: `blocked` when a limit or a missing login stops the agent, otherwise it is idle again. */
export function failureFact(message: unknown): AgentFact {
  const text = failureText(message);
  if (text === undefined) return activity('idle', 'the turn failed');
  const reason = limits.find(([pattern]) => pattern.test(text))?.[1];
  return reason === undefined ? activity('idle', `the turn failed: ${text}`) : activity('blocked', `${reason}: ${text}`);
}

/** An error's words: many are `<status>: <JSON>` (seen with pi 0.87.1), of which only the message is for people. */
export function failureText(message: unknown): string | undefined {
  if (typeof message !== 'string') return undefined;
  const [, status, json] = /^(\d{3}):?\s*(\{.{0,4000}\})\s*$/s.exec(message) ?? [];
  if (status === undefined || json === undefined) return textOf(message, 160);
  const said = messageIn(json);
  return textOf(said === undefined ? message : `${status} ${said}`, 160);
}

function messageIn(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const { message, error } = value as { message?: unknown; error?: { message?: unknown } | null };
    return textOf(message) ?? textOf(error?.message);
  } catch {
    return undefined;
  }
}
