import { isObject, jsonText, sortedKeys, stringText, type JsonValue } from './json.ts';
import { floatText } from './numberText.ts';
import type { FieldRule, Fields, WireType } from './wireTypes.ts';

/** The fields of an object as JSON text, in the order in which they are written. */
export type Written = Map<string, string>;

/** Adds the fields that `fields` names, in their order; only own properties of `source` count. */
export function putFields(written: Written, fields: Fields, source: object): void {
  const values = new Map<string, unknown>(Object.entries(source));
  for (const [name, rule] of Object.entries(fields)) putField(written, name, rule, values.get(name));
}

/** Adds fields that are not `known`: one that has the name of a known field is left out, or it could not be read again. */
export function putUnknown(written: Written, known: ReadonlySet<string>, unknownFields: unknown): void {
  if (!isObject(unknownFields)) return;
  for (const [name, value] of Object.entries(unknownFields)) if (!known.has(name)) written.set(name, jsonText(value as JsonValue));
}

export function objectText(written: Written): string {
  return `{${[...written].map(([name, text]) => `${stringText(name)}:${text}`).join(',')}}`;
}

/** A value of a type as compact JSON. The value has the type: what is read from outside is checked by the reader. */
export function valueText(value: unknown, type: WireType): string {
  if (typeof type === 'string') return (type === 'f32' || type === 'f64') && typeof value === 'number' ? floatText(value, type) : jsonText(value as JsonValue);
  switch (type.kind) {
    case 'word':
      return jsonText(value as JsonValue);
    case 'list':
      return `[${(value as readonly unknown[]).map((item) => valueText(item, type.of)).join(',')}]`;
    case 'map': {
      const entries = new Map(Object.entries(value as object));
      return objectText(new Map(sortedKeys(value as object).map((key) => [key, valueText(entries.get(key), type.of)])));
    }
    case 'record':
      return recordText(new Map(), type.fields, value as object);
    case 'tagged': {
      const word = String(new Map<string, unknown>(Object.entries(value as object)).get(type.tag));
      return recordText(new Map([[type.tag, stringText(word)]]), type.variants[word] ?? {}, value as object);
    }
  }
}

function recordText(written: Written, fields: Fields, source: object): string {
  const known = new Set([...written.keys(), ...Object.keys(fields)]);
  putFields(written, fields, source);
  if (Object.hasOwn(source, 'unknownFields')) putUnknown(written, known, (source as { readonly unknownFields?: unknown }).unknownFields);
  return objectText(written);
}

function putField(written: Written, name: string, rule: FieldRule, value: unknown): void {
  const present = value ?? rule.fallback ?? null;
  if (present !== null) written.set(name, valueText(present, rule.type));
  else if (rule.presence !== 'optional') written.set(name, 'null');
}
