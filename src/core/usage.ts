import type { Usage } from './session.ts';

/**
 * What agents used (heddle usage summary, zeph fleet row, seed row A14). Money is counted in whole millionths of a US dollar, so that sums
 * are exact. An absent number is not known, which is not zero. Reasoning tokens are part of the output tokens and are never added to them.
 */

/** What one turn used, as far as its agent told. */
export type TurnUsage = Omit<Usage, 'turns'>;

export interface UsageReport extends TurnUsage {
  /** The agent's own name or number of the turn. */
  readonly turn: string;
}

const fields = ['inputTokens', 'outputTokens', 'reasoningTokens', 'toolCalls', 'costMicroUsd'] as const satisfies readonly (keyof TurnUsage)[];
type Field = (typeof fields)[number];

const microsPerUsd = 1_000_000;

/** US dollars as whole micro-dollars, rounded to the nearest; `undefined` for what is no amount (negative, not finite, too large). */
export function microUsd(usd: number): number | undefined {
  return count(Math.round(usd * microsPerUsd));
}

/** Two reports about one turn: the later one wins where it says something. Numbers that are no counts say nothing. */
export function mergeReports(earlier: TurnUsage, later: TurnUsage): TurnUsage {
  return pick((field) => count(later[field]) ?? count(earlier[field]));
}

/** The total of reports in the order in which they came, for example of a history that is read again. A field that no turn tells stays unknown. */
export function usageOf(reports: Iterable<UsageReport>): Usage {
  const turns = new Map<string, TurnUsage>();
  for (const report of reports) turns.set(report.turn, mergeReports(turns.get(report.turn) ?? {}, report));
  return [...turns.values()].reduce<Usage>((total, turn) => addUsage(total, { ...turn, turns: 1 }), {});
}

/** The sum of two totals, for example of the sessions of a fleet. What one of them does not know is what the other one knows. */
export function addUsage(a: Usage, b: Usage): Usage {
  const turns = add(count(a.turns), count(b.turns));
  return { ...(turns === undefined ? {} : { turns }), ...pick((field) => add(count(a[field]), count(b[field]))) };
}

function pick(value: (field: Field) => number | undefined): TurnUsage {
  const known: { -readonly [F in Field]?: number } = {};
  for (const field of fields) {
    const number = value(field);
    if (number !== undefined) known[field] = number;
  }
  return known;
}

function add(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}

/** A whole number from 0; what comes from agents may be anything. */
function count(value: number | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
