const spelling = /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,30}))?\s?(?:[Zz]|UTC|([+-])(\d\d):?(\d\d))?$/;
const minute = 60_000;

/**
 * Epoch milliseconds of a point in time in one of the spellings that fleets write: RFC 3339, or `2026-05-04 08:15:30` as databases do.
 * Without a zone it is UTC. `undefined` for anything else, a day that does not exist included.
 */
export function parseTimestamp(text: string): number | undefined {
  const match = spelling.exec(text.trim());
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day, hour, minutes, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  if (hour > 23 || minutes > 59 || second > 60 || part(9) > 23 || part(10) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const fraction = Number(`${match[7] ?? ''}000`.slice(0, 3));
  const zone = (part(9) * 60 + part(10)) * minute * (match[8] === '-' ? -1 : 1);
  // A leap second has no number of its own: it counts as the first moment of the next minute.
  const time = date.getTime() + ((hour * 60 + minutes) * 60 + second) * 1000 + fraction - zone;
  return Math.abs(time) <= maxTime ? time : undefined;
}

/** RFC 3339 in UTC with milliseconds. Times that no date can say are moved to the nearest that one can. */
export function timestampText(at: number): string {
  return new Date(Number.isNaN(at) ? 0 : Math.min(maxTime, Math.max(-maxTime, Math.trunc(at)))).toISOString();
}

const maxTime = 8.64e15;
