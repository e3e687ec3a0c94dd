/** A type of the reference implementation (fleet protocol 0.1.0) that JSON says in one word. Numbers carry its range. */
export type ScalarType = 'string' | 'boolean' | 'i32' | 'u16' | 'u32' | 'u64' | 'f32' | 'f64';

/** How a value is read and written. `json` is any JSON value, taken as it is. */
export type WireType = ScalarType | 'json' | WordType | ListType | MapType | RecordShape | TaggedShape;

/** One of a closed set of words. */
export interface WordType {
  readonly kind: 'word';
  readonly words: readonly string[];
}

export interface ListType {
  readonly kind: 'list';
  readonly of: WireType;
}

/** An object with keys of any name, written in the order of their code points. */
export interface MapType {
  readonly kind: 'map';
  readonly of: WireType;
}

/** An object with the fields that it names, written in their order. */
export interface RecordShape {
  readonly kind: 'record';
  readonly fields: Fields;
}

/** An object whose fields depend on the word in its field `tag`, which is written first. */
export interface TaggedShape {
  readonly kind: 'tagged';
  readonly tag: string;
  readonly variants: Readonly<Record<string, Fields>>;
}

export type Fields = Readonly<Record<string, FieldRule>>;

/** How one field is read and written. */
export interface FieldRule {
  readonly type: WireType;
  /**
   * `required`: must be there. `optional`: left out when absent; null reads as absent. `nullable`: null when absent, always written.
   * `default`: `fallback` when absent, always written.
   */
  readonly presence: 'required' | 'optional' | 'nullable' | 'default';
  readonly fallback?: number | boolean | readonly never[] | Readonly<Record<string, never>>;
}

/** One rule for each field of `T`: a field that is missing in a table does not compile. */
export type FieldsOf<T, Not extends PropertyKey = never> = {
  readonly [Field in Exclude<keyof T, Not | 'unknownFields'>]-?: FieldRule;
};

export const required = (type: WireType): FieldRule => ({ type, presence: 'required' });
export const optional = (type: WireType): FieldRule => ({ type, presence: 'optional' });
export const nullable = (type: WireType): FieldRule => ({ type, presence: 'nullable' });
export const withDefault = (type: WireType, fallback: number | boolean): FieldRule => ({ type, presence: 'default', fallback });
/** A list that may be left out when it is empty, and is written all the same. */
export const listOf = (of: WireType): FieldRule => ({ type: { kind: 'list', of }, presence: 'default', fallback: [] });
/** A map that may be left out when it is empty, and is written all the same. */
export const mapOf = (of: WireType): FieldRule => ({ type: { kind: 'map', of }, presence: 'default', fallback: {} });
