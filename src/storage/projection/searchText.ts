/** How much of a prompt and of the artifacts' paths can be found, and how much of a prompt is shown; characters. */
const promptSearched = 160;
const artifactsSearched = 300;
const promptShown = 80;
/** SQLite refuses statements of very many terms; nobody types as much. */
const longestWord = 1_000;
const mostWords = 32;

/** Stands between the parts of a session's words, so that no word is found across two of them. */
const separator = '\u001f';

/** A session's body before anything about it was checked. */
export type Loose = Readonly<Record<string, unknown>>;

/** What of a session is searched, besides its id, and shown among the results. */
export interface SessionWords {
  readonly name: string;
  readonly driver: string;
  readonly cwd: string;
  /** First characters of the first prompt; empty: none. */
  readonly prompt: string;
}

/**
 * Name, agent, folder, the beginning of the prompt, and the artifacts' paths below the folder, the newest ones first. As written.
 * An id has a column of its own; it is here only if it has capitals, which that column cannot be searched for in any case.
 */
export function wordsOf(session: Loose): string {
  const spec = looseOf(session['spec']);
  const cwd = part(spec['cwd']);
  const parts = [part(session['name']), part(session['driver']), cwd, part(spec['prompt']).slice(0, promptSearched)];
  const artifacts = session['artifacts'];
  if (Array.isArray(artifacts) && artifacts.length > 0) parts.push(artifactPaths(artifacts, cwd));
  const id = part(session['id']);
  if (/[A-Z]/.test(id)) parts.push(id);
  return parts.join(separator);
}

export function partsOf(words: string): SessionWords {
  const [name = '', driver = '', cwd = '', prompt = ''] = words.split(separator, 4);
  return { name, driver, cwd, prompt: prompt.slice(0, promptShown) };
}

/**
 * Takes the capitals out of a text: what is left is searched byte by byte, which is twice as fast as LIKE and folds every alphabet.
 * @returns the lower case, and what is needed to undo it: `null` (nothing), positions of capitals as differences in base 36, or the whole text behind `=`.
 */
export function foldCapitals(text: string): { readonly lower: string; readonly capitals: string | null } {
  const lower = text.toLowerCase();
  if (lower === text) return { lower, capitals: null };
  const steps: string[] = [];
  let last = 0;
  for (let at = 0; at < text.length && lower.length === text.length; at++) {
    if (text[at] === lower[at]) continue;
    steps.push((at - last).toString(36));
    last = at;
  }
  const capitals = steps.join(' ');
  // Some letters have no way back; then the text itself is kept, as it is when that is shorter.
  const folded = capitals.length < text.length && unfoldCapitals(lower, capitals) === text;
  return { lower, capitals: folded ? capitals : `=${text}` };
}

export function unfoldCapitals(lower: string, capitals: string | null): string {
  if (capitals === null) return lower;
  if (capitals.startsWith('=')) return capitals.slice(1);
  let text = '';
  let last = 0;
  let from = 0;
  for (const step of capitals.split(' ')) {
    last += Number.parseInt(step, 36);
    text += lower.slice(from, last) + lower.slice(last, last + 1).toUpperCase();
    from = last + 1;
  }
  return text + lower.slice(from);
}

/** The words of a search, lower case. */
export function searchWords(text: string | undefined): readonly string[] {
  const words = (text ?? '').toLowerCase().split(/\s+/);
  return words.filter((word) => word !== '').slice(0, mostWords).map((word) => word.slice(0, longestWord));
}

/** Whether the word can be part of a session's id. */
export function mayBeInId(word: string): boolean {
  return /^[a-z0-9_-]+$/.test(word);
}

/** The text for a column. SQLite would end it at a NUL. */
export function cell(value: unknown): string {
  if (typeof value !== 'string') return '';
  return value.includes('\0') ? value.replaceAll('\0', '') : value;
}

export function looseOf(value: unknown): Loose {
  return typeof value === 'object' && value !== null ? (value as Loose) : {};
}

function part(value: unknown): string {
  const text = cell(value);
  return text.includes(separator) ? text.replaceAll(separator, ' ') : text;
}

function artifactPaths(artifacts: readonly unknown[], cwd: string): string {
  let text = '';
  for (let index = artifacts.length - 1; index >= 0 && text.length < artifactsSearched; index--) {
    const path = part(looseOf(artifacts[index])['path']);
    text += `${path.startsWith(cwd) ? path.slice(cwd.length) : path}\n`;
  }
  return text.slice(0, artifactsSearched);
}
