/**
 * A TOML basic string. It is a JSON string, but for two things that JSON lets through: the DEL character, and halves
 * of surrogate pairs, which TOML cannot express.
 */
export function tomlString(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(/[\u007f-\u009f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** An inline table with quoted keys. The values are TOML already. */
export function tomlTable(entries: Readonly<Record<string, string>>): string {
  return `{${Object.entries(entries).map(([key, value]) => `${tomlString(key)}=${value}`).join(',')}}`;
}
