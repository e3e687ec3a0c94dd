import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';

/** What `lstat` says of a regular file of ours; undefined for links, other kinds, files of others, and nothing. */
export async function statOwnFile(path: string): Promise<BigIntStats | undefined> {
  try {
    const stat = await lstat(path, { bigint: true });
    return isOwnFile(stat) ? stat : undefined;
  } catch {
    return undefined;
  }
}

/** Opens a regular file of ours for reading, never through a link; undefined when it is not one. */
export async function openOwnFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a named pipe that somebody put there would wait for ever.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    if (isOwnFile(await file.stat({ bigint: true }))) return file;
    await file.close();
    return undefined;
  } catch {
    return undefined;
  }
}

function isOwnFile(stat: BigIntStats): boolean {
  const uid = process.getuid?.();
  return stat.isFile() && (uid === undefined || stat.uid === BigInt(uid));
}
