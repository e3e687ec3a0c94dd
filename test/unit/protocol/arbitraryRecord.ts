import fc from 'fast-check';
import type { JsonValue } from '../../../src/protocol/json.ts';
import { recordShapes, type FleetRecordName, type FleetRecords } from '../../../src/protocol/recordShapes.ts';
import type { FieldRule, Fields, ScalarType, WireType } from '../../../src/protocol/wireTypes.ts';

const text = fc.string({ unit: 'binary', maxLength: 20 });
const f64 = fc.double({ noNaN: true, noDefaultInfinity: true });

const scalars: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  string: text,
  boolean: fc.boolean(),
  i32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  u16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  u64: fc.maxSafeNat(),
  f32: f64.map(Math.fround).filter(Number.isFinite),
  f64,
};

/** JSON as it is after a round trip: plain objects only. */
const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }).map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

const unknownFields = fc
  .dictionary(text, json, { minKeys: 1, maxKeys: 2, noNullPrototype: true })
  .map((fields) => Object.fromEntries(Object.entries(fields).map(([name, value]) => [`x-${name}`, value])));

/** Any value of a type that can be said on the wire. */
export function arbitraryRecord<Name extends FleetRecordName>(name: Name): fc.Arbitrary<FleetRecords[Name]> {
  return arbitraryOf(recordShapes[name]) as fc.Arbitrary<FleetRecords[Name]>;
}

function arbitraryOf(type: WireType): fc.Arbitrary<unknown> {
  if (type === 'json') return json;
  if (typeof type === 'string') return scalars[type];
  switch (type.kind) {
    case 'word':
      return fc.constantFrom(...type.words);
    case 'list':
      return fc.array(arbitraryOf(type.of), { maxLength: 3 });
    case 'map':
      return fc.dictionary(text, arbitraryOf(type.of), { maxKeys: 3, noNullPrototype: true });
    case 'record':
      return fieldsOf(type.fields, {});
    case 'tagged':
      return fc.oneof(...Object.entries(type.variants).map(([word, fields]) => fieldsOf(fields, { [type.tag]: fc.constant(word) })));
  }
}

function fieldsOf(fields: Fields, tag: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const valueOf = (rule: FieldRule): fc.Arbitrary<unknown> =>
    rule.presence === 'nullable' ? fc.option(arbitraryOf(rule.type)) : arbitraryOf(rule.type);
  const known = Object.fromEntries(Object.entries(fields).map(([name, rule]) => [name, valueOf(rule)]));
  const model: Record<string, fc.Arbitrary<unknown>> = { ...tag, ...known, unknownFields };
  const requiredKeys = [...Object.keys(tag), ...Object.keys(fields).filter((name) => fields[name]?.presence !== 'optional')];
  return fc.record(model, { requiredKeys, noNullPrototype: true });
}
