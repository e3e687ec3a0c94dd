import { oneLine } from '../base/text.ts';
import { isJsonValue, isObject, type JsonObject, type JsonValue } from './json.ts';
import type { FieldRule, Fields, ScalarType, TaggedShape, WireType } from './wireTypes.ts';

/** Where a reader stands inside the value that it reads. */
export interface Place {
  /** For example `task_specs[0].scorer`; empty for the whole value. */
  readonly path: string;
  /** How many levels of nesting are still allowed below. */
  readonly depth: number;
  /** Makes the error that tells of a wrong field. */
  readonly fail: (path: string, reason: string) => Error;
}

type Source = Readonly<Record<string, unknown>>;
type Entry = readonly [string, unknown];

/** The fields of `source` that `fields` names; optional ones that are absent are left out. Throws the place's error. */
export function readFields(source: Source, fields: Fields, place: Place): readonly Entry[] {
  return Object.entries(fields).flatMap(([name, rule]): Entry[] => {
    const value = readField(source, name, rule, inside(place, name));
    return value === undefined ? [] : [[name, value]];
  });
}

/** The fields of `source` that are not in `known`, in their order. Throws the place's error. */
export function readUnknown(source: Source, known: ReadonlySet<string>, place: Place): JsonObject {
  const unknown = Object.entries(source).filter(([name, value]) => !known.has(name) && value !== undefined);
  return Object.fromEntries(unknown.map(([name, value]) => [name, readJson(value, inside(place, name))]));
}

/** One value of a type. Throws the place's error. */
export function readValue(value: unknown, type: WireType, place: Place): unknown {
  if (type === 'json') return readJson(value, place);
  if (typeof type === 'string') return readScalar(value, type, place);
  switch (type.kind) {
    case 'word':
      return readWord(value, type.words, place);
    case 'list':
      if (!Array.isArray(value)) throw place.fail(place.path, 'must be a list');
      return value.map((item, index) => readValue(item, type.of, { ...place, path: `${place.path}[${index}]`, depth: place.depth - 1 }));
    case 'map': {
      const entries = Object.entries(readObject(value, place)).filter(([, item]) => item !== undefined);
      return Object.fromEntries(entries.map(([key, item]) => [key, readValue(item, type.of, inside(place, key))]));
    }
    case 'record':
      return readRecord(readObject(value, place), type.fields, [], place);
    case 'tagged':
      return readTagged(readObject(value, place), type, place);
  }
}

/** The word in the field `tag`, one of `words`. Throws the place's error. */
export function readTag(source: Source, tag: string, words: readonly string[], place: Place): string {
  const value = own(source, tag);
  if (value === undefined) throw place.fail(inside(place, tag).path, 'is missing');
  return readWord(value, words, inside(place, tag));
}

/** The field's value, or `undefined` when it is absent. A name such as `constructor` must not find what every object inherits. */
export function own(source: Source, name: string): unknown {
  return Object.hasOwn(source, name) ? source[name] : undefined;
}

/** `unknownFields` is there only when there are some. */
function readRecord(source: Source, fields: Fields, before: readonly Entry[], place: Place): unknown {
  const read = [...before, ...readFields(source, fields, place)];
  const unknown = readUnknown(source, new Set([...before.map(([name]) => name), ...Object.keys(fields)]), place);
  return Object.fromEntries(Object.keys(unknown).length === 0 ? read : [...read, ['unknownFields', unknown]]);
}

function readTagged(source: Source, shape: TaggedShape, place: Place): unknown {
  const word = readTag(source, shape.tag, Object.keys(shape.variants), place);
  return readRecord(source, shape.variants[word] ?? {}, [[shape.tag, word]], place);
}

function readField(source: Source, name: string, rule: FieldRule, place: Place): unknown {
  const value = own(source, name);
  if (value === undefined) {
    if (rule.presence === 'required') throw place.fail(place.path, 'is missing');
    return rule.presence === 'nullable' ? null : rule.fallback;
  }
  if (value === null && rule.presence === 'optional') return undefined;
  if (value === null && rule.presence === 'nullable') return null;
  return readValue(value, rule.type, place);
}

function readObject(value: unknown, place: Place): Source {
  if (!isObject(value)) throw place.fail(place.path, place.path === '' ? 'must be a JSON object' : 'must be an object');
  return value;
}

function readWord(value: unknown, words: readonly string[], place: Place): string {
  if (typeof value !== 'string') throw place.fail(place.path, 'must be text');
  if (words.includes(value)) return value;
  throw place.fail(place.path, `is “${oneLine(value, 40)}”, which is none of ${words.join(', ')}`);
}

function readJson(value: unknown, place: Place): JsonValue {
  if (isJsonValue(value, place.depth)) return value;
  throw place.fail(place.path, 'is nested too deeply or holds what JSON cannot say');
}

function readScalar(value: unknown, type: ScalarType, place: Place): unknown {
  const wrong = complaint(value, type);
  if (wrong !== undefined) throw place.fail(place.path, wrong);
  return value;
}

const ranges = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u16: [0, 2 ** 16 - 1],
  u32: [0, 2 ** 32 - 1],
  u64: [0, Number.MAX_SAFE_INTEGER],
} as const;

function complaint(value: unknown, type: ScalarType): string | undefined {
  if (type === 'string') return typeof value === 'string' ? undefined : 'must be text';
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (typeof value !== 'number') return 'must be a number';
  if (type === 'f32' || type === 'f64') return Number.isFinite(value) ? undefined : 'must be a finite number';
  const [low, high] = ranges[type];
  return Number.isInteger(value) && value >= low && value <= high ? undefined : `must be a whole number from ${low} to ${high}`;
}

function inside(place: Place, name: string): Place {
  return { ...place, path: place.path === '' ? name : `${place.path}.${name}`, depth: place.depth - 1 };
}
