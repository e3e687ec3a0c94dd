/** How long a condition may take to come true, milliseconds. */
const patienceMs = 15_000;
const lookMs = 20;

/**
 * Waits until `look` gives something. `subscribe` says when to look again; without it, it looks every 20 ms.
 * @throws Error which says what was waited for and what was there instead.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  options: { readonly ms?: number; readonly state?: () => unknown } = {},
): Promise<T> {
  const deadline = performance.now() + (options.ms ?? patienceMs);
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) {
      const state = options.state === undefined ? '' : `; instead: ${JSON.stringify(options.state())}`;
      throw new Error(`waited ${options.ms ?? patienceMs} ms in vain for ${what}${state}`);
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
