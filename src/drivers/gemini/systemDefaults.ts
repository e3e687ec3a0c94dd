/** Settings as Gemini writes them: JSON with comments. @throws Error when it is not that, or not an object. */
export function parseSettings(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(withoutComments(text.replace(/^\uFEFF/, '')));
  if (!isRecord(value)) throw new Error('it is not an object');
  return value;
}

/** The settings with these hooks added behind those of each event. */
export function withHooks(settings: Readonly<Record<string, unknown>>, hooks: Readonly<Record<string, readonly unknown[]>>): Readonly<Record<string, unknown>> {
  const known = isRecord(settings['hooks']) ? settings['hooks'] : {};
  const merged = Object.entries(hooks).map(([event, ours]) => [event, [...listIn(known[event]), ...ours]] as const);
  return { ...settings, hooks: { ...known, ...Object.fromEntries(merged) } };
}

/** Comments become a space; what looks like one inside a string stays. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n\r]*|\/\*[\s\S]*?\*\//g, (match) => (match.startsWith('"') ? match : ' '));
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
