/**
 * Makes a value that fits a JSON schema, for answers and arguments whose content does not matter.
 * @typedef {import('./types.mjs').Schema} Schema
 */

/** @param {Schema} schema @param {string} [text] what strings say @returns {unknown} */
export function sampleOf(schema, text = 'scripted') {
  if (schema === null || typeof schema !== 'object') {
    return text;
  }
  if (Array.isArray(schema.enum)) {
    return schema.enum[0];
  }
  if (schema.const !== undefined) {
    return schema.const;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) {
    return sampleOf(choices.find((choice) => choice.type !== 'null') ?? choices[0], text);
  }
  switch (typeOf(schema)) {
    case 'object': {
      const properties = schema.properties ?? {};
      /** @type {string[]} */
      const names = schema.required ?? Object.keys(properties);
      return Object.fromEntries(names.map((name) => [name, sampleOf(properties[name] ?? {}, text)]));
    }
    case 'array':
      return Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () => sampleOf(schema.items ?? {}, text));
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    default:
      return text;
  }
}

/** Gemini writes types in capitals, and a type may be a list with null in it. @param {Schema} schema @returns {string} */
export function typeOf(schema) {
  const type = Array.isArray(schema?.type) ? schema.type.find((/** @type {string} */ one) => one !== 'null') : schema?.type;
  return String(type ?? (schema?.properties === undefined ? 'string' : 'object')).toLowerCase();
}
