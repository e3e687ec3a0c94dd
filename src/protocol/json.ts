import { numberText } from './numberText.ts';

/** What JSON can say. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** serde_json refuses deeper nesting; the same bound keeps our own recursion safe. */
export const maxJsonDepth = 127;

/** Whether `value` is an object as JSON knows it: no array, no null. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether `value` is JSON through and through and at most `depth` levels deep. */
export function isJsonValue(value: unknown, depth = maxJsonDepth): value is JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isJsonValue(item, depth - 1));
  return isObject(value) && Object.values(value).every((item) => isJsonValue(item, depth - 1));
}

/**
 * Compact JSON text as serde_json writes a `Value`: keys of objects in the order of their code points.
 * One difference cannot be avoided: JavaScript does not know `1.0` from `1` and writes `1`.
 */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'string') return stringText(value);
  if (typeof value === 'number') return numberText(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`;
  return `{${sortedKeys(value).map((key) => `${stringText(key)}:${jsonText(value[key] ?? null)}`).join(',')}}`;
}

/** The keys of an object in the order of their code points. */
export function sortedKeys(value: object): readonly string[] {
  return Object.keys(value).sort(byCodePoint);
}

/** A string as JSON text. Half a surrogate pair, which no Rust reader accepts, becomes U+FFFD. */
export function stringText(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Order of the UTF-8 bytes, which is that of the code points; `<` on strings compares UTF-16 units instead. */
function byCodePoint(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
