import { deepStrictEqual } from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The bundle lists every message. It is kept by hand: this test says what to add and what to remove.
 * A message is the literal first argument of `t(…)` in the presentation, and in the editor layer.
 */
const root = join(import.meta.dirname, '../../..');
const literal = String.raw`\(\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`;

function messagesIn(folder: string, call: string): Set<string> {
  const found = new Set<string>();
  for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const source = readFileSync(join(root, folder, name), 'utf8').replace(/^\s*(?:\*|\/\*|\/\/).*$/gm, '');
    for (const match of source.matchAll(new RegExp(call + literal, 'g'))) found.add(unquote(match[1] ?? ''));
  }
  return found;
}

function unquote(source: string): string {
  return source.slice(1, -1).replace(/\\(.)/g, '$1');
}

const bundle = JSON.parse(readFileSync(join(root, 'l10n/bundle.l10n.json'), 'utf8')) as Record<string, string>;
const messages = new Set([...messagesIn('src/presentation', String.raw`(?<![\w.])t`), ...messagesIn('src/editor', String.raw`(?<!l10n\.|\w)t`)]);

describe('presentation/l10n', () => {
  it('lists every message in the bundle, and nothing else', () => {
    deepStrictEqual(
      { missing: [...messages].filter((message) => !(message in bundle)).sort(), unused: Object.keys(bundle).filter((message) => !messages.has(message)).sort() },
      { missing: [], unused: [] },
    );
  });

  it('keeps the English as it is, sorted', () => {
    deepStrictEqual(Object.entries(bundle), Object.keys(bundle).sort().map((message) => [message, message]));
  });

  it('translates nothing but literals, without icons and line ends', () => {
    const odd: string[] = [];
    for (const name of readdirSync(join(root, 'src/presentation'), { encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))) {
      const source = readFileSync(join(root, 'src/presentation', name), 'utf8');
      for (const match of source.matchAll(/(?<![\w.])t\((?!['"])[^)\n]*/g)) odd.push(`${name}: ${match[0]}`);
    }
    deepStrictEqual([odd, [...messages].filter((message) => /\$\(|\n/.test(message))], [[], []]);
  });

  it('numbers the placeholders of each message from 0 without a gap', () => {
    const gaps = [...messages].filter((message) => {
      const used = new Set([...message.matchAll(/\{(\d+)\}/g)].map((match) => Number(match[1])));
      return [...used].some((index) => index >= used.size);
    });
    deepStrictEqual(gaps, []);
  });
});
