import { access, constants, stat } from 'node:fs/promises';
import { posix, win32 } from 'node:path';

export interface ExecutableSearch {
  readonly platform: NodeJS.Platform;
  /** Variables of the process that will start it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a path is a file that may be executed. Default: asks the disk. */
  readonly isExecutable?: (path: string) => Promise<boolean>;
}

/** Absolute path of the first of `names` that the PATH holds; absolute names are taken as they are. */
export async function findExecutable(names: readonly string[], search: ExecutableSearch): Promise<string | undefined> {
  const isExecutable = search.isExecutable ?? isExecutableFile;
  for (const name of names) {
    for (const candidate of candidates(name, search.platform, search.env)) {
      if (await isExecutable(candidate)) return candidate;
    }
  }
  return undefined;
}

/** Every path at which `name` may lie, in the order in which the system would look. */
export function candidates(name: string, platform: NodeJS.Platform, env: ExecutableSearch['env']): readonly string[] {
  const path = platform === 'win32' ? win32 : posix;
  const withEndings = (file: string): readonly string[] => (platform === 'win32' ? windowsEndings(file, env).map((ending) => file + ending) : [file]);
  if (path.isAbsolute(name)) return withEndings(name);
  // A relative path would depend on the folder of the window: it is no answer to "where is it installed".
  if (name.includes('/') || (platform === 'win32' && name.includes('\\'))) return [];
  const folders = (variable(env, 'PATH', platform) ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return folders.flatMap((folder) => withEndings(path.join(folder, name)));
}

function windowsEndings(file: string, env: ExecutableSearch['env']): readonly string[] {
  const known = (variable(env, 'PATHEXT', 'win32') ?? '.COM;.EXE;.BAT;.CMD').split(';').filter((ending) => ending.startsWith('.'));
  return known.some((ending) => file.toLowerCase().endsWith(ending.toLowerCase())) ? [''] : known;
}

/** Windows does not care how a variable's name is written. */
function variable(env: ExecutableSearch['env'], name: string, platform: NodeJS.Platform): string | undefined {
  if (platform !== 'win32') return env[name];
  const key = Object.keys(env).find((candidate) => candidate.toUpperCase() === name);
  return key === undefined ? undefined : env[key];
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
