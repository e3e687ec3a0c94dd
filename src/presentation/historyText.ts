import { oneLine } from '../base/text.ts';
import type { HistoryEntry } from '../core/ports.ts';
import type { Translate } from './translate.ts';

const maxLine = 200;
/** Nesting below this is not written out. */
const maxDepth = 3;

/** One entry of a session's history as one line: `user prompt: text=fix the login, result=submitted`. */
export function historyText(t: Translate, entry: HistoryEntry): string {
  const facts = valueText(entry.data, 0);
  const head = t('{0} {1}', actorWord(t, entry.actor), oneLine(entry.kind, 40));
  return oneLine(facts === '' ? head : `${head}: ${facts}`, maxLine);
}

function actorWord(t: Translate, actor: HistoryEntry['actor']): string {
  switch (actor) {
    case 'user': return t('you');
    case 'agent': return t('agent');
    case 'runner': return t('runner');
    case 'fleet': return t('fleet');
  }
}

function valueText(value: unknown, depth: number): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return oneLine(value, maxLine);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object') return '';
  if (depth >= maxDepth) return '…';
  const parts = Array.isArray(value)
    ? value.slice(0, 20).map((item) => valueText(item, depth + 1))
    : Object.entries(value).slice(0, 20).map(([key, item]) => fieldText(oneLine(key, 40), valueText(item, depth + 1)));
  const text = parts.filter((part) => part !== '').join(', ');
  return depth === 0 || text === '' ? text : `(${text})`;
}

function fieldText(key: string, value: string): string {
  return value === '' ? '' : `${key}=${value}`;
}
