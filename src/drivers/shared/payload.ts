import { oneLine } from '../../base/text.ts';
import type { AgentFact } from '../../core/driver.ts';
import type { ActivityKind } from '../../core/session.ts';

/** An object that came from outside: any field may be missing or of any type. */
export type Fields = Readonly<Record<string, unknown>>;

const maxText = 200;
const maxPath = 4096;
const conversationForm = /^[\w.:-]{1,128}$/;

/** The fields of an object; none, when it is something else. Fields that it inherited do not count. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.assign(Object.create(null) as Fields, value) : {};
}

/** A text as one line, or `undefined` when there is none. */
export function textOf(value: unknown, max = maxText): string | undefined {
  // What lies far behind the cut is not looked at: payloads may be a megabyte long.
  const text = typeof value === 'string' ? oneLine(value.slice(0, max * 20), max) : '';
  return text === '' ? undefined : text;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

export function activity(kind: ActivityKind, detail?: string): AgentFact {
  return { type: 'activity', activity: kind, ...(detail === undefined ? {} : { detail }) };
}

/** The agent's conversation, if `id` can be one. */
export function conversationFacts(id: unknown): readonly AgentFact[] {
  return typeof id === 'string' && conversationForm.test(id) ? [{ type: 'conversation', id }] : [];
}

/** A file that the agent says it wrote. */
export function artifactFacts(path: unknown): readonly AgentFact[] {
  if (typeof path !== 'string' || path.trim() === '' || path.length > maxPath || /[\0\n\r]/.test(path)) return [];
  return [{ type: 'artifact', path, kind: 'file' }];
}

/** The text of the first question of a form `{questions: [{question}]}`, with a note when there are more. */
export function questionOf(input: Fields): string | undefined {
  const questions = listOf(input['questions']);
  const text = textOf(fieldsOf(questions[0])['question']);
  return text === undefined || questions.length === 1 ? text : `${text} (and ${questions.length - 1} more)`;
}
