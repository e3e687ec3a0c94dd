import { FleetError } from '../base/errors.ts';
import { oneLine } from '../base/text.ts';
import { readValue } from './decodeFields.ts';
import { valueText } from './encodeFields.ts';
import { maxJsonDepth } from './json.ts';
import { recordShapes, type FleetRecordName, type FleetRecords } from './recordShapes.ts';

/**
 * Reads one value of fleet protocol 0.1.0 from parsed JSON: `decodeRecord('receipt', JSON.parse(text))`. Fills defaults as the reference
 * implementation does; fields that it does not know are kept in `unknownFields`, at every level. Stricter than the reference: numbers
 * above 2^53 are refused, and so are spellings that nobody writes (a record as a list, a word as `{"word":null}`, a `kind` by its number).
 * @throws FleetError `BadRecord` with details `{type, field, reason}`; `field` is a path such as `task_specs[0].scorer.kind`, and empty
 * when the value as a whole is wrong.
 */
export function decodeRecord<Name extends FleetRecordName>(type: Name, value: unknown): FleetRecords[Name] {
  const fail = (field: string, reason: string): FleetError => badRecord(type, field, reason);
  // The tables of rules are checked against the types, so what follows them has their shape.
  return readValue(value, recordShapes[type], { path: '', depth: maxJsonDepth, fail }) as FleetRecords[Name];
}

/** One value as compact JSON, byte for byte as the reference implementation of fleet protocol 0.1.0 writes it; unknown fields come last. */
export function encodeRecord<Name extends FleetRecordName>(type: Name, value: FleetRecords[Name]): string {
  return valueText(value, recordShapes[type]);
}

const nouns: Readonly<Record<FleetRecordName, string>> = {
  run: 'fleet run',
  runStatus: 'run status',
  taskSpec: 'task',
  artifactRef: 'artifact reference',
  artifactKind: 'artifact kind',
  scorerSpec: 'scorer',
  workerSpec: 'worker',
  hostSpec: 'host',
  workerStatus: 'worker status',
  inboxEntry: 'inbox entry',
  retryPolicy: 'retry policy',
  alertPolicy: 'alert policy',
  alertChannel: 'alert channel',
  receipt: 'receipt',
  taskResult: 'task result',
  score: 'score',
};

function badRecord(type: FleetRecordName, field: string, reason: string): FleetError<'BadRecord'> {
  const what = field === '' ? `The ${nouns[type]}` : `The ${nouns[type]}'s field “${oneLine(field, 120)}”`;
  return new FleetError('BadRecord', `${what} ${reason}.`, { details: { type, field, reason } });
}
