import { activeStatuses, terminalStatuses, type SessionStatus } from '../core/session.ts';
import type { Translate } from './translate.ts';
import { rowText } from './untrustedText.ts';

/** A filter that could not be read, and what it may be. */
export interface FilterProblem {
  readonly problem: string;
  readonly hint: string;
}

/** What a person typed into the history search. */
export interface HistoryQuery {
  /** The words that are no filters. */
  readonly text: string;
  readonly status?: readonly SessionStatus[];
  /** Last activity, epoch milliseconds, both ends included. */
  readonly since?: number;
  readonly until?: number;
  /** Part of the agent's name or id, lower case. */
  readonly agent?: string;
  /** Filters that could not be read, in words. The search goes on without them. */
  readonly problems: readonly FilterProblem[];
}

const minute = 60_000;
const units: Readonly<Record<string, number>> = { m: minute, h: 60 * minute, d: 24 * 60 * minute, w: 7 * 24 * 60 * minute };
const filter = /^(status|since|until|agent):(.*)$/i;
const allStatuses: readonly SessionStatus[] = [...activeStatuses, ...terminalStatuses, 'unknown'];
/** Words for several statuses, and the words of the rows. */
const groups: Readonly<Record<string, readonly SessionStatus[]>> = {
  active: activeStatuses,
  finished: terminalStatuses,
  ended: terminalStatuses,
  starting: ['provisioning'],
  canceled: ['cancelled'],
};

/**
 * Reads words and filters: `status:failed,cancelled since:3d until:2026-11-01 agent:codex`. A day without an hour begins and ends by
 * the local clock; of two filters of one kind the last one counts. A filter that is still empty is passed over.
 * @param now epoch milliseconds.
 */
export function parseHistoryQuery(t: Translate, input: string, now: number): HistoryQuery {
  const words: string[] = [];
  const problems: FilterProblem[] = [];
  let found: Omit<HistoryQuery, 'text' | 'problems'> = {};
  for (const word of input.split(/\s+/)) {
    const [, name = '', value = ''] = filter.exec(word) ?? [];
    if (name === '') words.push(word);
    if (name === '' || value === '') continue;
    const read = readFilter(name.toLowerCase(), value.toLowerCase(), now);
    if (read === undefined) problems.push(problemOf(t, name.toLowerCase(), value));
    else found = { ...found, ...read };
  }
  return { text: words.join(' ').trim(), ...found, problems };
}

function readFilter(name: string, value: string, now: number): Omit<HistoryQuery, 'text' | 'problems'> | undefined {
  switch (name) {
    case 'status': {
      const status = value.split(',').filter((word) => word !== '').map(statusesOf);
      return status.some((one) => one === undefined) ? undefined : { status: [...new Set(status.flatMap((one) => one ?? []))] };
    }
    case 'since': {
      const since = moment(value, now, 'begin');
      return since === undefined ? undefined : { since };
    }
    case 'until': {
      const until = moment(value, now, 'end');
      return until === undefined ? undefined : { until };
    }
    default:
      return { agent: value };
  }
}

function statusesOf(word: string): readonly SessionStatus[] | undefined {
  const one = allStatuses.find((status) => status === word);
  if (one !== undefined) return [one];
  return Object.hasOwn(groups, word) ? groups[word] : undefined;
}

/** `30m`, `3h`, `3d`, `2w` ago; `today`, `yesterday`; a local day or minute as `2026-11-01` or `2026-11-01T09:30`. */
function moment(value: string, now: number, edge: 'begin' | 'end'): number | undefined {
  const [, amount, unit] = /^(\d{1,6})([mhdw])$/.exec(value) ?? [];
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * (units[unit] ?? 0);
  const today = new Date(now);
  if (value === 'today') return dayEdge(today.getFullYear(), today.getMonth(), today.getDate(), edge);
  if (value === 'yesterday') return dayEdge(today.getFullYear(), today.getMonth(), today.getDate() - 1, edge);
  const parts = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[t](\d{1,2}):(\d{2}))?$/.exec(value)?.slice(1).map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  if (parts === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour, minutes] = parts;
  const date = new Date(year, month - 1, day, hour ?? 0, minutes ?? 0);
  // The 31st of November is no date, and neither is 25 o'clock.
  const isReal = date.getFullYear() === year && date.getMonth() === month - 1 && date.getDate() === day && (minutes ?? 0) < 60;
  if (!isReal) return undefined;
  if (hour === undefined) return dayEdge(year, month - 1, day, edge);
  return edge === 'begin' ? date.getTime() : date.getTime() + minute - 1;
}

/** The first or last millisecond of a local day; days may be 23 or 25 hours long. */
function dayEdge(year: number, month: number, day: number, edge: 'begin' | 'end'): number {
  return edge === 'begin' ? new Date(year, month, day).getTime() : new Date(year, month, day + 1).getTime() - 1;
}

function problemOf(t: Translate, name: string, value: string): FilterProblem {
  const shown = rowText(value, 40);
  if (name === 'status') return { problem: t('“status:{0}” is not known.', shown), hint: t('active, finished, running, completed, failed, aborted, cancelled, retired, terminated') };
  return { problem: t('“{0}:{1}” is no time.', name, shown), hint: t('30m, 3h, 3d, 2w, today, yesterday, or a day such as 2026-11-01') };
}
