import type { FleetEvent } from './event.ts';
import { envelopeFields, rulesOf, type FieldRule } from './eventFields.ts';
import { floatText, jsonText, stringText, type JsonValue } from './json.ts';

/**
 * One worker event as a line of JSON without line end, byte for byte as the reference implementation of fleet protocol 0.1.0 writes
 * it; fields of `unknownFields`, which that one would drop, come last. An unknown field that has the name of a known one is left out.
 */
export function encodeEvent(event: FleetEvent): string {
  const written = new Map<string, string>();
  const source = new Map<string, unknown>(Object.entries(event));
  for (const [name, rule] of Object.entries(envelopeFields)) put(written, name, rule, source.get(name));
  written.set('state', stringText(event.payload.state));
  const payload = new Map<string, unknown>(Object.entries(event.payload));
  for (const [name, rule] of rulesOf(event.payload.state)) put(written, name, rule, payload.get(name));
  if (Object.keys(event.extra).length > 0) written.set('extra', jsonText(event.extra));
  for (const [name, value] of Object.entries(event.unknownFields)) {
    if (name !== 'extra' && !written.has(name)) written.set(name, jsonText(value));
  }
  return `{${[...written].map(([name, text]) => `${stringText(name)}:${text}`).join(',')}}`;
}

function put(written: Map<string, string>, name: string, rule: FieldRule, value: unknown): void {
  const present = value ?? rule.fallback ?? null;
  if (present === null && rule.presence === 'optional') return;
  written.set(name, rule.type === 'f32' && typeof present === 'number' ? floatText(present) : jsonText(present as JsonValue));
}
