import { objectText, putFields, putUnknown, type Written } from './encodeFields.ts';
import type { FleetEvent } from './event.ts';
import { envelopeFields, knownFields, payloadFields } from './eventFields.ts';
import { jsonText, stringText } from './json.ts';

/**
 * One worker event as a line of JSON without line end, byte for byte as the reference implementation of fleet protocol 0.1.0 writes
 * it; fields of `unknownFields`, which that one would drop, come last. An unknown field that has the name of a known one is left out.
 */
export function encodeEvent(event: FleetEvent): string {
  const { state } = event.payload;
  const written: Written = new Map();
  putFields(written, envelopeFields, event);
  written.set('state', stringText(state));
  putFields(written, payloadFields[state], event.payload);
  if (Object.keys(event.extra).length > 0) written.set('extra', jsonText(event.extra));
  putUnknown(written, knownFields(state), event.unknownFields);
  return objectText(written);
}
