import { win32 } from 'node:path';
import { FleetError } from '../base/errors.ts';
import { readNpmShim } from './npmShim.ts';

/** Looking at the file system, as far as starting a program needs it. */
export interface ProgramFiles {
  isFile(path: string): Promise<boolean>;
  /** @throws Error of the system. */
  readText(path: string): Promise<string>;
}

type Argv = readonly [string, ...string[]];

/** Files that Windows would try for a program name, in its order, but never in the current folder: that is the agent's workspace. */
export function windowsCandidates(program: string, env: Readonly<Record<string, string>>): string[] {
  const lookup = (name: string): string | undefined => Object.entries(env).find(([key]) => key.toUpperCase() === name)?.[1];
  // Script hosts other than cmd would again mean a shell between us and the agent.
  const extensions = (lookup('PATHEXT') ?? '.COM;.EXE;.BAT;.CMD')
    .split(';')
    .map((extension) => extension.trim().toLowerCase())
    .filter((extension) => ['.com', '.exe', '.bat', '.cmd'].includes(extension));
  const hasExtension = extensions.includes(win32.extname(program).toLowerCase());
  const names = hasExtension ? [program] : extensions.map((extension) => program + extension);
  if (/[\\/]/.test(program)) return names;
  const folders = (lookup('PATH') ?? '').split(';').map((folder) => folder.replace(/^"|"$/g, '')).filter((folder) => win32.isAbsolute(folder));
  return folders.flatMap((folder) => names.map((name) => win32.join(folder, name)));
}

/**
 * What to hand to the system so that exactly these arguments arrive. On Unix that is `argv` itself; on Windows programs are looked up here
 * and npm's batch files are replaced by what they start.
 * @throws FleetError `ENOENT`, or `EINVAL` for a batch file that cannot be started without a shell.
 */
export async function startableArgv(
  argv: Argv,
  env: Readonly<Record<string, string>>,
  platform: NodeJS.Platform,
  files: ProgramFiles,
): Promise<Argv> {
  if (platform !== 'win32') return argv;
  const [name, ...args] = argv;
  const program = await find(name, env, files);
  if (program === undefined) throw new FleetError('ENOENT', `the program ${name} was not found`);
  if (!/\.(cmd|bat)$/i.test(program)) return [program, ...args];
  const target = readNpmShim(await files.readText(program));
  if (target === undefined) {
    throw new FleetError('EINVAL', `${program} is a batch file, which cannot be given arguments safely; name the program itself in the settings`);
  }
  const folder = win32.dirname(program);
  const path = win32.join(folder, target.path);
  if (target.type === 'program') return [path, ...args];
  const besides = win32.join(folder, 'node.exe');
  const node = (await files.isFile(besides)) ? besides : await find('node.exe', env, files);
  if (node === undefined) throw new FleetError('ENOENT', `${name} needs Node.js, and node was not found`);
  return [node, ...target.args, path, ...args];
}

async function find(program: string, env: Readonly<Record<string, string>>, files: ProgramFiles): Promise<string | undefined> {
  for (const candidate of windowsCandidates(program, env)) if (await files.isFile(candidate)) return candidate;
  return undefined;
}
