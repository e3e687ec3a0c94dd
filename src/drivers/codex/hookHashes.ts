import { stat } from 'node:fs/promises';

/** Codex' key of each of our hooks, with the hash by which it knows the hook's text. @throws Error when Codex does not tell. */
export type HookHashes = (executable: string, hookFlags: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/**
 * Asks once per installed program and hook text (measured with codex 0.169.0: the answer depends on nothing else). An installer
 * may keep size and time of a file, so the change time of its entry counts, too. Failures are not kept.
 */
export function cachedHashes(ask: HookHashes): HookHashes {
  const known = new Map<string, Promise<ReadonlyMap<string, string>>>();
  return async (executable, hookFlags) => {
    const { ino, size, mtimeMs, ctimeMs } = await stat(executable);
    const key = JSON.stringify([executable, ino, size, mtimeMs, ctimeMs, hookFlags]);
    let answer = known.get(key);
    if (answer === undefined) {
      answer = ask(executable, hookFlags);
      known.set(key, answer);
      answer.catch(() => known.delete(key));
    }
    return answer;
  };
}
