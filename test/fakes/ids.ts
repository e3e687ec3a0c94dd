import type { IdSource } from '../../src/base/ports.ts';

/** Ids that count up, in the shapes of the real ones. */
export class CountingIds implements IdSource {
  #next = 0;

  sessionId(): string {
    return sessionId(++this.#next);
  }

  token(): string {
    return `token${String(++this.#next).padStart(27, '0')}`;
  }

  uuid(): string {
    return `00000000-0000-4000-8000-${String(++this.#next).padStart(12, '0')}`;
  }
}

/** A well-formed session id that is the same in every run. */
export function sessionId(n: number): string {
  return `agent-${String(n).padStart(20, 'a')}`;
}
