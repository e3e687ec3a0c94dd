/**
 * npm and its like put a batch file (`claude.cmd`) on the PATH of Windows that starts the true program with all arguments. A batch file runs only
 * in `cmd.exe`, which takes one string and expands `%`, `^`, `&` and `!` in it, also inside quotes: no quoting is safe for a prompt that
 * a person or an agent wrote. So the batch file is read instead, and what it would start is started directly, by argv.
 */
export interface ShimTarget {
  /** `script`: to be run by Node; `program`: an executable. */
  readonly type: 'script' | 'program';
  /** Relative to the batch file's folder. */
  readonly path: string;
  /** Arguments before the script, for Node. */
  readonly args: readonly string[];
}

/** What a batch file written by cmd-shim (npm, pnpm, yarn) starts; undefined when it is another one. */
export function readNpmShim(content: string): ShimTarget | undefined {
  const folder = String.raw`%(?:~dp0|dp0%)\\?`;
  const script = new RegExp(String.raw`"(?:%_prog%|${folder}node\.exe)"\s+((?:--?[\w=.-]+\s+)*)"${folder}([^"%]+)"\s+%\*`, 'i').exec(content);
  if (script?.[2] !== undefined) {
    return { type: 'script', path: script[2], args: (script[1] ?? '').split(/\s+/).filter((arg) => arg !== '') };
  }
  const program = new RegExp(String.raw`^@?\s*"${folder}([^"%]+\.exe)"\s+%\*`, 'im').exec(content);
  return program?.[1] === undefined ? undefined : { type: 'program', path: program[1], args: [] };
}
