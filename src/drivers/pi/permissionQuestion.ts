import { clip, plainText } from '../../base/text.ts';
import { fieldsOf } from '../shared/payload.ts';

const maxQuestion = 2000;

/** What a tool is about to do, as shown in the question: the command or the file as it stands, otherwise all of the input. */
export function questionFor(input: unknown): string {
  const { command, path } = fieldsOf(input);
  if (typeof command === 'string') return clip(plainText(command), maxQuestion);
  if (typeof path === 'string') return clip(plainText(path), maxQuestion);
  return clip(plainText(JSON.stringify(input) ?? ''), maxQuestion);
}
